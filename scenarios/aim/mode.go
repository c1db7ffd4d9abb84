package aim

import (
	"fmt"
	"slices"
	"time"

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
)

// Modes lists all, in the order in which messages list them.
func Modes() []Mode { return []Mode{CrashEveryWrite, ErrorEveryRead, LoseEveryResponse, Pairs} }

// ParseMode reads the name of a mode.
func ParseMode(name string) (Mode, error) {
	if m := Mode(name); slices.Contains(Modes(), m) {
		return m, nil
	}
	return "", fmt.Errorf("unknown mode %q (want one of %s, %s, %s, %s)", name, CrashEveryWrite, ErrorEveryRead, LoseEveryResponse, Pairs)
}

// restartAfter is how long a killed process stays down: long enough that users
// and other replicas do something meanwhile, too short for a lease to expire.
const restartAfter = 2 * time.Second

// shots are the rules that a mode places at one call.
func (m Mode) shots(c faults.Call) []faults.Rule {
	write := faults.IsWrite(c.Verb)
	switch m {
	case CrashEveryWrite:
		if write {
			return []faults.Rule{crash(c, faults.BeforeCall), crash(c, faults.AfterCall)}
		}
	case ErrorEveryRead:
		if !write {
			return []faults.Rule{aimed(c, faults.InternalError)}
		}
	case LoseEveryResponse:
		return []faults.Rule{aimed(c, faults.ResponseLost)}
	case Pairs:
		if write {
			return []faults.Rule{crash(c, faults.BeforeCall), crash(c, faults.AfterCall), aimed(c, faults.ResponseLost)}
		}
		return []faults.Rule{aimed(c, faults.InternalError)}
	}
	return nil
}

func crash(c faults.Call, when faults.When) faults.Rule {
	r := aimed(c, faults.Crash)
	r.When, r.RestartAfter = when, restartAfter
	return r
}

// aimed is a rule that fires once, at the call with c's identity.
func aimed(c faults.Call, kind faults.Kind) faults.Rule {
	return faults.Rule{
		Kind: kind, Probability: 1, Limit: 1,
		Match: faults.Match{
			Process: c.Process, Verbs: []string{c.Verb}, Resources: []string{c.Resource},
			Namespace: c.Namespace, Name: c.Name, First: c.Nth, Last: c.Nth,
		},
	}
}
