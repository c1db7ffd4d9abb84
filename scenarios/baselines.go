package scenarios

import (
	"fmt"
	"hash/fnv"
	"slices"
)

// Baselines keeps fault-free runs: those of the last few plans that differ in more than
// their faults. Plans that differ in their faults alone, as those of a targeted sweep or a
// search and most of those that a shrinker tries, share one. The zero value is ready for
// use, and nil keeps nothing.
type Baselines struct {
	kept []keptBaseline // the last used one first
}

// mostBaselines is one for each story of a search, and some for what comes between.
const mostBaselines = 6

type keptBaseline struct {
	key    string
	result Result
}

// keyOf tells apart what decides about a fault-free run.
func keyOf(r *runner) string {
	plan := r.plan
	plan.Faults, plan.Expect, plan.Name, plan.Description = nil, nil, "baseline", ""
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
	key := keyOf(r)
	at := slices.IndexFunc(b.kept, func(k keptBaseline) bool { return k.key == key })
	if key == "" || at < 0 {
		return Result{}, false
	}
	found := b.kept[at]
	b.kept = slices.Insert(slices.Delete(b.kept, at, at+1), 0, found)
	found.result.Plan = r.plan
	return found.result, true
}

func (b *Baselines) keep(r *runner, result Result) {
	if b == nil {
		return
	}
	b.kept = slices.Insert(b.kept, 0, keptBaseline{keyOf(r), result})
	b.kept = b.kept[:min(len(b.kept), mostBaselines)]
}
