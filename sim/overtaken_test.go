package sim_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// What a write does that others overtake, part of TestEffects: a user creates a
// ConfigMap, the subject deletes it, and that delete is held while the user deletes
// the ConfigMap and creates another of its name.
func overtaken(t *testing.T) {
	for name, c := range map[string]struct {
		rule        faults.Rule
		byUID       bool
		told, lands float64 // seconds after the start; lands 0: without an effect
		explanation string
	}{
		"its successor": {faults.Rule{Changes: 2}, false, 12, 12,
			"it lands when the object has been created anew, and takes that one"},
		"by UID": {faults.Rule{Changes: 2}, true, 12, 0,
			"it lands as late, and a precondition makes it harmless"},
		"sender told": {faults.Rule{Changes: 2, Delay: faults.Span{Min: 3 * time.Second, Max: 3 * time.Second}}, false, 8, 12,
			"the connection breaks, and it lands all the same"},
		"one change": {faults.Rule{}, false, 10, 0,
			"it lands after the deletion, when there is nothing to delete"},
		"nobody overtakes": {faults.Rule{Changes: 9, Until: 30 * time.Second}, false, 30, 30,
			"it is let go when the window ends"},
		"until faults end": {faults.Rule{Changes: 9}, false, 120, 120,
			"or when faults are cleared"},
	} {
		t.Run(name, func(t *testing.T) {
			rule := c.rule
			rule.Kind, rule.Match = faults.Overtaken, faults.Match{Verbs: []string{"delete"}, Resources: []string{"configmaps"}}
			var told time.Duration
			record := sail(t, rule, 1, func(ctx context.Context, env sim.Env) {
				begin := time.Now()
				time.Sleep(5 * time.Second)
				maps := clientset(env).CoreV1().ConfigMaps("default")
				a, err := maps.Get(ctx, "a", metav1.GetOptions{})
				if err != nil {
					return
				}
				var o metav1.DeleteOptions
				if c.byUID {
					o.Preconditions = &metav1.Preconditions{UID: &a.UID}
				}
				_ = maps.Delete(ctx, "a", o)
				told = time.Since(begin)
			}, func(ctx context.Context, env sim.Env) {
				err := createConfigMap(ctx, env, "a")
				time.Sleep(10 * time.Second)
				err = errors.Join(err, clientset(env).CoreV1().ConfigMaps("default").Delete(ctx, "a", metav1.DeleteOptions{}))
				time.Sleep(2 * time.Second)
				assert.NoError(t, errors.Join(err, createConfigMap(ctx, env, "a")))
			})
			assert.InDelta(t, c.told, told.Seconds(), 0.2, c.explanation)
			var landed []float64
			for i := range record.History.Commits {
				if commit := &record.History.Commits[i]; commit.Process == "subject" && commit.New == nil {
					landed = append(landed, commit.At.Seconds())
				}
			}
			if c.lands == 0 {
				assert.Empty(t, landed, c.explanation)
				return
			}
			require.Len(t, landed, 1, c.explanation)
			assert.InDelta(t, c.lands, landed[0], 0.2, c.explanation)
			assert.False(t, record.History.Undisturbed(11*time.Second), "what is held stands in the way")
		})
	}
}

// A read, and a write whose object nobody else changes in time, is no business of it.
func TestOnlyWritesAreOvertaken(t *testing.T) {
	record := sim.Run(t, sim.Config{
		Safety: 10 * time.Second, Settle: 10 * time.Second, Faults: []faults.Rule{{ID: "f", Kind: faults.Overtaken}},
		Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
			_, err := clientset(env).CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
			assert.NoError(t, err)
			<-ctx.Done()
			return nil
		}}},
	})
	require.Len(t, calls(record, "list", "configmaps"), 1)
	assert.Less(t, calls(record, "list", "configmaps")[0].Returned, time.Second)
	assert.Equal(t, model.OK, calls(record, "list", "configmaps")[0].Outcome)
}
