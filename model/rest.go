package model

import (
	"fmt"
	"time"
)

// RestLasts makes a property of a run in which a process under test was restarted at a
// time when the world had come to rest: it has nothing to change. A change after that
// shows that it was not done before, and only forgot what was left to do, or that it does
// what it does in another order each time. Leases, Events and Metrics are left out, and
// so is what users and the server do.
//
// It is wrong for a run with other faults, and for a process that dates its start.
func RestLasts(restarted time.Duration) Property {
	return Property{
		Name:     "rest-lasts",
		Sentence: "Who is restarted when all is done finds nothing to do.",
		Source:   "level-triggered controllers converge, whatever they remember", Class: ClassLiveness,
		Check: func(h *History) Result {
			if h.Ended <= restarted {
				return Undecide(fmt.Sprintf("the run ended before the restart at %s", restarted))
			}
			for i := range h.Commits {
				c := &h.Commits[i]
				if c.At >= restarted && c.Subject() && !incidental(c.objectID()) {
					return Breach(fmt.Sprintf("after a restart at rest, at %s: %s", restarted, c), c.Culprit())
				}
			}
			return Holds()
		},
	}
}
