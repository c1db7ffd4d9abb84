package trial

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim"
)

// tell draws what users do with the trial's objects. Each object has a user of
// its own, so that what happens to one does not wait for another. A life is:
// applied in the first third of the safety phase; changed to its later forms, if
// there are any; in half of the lives deleted, and in two thirds of those made
// anew in the last form.
func tell(seed sim.Seed, objects Manifests, safety time.Duration) []Step {
	var steps []Step
	var order []string
	forms := map[string][]manifest{}
	for _, object := range objects.objects {
		key := object.GetAPIVersion() + " " + object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
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

func life(d sim.Dice, user string, forms []manifest, safety time.Duration) []Step {
	last := forms[len(forms)-1]
	at := d.Span(100*time.Millisecond, safety/3)
	steps := []Step{applied(user, at, forms[0])}
	for _, form := range forms[1:] {
		at += d.Scale(100*time.Millisecond, safety/6)
		steps = append(steps, applied(user, at, form))
	}
	if d.Chance(0.5) {
		at += d.Scale(100*time.Millisecond, safety/6)
		steps = append(steps, Step{At: at, User: user, Delete: Manifests{objects: []manifest{last}}})
		if d.Chance(2. / 3) {
			at += d.Scale(100*time.Millisecond, safety/6)
			steps = append(steps, applied(user, at, last))
		}
	}
	for i := range steps {
		steps[i].At = min(steps[i].At, safety-time.Millisecond)
	}
	return steps
}

func applied(user string, at time.Duration, object manifest) Step {
	return Step{At: at, User: user, Apply: Manifests{objects: []manifest{object}}}
}
