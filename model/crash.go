package model

import (
	"fmt"
	"strings"
)

// leaderElectionLost is what controller-runtime's manager returns when it can
// no longer renew its lease. Ending the process is then what the framework
// means to do, and what keeps two leaders apart; it is not a crash.
const leaderElectionLost = "leader election lost"

func noPanic() Property {
	return Property{
		Name:     "no-panic",
		Sentence: "The subject never panics, not even where its framework recovers the panic.",
		Source:   "a panic in a reconciler is a programming error; controller-runtime recovers it and hides it",
		Class:    ClassCrash,
		Check:    noProblem(Panicked),
	}
}

func noExit() Property {
	return Property{
		Name:     "no-exit",
		Sentence: "The subject does not end by itself, whatever the API server answers (losing the leader lease excepted).",
		Source:   "submariner #3337: one transient API error at start ended the process",
		Class:    ClassCrash,
		Check:    noProblem(Exited),
	}
}

func noHang() Property {
	return Property{
		Name:     "no-hang",
		Sentence: "The subject never blocks time itself: no endless loop, no lock or channel that nobody in the world will release.",
		Source:   "testing/synctest: virtual time passes only when every goroutine is durably blocked",
		Class:    ClassCrash,
		Check:    noProblem(Hung),
	}
}

func noGoroutineLeak() Property {
	return Property{
		Name:     "no-goroutine-leak",
		Sentence: "When the subject is stopped, its goroutines end.",
		Source:   "controller-runtime: Manager.Start returns when all runnables have ended",
		Class:    ClassCrash,
		Check:    noProblem(Leaked),
	}
}

func usersPerformed() Property {
	return Property{
		Name:     "users-performed",
		Sentence: "Users did all that the scenario says, and no stand-in broke down; a run in which they could not proves nothing.",
		Source:   "a scenario that quietly does less than its author meant",
		Class:    ClassSafety,
		Check: func(h *History) Result {
			for i := range h.Problems {
				switch problem := &h.Problems[i]; {
				case problem.StandIn:
					return Undecide(fmt.Sprintf("stand-in %s: %s: %s", problem.Process, problem.Kind, problem.Message))
				case problem.Kind == Failing:
					return Undecide(fmt.Sprintf("%s: %s", problem.Process, problem.Message))
				}
			}
			return Holds()
		},
	}
}

// noProblem is violated by the first problem of a kind, in the order recorded.
func noProblem(kind ProblemKind) func(*History) Result {
	return func(h *History) Result {
		for i := range h.Problems {
			problem := &h.Problems[i]
			if problem.Kind != kind || problem.StandIn || kind == Exited && strings.Contains(problem.Message, leaderElectionLost) {
				continue
			}
			text := fmt.Sprintf("%s: %s", problem.Kind, problem.Message)
			if problem.Process != "" {
				text = problem.Process + ": " + text
			}
			return Breach(text, Culprit{At: problem.At, Text: text})
		}
		return Holds()
	}
}
