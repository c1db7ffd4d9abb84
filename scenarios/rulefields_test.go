package scenarios_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
)

// Goal: a fault of any kind, with any field that its kind has, comes back from a file as it
// was; kinds of programs, too, of which failures are kept in files. Method: a rule of each
// kind with each of its fields set, by the list that package faults keeps.
func TestEveryFaultIsReadBack(t *testing.T) {
	values := map[string]func(*faults.Rule){}
	for _, f := range faults.RuleFields() {
		values[f.Name] = func(r *faults.Rule) {
			switch at := f.At(r).(type) {
			case *string:
				*at = "controller"
			case *[]string:
				*at = []string{"services"}
				if len(f.Words) > 0 {
					*at = f.Words[:2]
				}
			case *int:
				*at = 1
			case *float64:
				*at = 0.5
			case *time.Duration:
				*at = 40 * time.Second
				if f.Name == faults.FieldUntil {
					*at = time.Minute
				}
			case *faults.Span:
				*at = faults.Span{Min: time.Second, Max: 2 * time.Second}
			case *faults.Direction:
				*at = faults.Direction(f.Words[0])
			}
		}
	}
	for _, kind := range faults.KindNames() {
		for _, when := range []faults.When{faults.AtTime, faults.BeforeCall, faults.AfterCall} {
			r := faults.Rule{Kind: faults.Kind(kind), Probability: 1, When: when}
			fields := faults.Fields(r.Kind, when)
			if when != faults.AtTime && !slices.Contains(fields, faults.FieldWhen) {
				continue
			}
			for _, name := range fields {
				values[name](&r)
			}
			plan := scenarios.Plan{Name: "plan", World: scenarios.World{APIServer: scenarios.APIServer{Replicas: 2}}, Faults: []faults.Rule{r}, Language: scenarios.Foreign()}
			plan.Default()
			text, err := scenarios.Marshal(plan)
			require.NoError(t, err)
			read, err := scenarios.Parse("plan.yaml", text, scenarios.Foreign())
			if assert.NoError(t, err, "%s", text) {
				assert.Equal(t, r, read.Faults[0], kind)
			}
		}
	}
}
