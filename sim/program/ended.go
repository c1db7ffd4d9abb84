//go:build linux && amd64

package program

import (
	"syscall"

	"github.com/seatrial/seatrial/model"
)

// ended is what [sim.Process.Run] returns for a process that has ended by itself.
func (a *agent) ended(status syscall.WaitStatus) error {
	if p := a.dismissed(); p != nil {
		return &ProbeError{p.Path, p.failed, p.answer}
	}
	if status.Exited() && status.ExitStatus() == 0 {
		return nil
	}
	exit := &ExitError{Code: -1, Said: a.output.said()}
	if status.Exited() {
		exit.Code = status.ExitStatus()
	} else {
		exit.Signal = status.Signal().String()
	}
	if fatal := a.output.fatal(); fatal != nil {
		fatal.Err = exit
		return fatal
	}
	return exit
}

// reportPanics tells the world of panics that the program went on after.
func (a *agent) reportPanics() {
	for _, line := range a.output.panics {
		a.env.Problem(model.Problem{Kind: model.Panicked, Message: line})
	}
	a.output.panics = nil
}
