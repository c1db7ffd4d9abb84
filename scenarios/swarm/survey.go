package swarm

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// observedCall is a kind of call that a subject was seen to make.
type observedCall struct {
	process, verb, resource string
	at                      []time.Duration
	objects                 []scenarios.ObjectRef // each once, in order; of a list or watch of all: none
	// namedAfter are the resources of users' objects whose names those had, where
	// the call was seen in another plan and objects is empty.
	namedAfter []string
}

// made is an object that a subject made.
type made struct {
	resource        string // as steps name it
	namespace, name string
	owner           string // KIND/NAME; empty: none
	object          any    // as it was made
}

// observed is what a subject was seen to do without faults. What it is that a
// controller does is what faults are aimed at: one that hits no call is wasted.
type observed struct {
	calls []observedCall // by first call
	made  []made         // by first commit
	// changesHost: it does something to the machine that it runs on.
	changesHost bool
}

// survey is the ordinary day of a subject's family, run once in a process. It
// decides about plans, so it is the same for every subject of the family, every
// seed and every worker.
func survey(t *testing.T, subject scenarios.Subject, o scenarios.RunOptions) observed {
	if subject.Survey == nil {
		return observed{}
	}
	surveys.Lock()
	defer surveys.Unlock()
	who, plan := subject.Survey()
	if kept, ok := surveys.of[who.Name]; ok {
		return kept
	}
	o.KeepTrace, o.Baselines = false, nil
	result := scenarios.Observe(t, plan, who, plan.Seed, o)
	plan.Language = cmp.Or(who.Language, scenarios.Basic())
	seen := observed{made: madeIn(&result.Record.History, plan.Language), changesHost: len(result.Record.History.HostChanges) > 0}.at(&result.Record.History, plan.UnderTest())
	users := makes(&plan)
	for i := range seen.calls {
		seen.calls[i].generalize(users)
	}
	surveys.of[who.Name] = seen
	return seen
}

// generalize makes of what was seen in one plan what holds for others, which have
// other times and other objects. users is what users made.
func (c *observedCall) generalize(users []scenarios.ResourceRef) {
	for _, made := range users {
		if slices.Contains(c.objects, made.ObjectRef) && !slices.Contains(c.namedAfter, made.Resource) {
			c.namedAfter = append(c.namedAfter, made.Resource)
		}
	}
	c.at, c.objects = nil, nil
}

var surveys = struct {
	sync.Mutex
	of map[string]observed
}{of: map[string]observed{}}

// at is what was seen, with the calls of another run instead.
func (s observed) at(h *model.History, underTest []string) observed {
	s.calls = nil
	index := map[[3]string]int{}
	for i := range h.Calls {
		c := &h.Calls[i]
		if !slices.Contains(underTest, c.Process) || scenarios.IsDiscovery(c.Resource) {
			continue
		}
		call := sim.FaultCall(c)
		key := [3]string{c.Process, c.Verb, call.Resource}
		at, known := index[key]
		if !known {
			at = len(s.calls)
			index[key] = at
			s.calls = append(s.calls, observedCall{process: c.Process, verb: c.Verb, resource: call.Resource})
		}
		seen := &s.calls[at]
		seen.at = append(seen.at, c.Called)
		object := scenarios.ObjectRef{Namespace: call.Namespace, Name: call.Name}
		if call.Name != "" && !slices.Contains(seen.objects, object) {
			seen.objects = append(seen.objects, object)
		}
	}
	return s
}

// madeIn lists what processes under test created, in order.
func madeIn(h *model.History, language *scenarios.Language) []made {
	var out []made
	for i := range h.Commits {
		c := &h.Commits[i]
		if c.Old != nil || c.New == nil || c.CallID == 0 || c.User {
			continue
		}
		name := c.Resource
		if c.Group != "" {
			name += "." + c.Group
		}
		if _, _, ok := language.Catalog.Resource(name); !ok || passing[c.Resource] {
			continue
		}
		m := made{resource: name, namespace: c.Namespace, name: c.Name, object: c.New}
		if object, err := meta.Accessor(c.New); err == nil && len(object.GetOwnerReferences()) > 0 {
			owner := object.GetOwnerReferences()[0]
			m.owner = owner.Kind + "/" + owner.Name
		}
		out = append(out, m)
	}
	return out
}

// passing are what nobody lays hands on: records of what happened and of who leads.
var passing = map[string]bool{"events": true, "leases": true}

// with selects calls.
func (s observed) with(want func(c *observedCall) bool) []observedCall {
	var out []observedCall
	for i := range s.calls {
		if want(&s.calls[i]) {
			out = append(out, s.calls[i])
		}
	}
	return out
}

func (s observed) writes() []observedCall {
	return s.with(func(c *observedCall) bool { return faults.IsWrite(c.verb) })
}

// watched are the resources that the subject watches, and so has a cache of.
func (s observed) watched() []string {
	return resourcesOf(s.with(func(c *observedCall) bool { return c.verb == "watch" }))
}

// looked are the resources of which the subject gets single objects.
func (s observed) looked() []string {
	return resourcesOf(s.with(func(c *observedCall) bool { return c.verb == "get" }))
}

// resources are all that the subject calls.
func (s observed) resources() []string { return resourcesOf(s.calls) }

func resourcesOf(calls []observedCall) []string {
	var out []string
	for _, c := range calls {
		if !slices.Contains(out, c.resource) {
			out = append(out, c.resource)
		}
	}
	return out
}

// pattern matches the names of what the subject makes of a resource and no others,
// if it gives them names that begin alike; empty: it does not.
func (s observed) pattern(resource string) string {
	prefix, n := "", 0
	for _, m := range s.made {
		plural, _, _ := strings.Cut(m.resource, ".")
		if plural != resource {
			continue
		}
		if n++; n == 1 {
			prefix = m.name
		}
		for !strings.HasPrefix(m.name, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	const telling = 4 // shorter ones may be chance
	if n < 2 || len(prefix) < telling {
		return ""
	}
	return prefix + "*"
}

// times of calls, in order.
func times(of []observedCall) []time.Duration {
	var out []time.Duration
	for _, c := range of {
		out = append(out, c.at...)
	}
	slices.SortFunc(out, cmp.Compare[time.Duration])
	return out
}
