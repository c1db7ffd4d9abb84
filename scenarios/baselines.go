package scenarios

import (
	"fmt"
	"hash/fnv"
)

// Baselines keeps one fault-free run: that of the last plan. Plans that differ in
// their faults alone, as those of a targeted sweep and most of those that a
// shrinker tries, share it. The zero value is ready for use, and nil keeps nothing.
type Baselines struct {
	key    string
	result Result
}

// keyOf tells apart what decides about a fault-free run.
func keyOf(r *runner) string {
	plan := r.plan
	plan.Faults, plan.Expect, plan.Description = nil, nil, ""
	text, err := Marshal(plan)
	if err != nil {
		return "" // it cannot be told from others
	}
	h := fnv.New64a()
	h.Write(text)
	return fmt.Sprintf("%s %d %v %d %x", r.subject.Name, r.seed, r.options.KeepTrace, r.options.MaxRequests, h.Sum64())
}

func (b *Baselines) find(r *runner) (Result, bool) {
	if b == nil {
		return Result{}, false
	}
	if key := keyOf(r); key == "" || key != b.key {
		return Result{}, false
	}
	found := b.result
	found.Plan = r.plan
	return found, true
}

func (b *Baselines) keep(r *runner, result Result) {
	if b != nil {
		b.key, b.result = keyOf(r), result
	}
}
