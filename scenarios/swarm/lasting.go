package swarm

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// drawLasting draws, for one plan in three, one or two kinds of call that fail every
// time for about a minute while everything else works: an admission webhook that
// refuses one kind of object, a row that the store cannot read. What is asked again
// meanwhile, how often, what is told of it and what becomes of everything else shows
// only when trouble lasts. Half of these rules are about one object.
func drawLasting(d dice, p *scenarios.Plan, a anchors, seen observed) []faults.Rule {
	calls := seen.with(func(c *observedCall) bool { return c.verb != "list" && c.verb != "watch" && !passing[c.resource] })
	if !d.Chance(0.33) || len(calls) == 0 {
		return nil
	}
	var rules []faults.Rule
	for i := range 1 + d.Weighted(4, 1) {
		c := sim.Pick(d, calls...)
		r := faults.Rule{
			ID: fmt.Sprintf("lasting-%d", i+1), Probability: 1,
			Kind: sim.Pick(d, faults.InternalError, faults.InternalError, faults.ServiceUnavailable,
				faults.GatewayTimeout, faults.TimeoutDropped, faults.TimeoutApplied, faults.ResponseLost),
			Match: faults.Match{Verbs: []string{c.verb}, Resources: []string{c.resource}},
			From:  d.Span(0, p.Safety*2/3),
		}
		if lead := d.Scale(time.Millisecond, 5*time.Second); d.Chance(0.7) && len(a.actions) > 0 {
			r.From = min(max(sim.Pick(d, a.actions...)-lead, 0), p.Safety*9/10)
		}
		r.Until = min(r.From+d.Span(30*time.Second, 75*time.Second), p.Safety)
		if objects := seen.inPlan(&c, p); d.Chance(0.5) && len(objects) > 0 {
			object := sim.Pick(d, objects...)
			r.Namespace, r.Name = object.Namespace, object.Name
		}
		rules = append(rules, r)
	}
	return rules
}

// inPlan are the objects of a plan that calls of this kind will be about, as far as
// that is known: those that the baseline's were about, or what the steps make of the
// resources whose names they bore; and a pattern of those that the subject names itself.
func (s observed) inPlan(c *observedCall, p *scenarios.Plan) []scenarios.ObjectRef {
	objects := slices.Clone(c.objects)
	for _, made := range makes(p) {
		if slices.Contains(c.namedAfter, made.Resource) && !slices.Contains(objects, made.ObjectRef) {
			objects = append(objects, made.ObjectRef)
		}
	}
	plural, _, _ := strings.Cut(c.resource, "/")
	if pattern := s.pattern(plural); pattern != "" {
		objects = append(objects, scenarios.ObjectRef{Name: pattern})
	}
	return objects
}

// makes lists what the steps of a plan make, each once.
func makes(p *scenarios.Plan) []scenarios.ResourceRef {
	var refs []scenarios.ResourceRef
	for i := range p.Steps {
		maker, ok := p.Steps[i].Action.(scenarios.Maker)
		if !ok {
			continue
		}
		if ref := maker.Makes(p.Language.Catalog); !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs
}
