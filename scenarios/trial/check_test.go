package trial_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/trial"
	"github.com/seatrial/seatrial/sim"
)

// Goal: a failure is told so that somebody can act on it: small, sure, and with
// the command that shows it again. Method: read what Check would say about seeds
// that fail.

// The weather of a seed has many faults; the one that matters is left.
func TestAFailureIsMadeSmall(t *testing.T) {
	tr := websiteTrial(website{}.with("needs its page to unpublish")).WithDefaults()
	seed, text := sim.Seed(0), ""
	for !strings.Contains(text, "violated finalizers-removed") {
		seed++
		require.Less(t, seed, sim.Seed(100), "no seed found it")
		text = trial.Try(t, &tr, seed)
	}
	for _, part := range []string{
		fmt.Sprintf("liveness: website violated finalizers-removed, seed %d (reproduced ", seed),
		" was deleted and is still held by example.com/unpublish",
		"culprit: event ",
		"advice: an object that is being deleted needs to be reconciled until its finalizer is gone",
		"what users did (",
		": delete Website ",
		"what went wrong (1 of ",
		fmt.Sprintf("again: go test -run '^TestAFailureIsMadeSmall$' -seatrial.seeds=%d -v -seatrial.trace=true", seed),
	} {
		assert.Contains(t, text, part)
	}
}

func TestFairWeatherFailuresSaySo(t *testing.T) {
	tr := websiteTrial(website{})
	tr.Controller = idle
	tr.Properties = []model.Property{model.Eventually("published", "Every website has its page.", func(s *model.State) error {
		if len(s.List("websites.example.com")) > len(s.List("configmaps")) {
			return errors.New("there are fewer pages than websites")
		}
		return nil
	})}
	tr = tr.WithDefaults()
	text := trial.Try(t, &tr, 1)
	assert.Contains(t, text, "liveness: website violated published, seed 1 (reproduced 3/3)\n    there are fewer pages than websites")
	assert.Contains(t, text, "what went wrong: nothing; it fails in fair weather")
}

// Same trial and seed: same run. Every tenth of the seeds is enough to see a
// difference in how stories and weather are drawn.
func TestASeedIsTheSameRun(t *testing.T) {
	for _, seed := range []uint64{1, 11, 21, 31} {
		first := runSeed(t, seed)
		again := runSeed(t, seed)
		assert.Equal(t, first.Record.Hash, again.Record.Hash, "seed %d", seed)
		assert.Equal(t, first.Faults, again.Faults)
	}
}
