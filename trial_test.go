package seatrial_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// Goal: the generic properties judge a controller with nothing but manifests.
//
// Method: one careful controller, which must pass many seeds, and the same one
// with one bad habit each, which some seed must find by the property that the
// habit breaks. The seed that finds each is logged.

func websiteTrial(w website) seatrial.Trial {
	return seatrial.Trial{
		Name:       "website",
		Controller: w.Run,
		Cluster:    seatrial.Files("testdata/website.crd.yaml"),
		Objects:    seatrial.Files("testdata/websites.yaml"),
	}
}

func TestACarefulControllerPasses(t *testing.T) {
	seatrial.Check(t, websiteTrial(website{asks: true}))
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
				tr.Safety, tr.Settle = 30*time.Second, 2*time.Minute // it writes all the time
			}
			for seed := sim.Seed(1); seed <= 200; seed++ {
				result := seatrial.Run(t, tr, seed, seatrial.RunOptions{})
				if result.Verdict.Property == c.property {
					t.Logf("found by seed %d: %s", seed, result.Verdict.Message)
					return
				}
			}
			assert.Fail(t, fmt.Sprintf("no seed of 200 found it by %s: %s", c.property, c.explanation))
		})
	}
}

func runSeed(t *testing.T, seed uint64) seatrial.Result {
	return seatrial.Run(t, websiteTrial(website{}), sim.Seed(seed), seatrial.RunOptions{})
}

// A run that will not come to rest is not gone through to its end.
func TestWhatNeverRestsIsCutOff(t *testing.T) {
	result := seatrial.Run(t, websiteTrial(website{}.with("writes without need")), 1, seatrial.RunOptions{})
	assert.Equal(t, "quiet", result.Verdict.Property, result.Verdict.Message)
	assert.Contains(t, result.Verdict.Message, "it does not come to rest: in the last minute controller ")
	assert.Contains(t, result.Verdict.Message, "websites/status default/")
	assert.Less(t, result.Record.Virtual, 5*time.Minute)
}

// Definitions are had from where they were published.
func TestFilesOfAModule(t *testing.T) {
	of, here := seatrial.ModuleFiles("github.com/seatrial/seatrial", "testdata/websites.yaml"), seatrial.Files("testdata/websites.yaml")
	assert.NoError(t, of.Err())
	assert.NotEmpty(t, of.All())
	assert.Len(t, of.All(), len(here.All()))
}

// A subject that is a part of kube-controller-manager needs the API server not to
// play that part: without a garbage collector what is orphaned stays.
func TestTheServerLeavesOutWhatTheSubjectIs(t *testing.T) {
	orphan := seatrial.YAML(`
apiVersion: v1
kind: ConfigMap
metadata: {name: child, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: gone, uid: of-nobody}]}`)
	for property, without := range map[string][]string{"": nil, "no-orphans": {sim.GarbageCollector}} {
		tr := seatrial.Trial{
			Controller: idle, Server: sim.Server{Without: without}, Faults: []faults.Rule{},
			Steps: []seatrial.Step{seatrial.Apply(time.Second, orphan)},
		}
		result := seatrial.Run(t, tr, 1, seatrial.RunOptions{})
		assert.Equal(t, property, result.Verdict.Property, result.Verdict.Message)
	}
}
