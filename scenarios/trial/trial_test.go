package trial_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/scenarios/trial"
	"github.com/seatrial/seatrial/sim"
)

// Goal: the generic properties judge a controller with nothing but manifests.
//
// Method: one careful controller, which must pass many seeds, and the same one
// with one bad habit each, which some seed must find by the property that the
// habit breaks. The seed that finds each is logged.

func websiteTrial(w website) trial.Trial {
	return trial.Trial{
		Name:       "website",
		Controller: w.Run,
		Cluster:    trial.Files("testdata/website.crd.yaml"),
		Objects:    trial.Files("testdata/websites.yaml"),
	}
}

func TestACarefulControllerPasses(t *testing.T) {
	trial.Check(t, websiteTrial(website{}))
}

func TestBadHabitsAreFound(t *testing.T) {
	for _, c := range []struct{ habit, property, explanation string }{
		{"forgets errors", "like-twin", "what failed once is never tried again"},
		{"ignores a failed deletion", "like-twin", "the finalizer is gone, the page is not"},
		{"reports what failed as done", "like-twin", "the status says so, and nothing tries again"},
		{"needs its page to unpublish", "finalizers-removed", "a lost answer to the deletion leaves nothing to delete"},
		{"finalizers on children", "no-orphans", "nobody ever removes the child's finalizer"},
		{"writes without need", "quiet", "each write wakes the controller again"},
		{"retries at once", "bounded-retries", "an outage becomes a storm"},
	} {
		t.Run(c.habit, func(t *testing.T) {
			tr := websiteTrial(website{}.with(c.habit))
			if c.property == "quiet" {
				tr.Safety, tr.Settle = 30*time.Second, 30*time.Second // it writes all the time
			}
			for seed := sim.Seed(1); seed <= 200; seed++ {
				result := trial.Run(t, tr, seed, trial.RunOptions{})
				if result.Verdict.Property == c.property {
					t.Logf("found by seed %d: %s", seed, result.Verdict.Message)
					return
				}
			}
			assert.Fail(t, fmt.Sprintf("no seed of 200 found it by %s: %s", c.property, c.explanation))
		})
	}
}

func runSeed(t *testing.T, seed uint64) trial.Result {
	return trial.Run(t, websiteTrial(website{}), sim.Seed(seed), trial.RunOptions{})
}
