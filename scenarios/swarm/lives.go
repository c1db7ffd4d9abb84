package swarm

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// lives draws what users do with a subject's objects. Each object has a user of
// its own, so that what happens to one does not wait for another. A life is:
// applied in the first third of the safety phase; changed to its later forms, if
// there are any; in half of the lives deleted, and in two thirds of those made
// anew in the last form.
func lives(seed sim.Seed, objects []scenarios.Manifest, safety time.Duration) []scenarios.Step {
	var steps []scenarios.Step
	var order []string
	forms := map[string][]scenarios.Manifest{}
	for _, object := range objects {
		kind, namespace, name := object.Identity()
		key := fmt.Sprintf("%v %s %s/%s", object.Object["apiVersion"], kind, namespace, name)
		if forms[key] == nil {
			order = append(order, key)
		}
		forms[key] = append(forms[key], object)
	}
	for i, key := range order {
		steps = append(steps, life(sim.NewDice(seed, "trial/life/"+key), fmt.Sprintf("user-%d", i+1), forms[key], safety)...)
	}
	return steps
}

func life(d dice, user string, forms []scenarios.Manifest, safety time.Duration) []scenarios.Step {
	last := forms[len(forms)-1]
	at := d.Span(100*time.Millisecond, safety/3)
	step := func(a scenarios.Action) scenarios.Step { return scenarios.Step{At: at, User: user, Action: a} }
	steps := []scenarios.Step{step(&scenarios.Apply{Manifest: forms[0]})}
	for _, form := range forms[1:] {
		at += d.Scale(100*time.Millisecond, safety/6)
		steps = append(steps, step(&scenarios.Apply{Manifest: form}))
	}
	if d.Chance(0.5) {
		at += d.Scale(100*time.Millisecond, safety/6)
		steps = append(steps, step(scenarios.DeleteManifest(last)))
		if d.Chance(2. / 3) {
			at += d.Scale(100*time.Millisecond, safety/6)
			steps = append(steps, step(&scenarios.Apply{Manifest: last}))
		}
	}
	for i := range steps {
		steps[i].At = min(steps[i].At, safety-time.Millisecond)
	}
	return steps
}
