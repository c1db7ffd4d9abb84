//go:build !wasip1

package explain_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: the story blames what really did it. Method: controllers that have each one
// bug of Submariner's history, in the scenario that shows it, where what does it is
// known: its documentation says so, and without the fault that the table names the bug
// does not show (those of which it says nothing fail without any). docs/use/report.md has
// the table for people.

func TestTheStoryBlamesWhatDidIt(t *testing.T) {
	for _, c := range []struct {
		scenario, subject string
		fault             string   // kind of the last fault that the story blames; empty: none
		says              []string // in the sentence
	}{
		{"bug-1415", "1415", "crash", []string{"was down", `user changed status.allocatedIP from "242.0.0.254" to "203.0.113.7"`}},
		{"bug-1457", "1457", "crash", []string{"was down", "user removed serviceexports default/svc-4", "did not make up for it"}},
		{"bug-1734", "1734", "", []string{"user removed services default/svc-1", "controller marked the deletion of globalingressips default/svc-1"}},
		{"bug-1738", "1738", "", []string{"user changed spec.ports[0].port from 80 to 81", "what had to follow did not"}},
		{"bug-2388", "2388", "timeout-applied", []string{"could not know", "had succeeded"}},
		{"bug-2463", "2463", "", []string{"user changed spec.ports[0].port", `controller set status.conditions[1].type to "Allocated"`}},
		{"bug-2743", "2743", "internal-error", []string{"controller-2 was told 500 for get services shop/web", "controller-1 created services"}},
		{"bug-3337", "3337", "service-unavailable", []string{"was told 503 for list globalingressips", "ended"}},
		{"bug-4104", "4104", "", []string{"user created services ns-a/svc-6", "controller marked the deletion of globalingressips ns-c/svc-6"}},
		{"bug-4122", "4122", "watch-delayed", []string{"had not seen in its cache", `changed status.allocatedIP from "242.1.0.6" to "242.1.0.5"`}},
		{"bug-crash-before-status", "crash-before-status", "crash", []string{"was killed 0s after update globalingressips/status shop/web"}},
		{"bug-create-read-error", "create-read-error", "internal-error", []string{"was told 500 for get services shop/web", "did nothing more about it"}},
		{"bug-delete-down", "delete-down", "crash", []string{"was killed", "its next life created services"}},
		{"incident-3336", "3336", "service-unavailable", []string{"was told 503 for get services", "cleared status.allocatedIP (and 3 more fields) of globalingressips shop/api"}},
		{"incident-3336-timeout", "3336", "timeout-dropped", []string{"was told 504 for get services", "cleared status.allocatedIP (and 3 more fields) of globalingressips shop/web"}},
		{"relist-recreate", "relist-recreate", "service-unavailable", []string{"had not seen in its cache", "nothing more came of it"}},
		{"split-brain", "split-brain", "service-unavailable", []string{"controller-2 was told 503 for get services shop/web", "4.62s later controller-1"}},
		{"time-travel", "time-travel", "internal-error", []string{"was told 500 for get globalingressips shop/web"}},
		{"unknown-status", "status-write-lost", "timeout-applied", []string{"was told 504 for update globalingressips/status shop/api"}},
	} {
		t.Run(c.scenario, func(t *testing.T) {
			plan, ok := globalingressip.Find(c.scenario)
			require.True(t, ok)
			subject, ok := globalingressip.Registry().Find("historical/" + c.subject)
			require.True(t, ok)
			r := scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{KeepTrace: true})
			require.NotEmpty(t, r.Verdict.Property)

			s := explain.Of(r.Record, r.Verdict)
			for _, words := range c.says {
				assert.Contains(t, s.Sentence, words)
			}
			require.NotEmpty(t, s.Steps)
			blamed := ""
			for i, step := range s.Steps {
				if step.FaultKind != "" {
					blamed = step.FaultKind
				}
				if i > 0 {
					assert.LessOrEqual(t, s.Steps[i-1].At, step.At, "in the order of time")
				}
			}
			assert.Equal(t, c.fault, blamed)
			assert.LessOrEqual(t, len(s.Steps), 5, "more is not seen at a glance")
			assert.Equal(t, explain.Broken, s.Steps[len(s.Steps)-1].Kind)
			assert.Equal(t, s, explain.Of(r.Record, r.Verdict), "same record, same story")
		})
	}
}
