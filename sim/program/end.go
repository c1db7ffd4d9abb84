package program

import (
	"fmt"
	"strings"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// ExitError is a program that has ended by itself, other than with status 0.
type ExitError struct {
	Code   int    // exit status; -1: it was ended by a signal
	Signal string // its name, if so
	Said   string // the last lines that it printed
}

// Error implements error.
func (e *ExitError) Error() string {
	how := fmt.Sprintf("exit status %d", e.Code)
	if e.Code < 0 {
		how = "ended by signal: " + e.Signal
	}
	if e.Said == "" {
		return how
	}
	return how + ": " + e.Said
}

// hang is a process that did not come to rest and was killed for it. Started again, it
// would do the same.
func hang(why string) error {
	return &sim.EndError{Kind: model.Hung, Message: "the program " + why, Final: true}
}

// ofTheMachine is what the program is not to blame for, such as a full disk: the run says
// nothing about it.
func ofTheMachine(err error) error {
	return &sim.EndError{Kind: model.Failing, Message: "this machine cannot run the program: " + err.Error(), Final: true}
}

// unsupported is a program that does what the simulation cannot carry.
func unsupported(what string) error {
	return &sim.EndError{Kind: model.Exited, Message: "the program " + what, Final: true}
}

// fatal makes the verdict of what the runtime printed about a panic, or about another
// error that it does not go on after; nil: it printed no such thing.
func (o *output) fatal() *sim.EndError {
	for i, line := range o.crash {
		for _, mark := range []string{"panic: ", "fatal error: "} {
			if message, ok := strings.CutPrefix(line, mark); ok {
				return &sim.EndError{Kind: model.Panicked, Message: message, Detail: strings.Join(o.crash[i:], "\n")}
			}
		}
	}
	return nil
}

// said is the last lines, shortened.
func (o *output) said() string {
	const most = 600
	said := strings.Join(o.last, "\n")
	if len(said) > most {
		said = "…" + said[len(said)-most:]
	}
	return said
}
