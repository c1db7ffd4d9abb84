package search

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// Stages beside those that make probes.
const (
	FaultFree Stage = "fault-free" // the stories, before the first fault
	Swarm     Stage = "swarm"      // mixtures of faults
	Guided    Stage = "guided"     // plans that showed something new, changed
	Kept      Stage = "corpus"     // plans that showed something new in earlier searches
)

// Options of a search.
type Options struct {
	// Seed decides about latencies, and is the first one of the swarm.
	Seed sim.Seed
	// Runs is the budget. A run with a fault counts as one, whatever it is compared
	// with; so does each story.
	Runs int
	// Extras are what the plans of the swarm may have.
	Extras scenarios.Extras
	// Done, if set, is told of each run, in order; false ends the search.
	Done func(Found) bool
	Run  scenarios.RunOptions
}

// Found is one run of a search.
type Found struct {
	scenarios.Result
	Stage Stage
	By    string // the probe or story in words; empty for one of the swarm
}

// Explore searches a subject in this process, in the order of a [Course], and ends when
// the budget is spent or Done says so. A story that fails is not gone on from; a subject
// that fails in all of them has nothing to be struck.
//
// Same subject, seed and budget: the same runs in the same order.
func Explore(t *testing.T, subject scenarios.Subject, o Options) Coverage {
	course := NewCourse(o.Seed, "")
	run := o.Run
	run.Baselines = &scenarios.Baselines{}
	for range o.Runs {
		step, ok, _ := course.Next()
		if !ok {
			break
		}
		r, told := perform(t, subject, step, o, run)
		course.Tell(told)
		if o.Done != nil && !o.Done(Found{Result: r, Stage: step.Stage, By: step.By}) {
			break
		}
	}
	return course.Coverage()
}

// perform makes the run of a step, and says what came of it.
func perform(t *testing.T, subject scenarios.Subject, step Step, o Options, run scenarios.RunOptions) (r scenarios.Result, told Told) {
	switch {
	case step.Stage == FaultFree:
		plan := step.Plan
		if plan == nil {
			plans := Plans(t, subject, o)
			told.Stories, plan = len(plans), &plans[step.Story-1]
		}
		r = scenarios.Observe(t, *plan, subject, step.Seed, run)
		told.Plan = plan
	case step.Plan != nil:
		r = scenarios.Run(t, *step.Plan, subject, step.Seed, run)
	default:
		r = swarm.Try(t, subject, step.Seed, o.Extras, run)
		told.Plan = &r.Plan
	}
	r.Plan.Language = subject.Language
	told.Sketch = SketchOf(&r.Record.History, r.Plan.UnderTest(), r.Plan.Safety).Judged(r.Verdict)
	told.Fired, told.Failed = r.Record.Fired, r.Verdict.Kind != model.VerdictPass
	told.Unfired = r.Unfired()
	return r, told
}

// Lives is how many stories a subject has.
func Lives(subject scenarios.Subject) int {
	if subject.Traffic != nil || len(subject.Objects) == 0 {
		return 1
	}
	return len(Stories(nil, 0))
}

// Plans are the stories of a subject as plans without faults: for its objects the lives
// of [Stories], beside the steps of its own; for a subject that draws its traffic, what it
// draws.
func Plans(t *testing.T, subject scenarios.Subject, o Options) []scenarios.Plan {
	if Lives(subject) == 1 {
		plan := swarm.Steps(t, subject, o.Seed, o.Extras, o.Run)
		plan.Name, plan.Faults, plan.Description = "story-1", nil, "the steps of seed "+fmt.Sprint(o.Seed)
		return []scenarios.Plan{plan}
	}
	world := subject.World(o.Seed, o.Extras)
	objects := formsOf(subject.Objects)
	forms := make([]int, len(objects))
	for i := range objects {
		forms[i] = len(objects[i])
	}
	world.Language = subject.Language
	world.Default()
	var plans []scenarios.Plan
	for i, story := range Stories(forms, world.Safety) {
		plan := world.Clone()
		plan.Name, plan.Faults, plan.Seed, plan.Description = fmt.Sprintf("story-%d", i+1), nil, o.Seed, "objects are "+story.Name
		for _, act := range story.Acts {
			of := objects[act.Object]
			step := scenarios.Step{At: act.At, User: fmt.Sprint(ownerOfLife, act.Object+1)}
			if act.Delete {
				step.Action = scenarios.DeleteManifest(of[len(of)-1])
			} else {
				step.Action = &scenarios.Apply{Manifest: of[act.Form]}
			}
			plan.Steps = append(plan.Steps, step)
		}
		plans = append(plans, completed(plan))
	}
	return plans
}

// formsOf are the objects, each in all of its forms, in order.
func formsOf(all []scenarios.Manifest) [][]scenarios.Manifest {
	var out [][]scenarios.Manifest
	index := map[string]int{}
	for _, m := range all {
		kind, namespace, name := m.Identity()
		key := fmt.Sprintf("%v %s %s/%s", m.Object["apiVersion"], kind, namespace, name)
		at, known := index[key]
		if !known {
			at = len(out)
			index[key], out = at, append(out, nil)
		}
		out[at] = append(out[at], m)
	}
	return out
}

// completed is a plan whose steps are in order of time and have their names.
func completed(plan scenarios.Plan) scenarios.Plan {
	slices.SortStableFunc(plan.Steps, func(a, b scenarios.Step) int { return cmp.Compare(a.At, b.At) })
	plan.Default()
	scenarios.NameTwins(plan.Steps)
	return plan
}

// steps of an edit: a deletion, or an annotation that comes and goes.
func (e Edit) steps() []scenarios.Step {
	ref := scenarios.ResourceRef{Resource: e.Resource, ObjectRef: scenarios.ObjectRef{Namespace: e.Namespace, Name: e.Name}}
	if e.Delete {
		return []scenarios.Step{{At: e.At, User: "editor", Action: &scenarios.Delete{ResourceRef: ref, Propagation: "Background"}}}
	}
	patch := func(at time.Duration, value any) scenarios.Step {
		body := map[string]any{"metadata": map[string]any{"annotations": map[string]any{"seatrial.dev/touched": value}}}
		return scenarios.Step{At: at, User: "editor", Action: &scenarios.Patch{ResourceRef: ref, Body: body}}
	}
	return []scenarios.Step{patch(e.At, "yes"), patch(e.At+time.Millisecond, nil)}
}

// qualified is a resource as steps name it, without subresource.
func qualified(group, resource string) string {
	resource, _, _ = strings.Cut(resource, "/")
	if group == "" {
		return resource
	}
	return resource + "." + group
}
