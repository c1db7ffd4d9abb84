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
	Swarm     Stage = "swarm"      // what the budget leaves, in mixtures of faults
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

// Explore searches a subject: its stories without faults, then probes, then the swarm. It
// ends when the budget is spent or Done says so. A story that fails is not gone on from; a
// subject that fails in all of them has nothing to be struck.
//
// Same subject, seed and budget: the same runs in the same order.
func Explore(t *testing.T, subject scenarios.Subject, o Options) Coverage {
	e := &explorer{t: t, subject: subject, options: o}
	e.tell(subject)
	if e.search == nil {
		return Coverage{}
	}
	for !e.over {
		p, more := e.search.Next()
		if !more {
			break
		}
		e.probe(p)
	}
	for seed := o.Seed; !e.over; seed++ {
		e.done(Found{Result: swarm.Try(t, subject, seed, o.Extras, o.Run), Stage: Swarm})
	}
	return e.search.Coverage()
}

// explorer is a search under way.
type explorer struct {
	t       *testing.T
	subject scenarios.Subject
	options Options
	search  *Search
	stories []told
	runs    int
	over    bool
}

// told is a story and its run without faults, which its probes share.
type told struct {
	plan      scenarios.Plan
	baselines scenarios.Baselines
}

func (e *explorer) done(f Found) {
	e.runs++
	if e.options.Done != nil && !e.options.Done(f) || e.runs >= e.options.Runs {
		e.over = true
	}
}

// tell runs the stories without faults, and begins the search with those that pass.
func (e *explorer) tell(subject scenarios.Subject) {
	var baselines []*model.History
	for _, plan := range Plans(e.t, subject, e.options) {
		story := told{plan: plan}
		o := e.options.Run
		o.Baselines = &story.baselines
		r := scenarios.Observe(e.t, plan, subject, e.options.Seed, o)
		if e.done(Found{Result: r, Stage: FaultFree, By: plan.Description}); e.over {
			return
		}
		if r.Verdict.Kind == model.VerdictPass {
			e.stories = append(e.stories, story)
			baselines = append(baselines, &r.Record.History)
		}
	}
	if len(baselines) == 0 {
		return
	}
	plan := &e.stories[0].plan
	plan.Language = subject.Language
	e.search = New(World{UnderTest: plan.UnderTest(), Safety: plan.Safety}, baselines...)
}

// Plans are the stories of a subject as plans without faults: for its objects the lives
// of [Stories], beside the steps of its own; for a subject that draws its traffic, what it
// draws.
func Plans(t *testing.T, subject scenarios.Subject, o Options) []scenarios.Plan {
	if subject.Traffic != nil || len(subject.Objects) == 0 {
		plan := swarm.Steps(t, subject, o.Seed, o.Extras, o.Run)
		plan.Faults, plan.Description = nil, "the steps of seed "+fmt.Sprint(o.Seed)
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
	for _, story := range Stories(forms, world.Safety) {
		plan := world.Clone()
		plan.Faults, plan.Seed, plan.Description = nil, o.Seed, "objects are "+story.Name
		for _, act := range story.Acts {
			of := objects[act.Object]
			step := scenarios.Step{At: act.At, User: fmt.Sprintf("user-%d", act.Object+1)}
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

// probe makes one run of a story with the faults of a probe.
func (e *explorer) probe(p Probe) {
	story := &e.stories[p.Story]
	plan, subject, o := story.plan.Clone(), e.subject, e.options.Run
	plan.Faults = slices.Clone(p.Faults)
	plan.Description = p.String()
	if p.Servers <= plan.World.APIServer.Replicas && len(p.Edits) == 0 {
		o.Baselines = &story.baselines
	}
	plan.World.APIServer.Replicas = max(plan.World.APIServer.Replicas, p.Servers)
	for _, edit := range p.Edits {
		plan.Steps = append(plan.Steps, edit.steps()...)
	}
	if p.AtRest > 0 {
		laws := subject.Properties
		subject.Properties = func(plan *scenarios.Plan) []model.Property { return append(laws(plan), model.RestLasts(p.AtRest)) }
	}
	r := scenarios.Run(e.t, completed(plan), subject, e.options.Seed, o)
	e.search.Tell(p, &r.Record.History, r.Record.Fired, r.Verdict.Kind != model.VerdictPass)
	e.done(Found{Result: r, Stage: p.Stage, By: p.String()})
}

// steps of an edit: an annotation that comes and goes.
func (e Edit) steps() []scenarios.Step {
	patch := func(at time.Duration, value any) scenarios.Step {
		ref := scenarios.ResourceRef{Resource: e.Resource, ObjectRef: scenarios.ObjectRef{Namespace: e.Namespace, Name: e.Name}}
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
