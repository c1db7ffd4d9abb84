package trial_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/trial"
	"github.com/seatrial/seatrial/sim"
)

// Goal: one fault at each call of a controller finds for certain what one fault shows.
// Method: the careful controller passes, each bad habit that shows by one fault is found
// by the property that it breaks, in the first three stories, each fault tried once.

func TestACarefulControllerPassesAFaultAtEveryCall(t *testing.T) {
	tr := websiteTrial(website{})
	tr.Safety, tr.Settle = time.Minute, 2*time.Minute
	trial.CheckEveryCall(t, tr)
}

func TestOneFaultShowsABadHabit(t *testing.T) {
	for _, c := range []struct{ habit, property string }{
		{"forgets errors", "like-twin"},
		{"ignores a failed deletion", "like-twin"},
		{"needs its page to unpublish", "finalizers-removed"},
	} {
		t.Run(c.habit, func(t *testing.T) {
			tr := websiteTrial(website{}.with(c.habit)).WithDefaults()
			tried, found := map[string]bool{}, ""
			last := ""
			for seed := sim.Seed(1); seed <= 3 && found == ""; seed++ {
				trial.TryEveryCall(t, &tr, seed, func(name, failure string) bool {
					assert.False(t, tried[name], "%s is tried once", name)
					tried[name], last = true, name
					if strings.Contains(failure, "violated "+c.property) {
						found = failure
					}
					return found == ""
				})
			}
			require.NotEmpty(t, found, "none of %d faults shows it", len(tried))
			assert.Contains(t, found, "what went wrong (1 of 1 faults):\n")
			_, aimed, _ := strings.Cut(last, "aimed")
			assert.Contains(t, found, fmt.Sprintf("    {id: aimed%s,", aimed))
			assert.Contains(t, found, fmt.Sprintf("-seatrial.only=aimed%s -v", aimed))
		})
	}
}

func TestWhatFailsInFairWeatherIsTriedNoFurther(t *testing.T) {
	tr := websiteTrial(website{})
	tr.Properties = []model.Property{model.Eventually("never", "Nothing is ever right.", func(*model.State) error { return assert.AnError })}
	tr = tr.WithDefaults()
	var names []string
	trial.TryEveryCall(t, &tr, 1, func(name, failure string) bool {
		names = append(names, name)
		assert.Contains(t, failure, "it fails in fair weather")
		return true
	})
	assert.Equal(t, []string{"seed-1"}, names)
}
