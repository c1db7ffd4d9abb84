package target

import (
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/faults"
)

// Mode says which faults are placed at which calls.
type Mode string

const (
	// CrashEveryWrite kills the process before and, in a plan of its own, after
	// each write.
	CrashEveryWrite Mode = "crash-every-write"
	// ErrorEveryRead answers each get, list and watch once with 500.
	ErrorEveryRead Mode = "error-every-read"
	// LoseEveryResponse executes each call and breaks the connection before its
	// answer arrives.
	LoseEveryResponse Mode = "lose-every-response"
	// Pairs takes any of the above, and then another at a call that comes later
	// in the run with the first.
	Pairs Mode = "pairs"
	// EveryCall takes each call's likeliest trouble in turn: a read is answered 500;
	// so is a write, and in plans of their own the process is killed before it and
	// after it, and its answer is lost.
	EveryCall Mode = "every-call"
)

// Modes lists all, in the order in which messages list them.
func Modes() []Mode {
	return []Mode{CrashEveryWrite, ErrorEveryRead, LoseEveryResponse, EveryCall, Pairs}
}

// ParseMode reads the name of a mode.
func ParseMode(name string) (Mode, error) {
	if m := Mode(name); slices.Contains(Modes(), m) {
		return m, nil
	}
	return "", fmt.Errorf("unknown mode %q (want one of %s, %s, %s, %s, %s)", name, CrashEveryWrite, ErrorEveryRead, LoseEveryResponse, EveryCall, Pairs)
}

// rulesFor are the rules that a mode places at one call.
func (m Mode) rulesFor(c faults.Call) []faults.Rule {
	write := faults.IsWrite(c.Verb)
	switch m {
	case CrashEveryWrite:
		if write {
			return []faults.Rule{faults.CrashAt(c, faults.BeforeCall), faults.CrashAt(c, faults.AfterCall)}
		}
	case ErrorEveryRead:
		if !write {
			return []faults.Rule{faults.At(c, faults.InternalError)}
		}
	case LoseEveryResponse:
		return []faults.Rule{faults.At(c, faults.ResponseLost)}
	case EveryCall:
		failed := faults.At(c, faults.InternalError)
		if !write {
			return []faults.Rule{failed}
		}
		return []faults.Rule{failed, faults.CrashAt(c, faults.BeforeCall), faults.CrashAt(c, faults.AfterCall), faults.At(c, faults.ResponseLost)}
	case Pairs:
		if write {
			return []faults.Rule{faults.CrashAt(c, faults.BeforeCall), faults.CrashAt(c, faults.AfterCall), faults.At(c, faults.ResponseLost)}
		}
		return []faults.Rule{faults.At(c, faults.InternalError)}
	}
	return nil
}
