package search

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Sketch is what a search has to know of a run: what the processes under test called while
// faults could be in force, and what was changed. It is small and can be written as JSON,
// so that the search and the run may be in two processes.
type Sketch struct {
	UnderTest []string       `json:"underTest"` // processes that faults hit
	Calls     []SketchCall   `json:"calls"`
	Commits   []SketchCommit `json:"commits"`
	Laws      []SketchLaw    `json:"laws,omitempty"`
}

// SketchLaw is a law that held in a run.
type SketchLaw struct {
	Name      string `json:"name"`
	Sometimes bool   `json:"sometimes,omitempty"` // it is of what is to be seen once in a search
	Untested  bool   `json:"untested,omitempty"`  // the run had nothing that it is about
}

// Judged adds the laws that held to a sketch.
func (s *Sketch) Judged(v model.Verdict) *Sketch {
	for _, r := range v.Results {
		if r.Status == model.Held {
			s.Laws = append(s.Laws, SketchLaw{r.Name, r.Sometimes, r.Untested})
		}
	}
	return s
}

// SketchCall is a call of a process under test, of a resource that rules can name.
type SketchCall struct {
	faults.Call
	Group string `json:"group,omitempty"`
	Told  string `json:"told"` // what came of it
	OK    bool   `json:"ok,omitempty"`
}

// SketchCommit is a change of an object, by anybody, at any time.
type SketchCommit struct {
	At        time.Duration `json:"at"`
	Group     string        `json:"group,omitempty"`
	Resource  string        `json:"resource"`
	Namespace string        `json:"namespace,omitempty"`
	Name      string        `json:"name"`
	Process   string        `json:"process,omitempty"`
	User      bool          `json:"user,omitempty"`
	Kind      string        `json:"kind"` // what was done, and by whom
}

// SketchOf sketches a run. Of its calls discovery is passed over, which no rule names, and
// so is what is called once faults have ceased.
func SketchOf(h *model.History, underTest []string, safety time.Duration) *Sketch {
	s := &Sketch{UnderTest: underTest}
	times := map[faults.Call]int{}
	for i := range h.Calls {
		call := &h.Calls[i]
		c := sim.FaultCall(call)
		times[c]++
		if !slices.Contains(underTest, c.Process) || call.Called >= safety || scenarios.IsDiscovery(c.Resource) {
			continue
		}
		told := fmt.Sprintf("%s %d", call.Outcome, call.Code)
		c.Nth, c.At = times[c], call.Called
		s.Calls = append(s.Calls, SketchCall{Call: c, Group: call.Group, Told: told, OK: call.Outcome == model.OK})
	}
	for i := range h.Commits {
		c := &h.Commits[i]
		s.Commits = append(s.Commits, SketchCommit{
			At: c.At, Group: c.Group, Resource: c.Resource, Namespace: c.Namespace, Name: c.Name, Process: c.Process, User: c.User, Kind: kindOf(c),
		})
	}
	return s
}

func kindOf(c *model.Commit) string {
	who := c.Process
	switch {
	case c.User:
		who = "a user"
	case c.CallID == 0:
		who = "the server"
	}
	what := "changed"
	switch {
	case c.Old == nil:
		what = "created"
	case c.New == nil:
		what = "removed"
	default:
		old, err := meta.Accessor(c.Old)
		is, err2 := meta.Accessor(c.New)
		if err == nil && err2 == nil && old.GetDeletionTimestamp() == nil && is.GetDeletionTimestamp() != nil {
			what = "marked for deletion"
		}
	}
	return what + " by " + who
}

// observe lists the calls that rules can strike, in order.
func (s *Sketch) observe() []observedCall {
	out := make([]observedCall, len(s.Calls))
	asked, next := asked{}, 0
	for i := range s.Calls {
		c := &s.Calls[i]
		for ; next < len(s.Commits) && s.Commits[next].At < c.At; next++ {
			asked.follow(&s.Commits[next])
		}
		out[i] = observedCall{Call: c.Call, class: strings.Join([]string{c.Process, c.Verb, c.Resource}, " "), told: c.Told, group: c.Group, acted: s.nextAct(c.At), about: asked.about(c)}
	}
	return out
}

// asked are the objects that users have made and that are still there, the one that was
// changed last at the end.
type asked []*SketchCommit

func (a *asked) follow(c *SketchCommit) {
	at := slices.IndexFunc(*a, func(other *SketchCommit) bool { return other.sameObject(c) })
	if at >= 0 && (c.User || c.removes()) {
		*a = slices.Delete(*a, at, at+1)
	}
	if c.User && !c.removes() && !c.marks() {
		*a = append(*a, c)
	}
}

// about is the object that a call names, if it is one that has a life, and else the last
// of those.
func (a asked) about(c *SketchCall) (last *SketchCommit) {
	resource, _, _ := strings.Cut(c.Resource, "/")
	for _, o := range a {
		if !strings.HasPrefix(o.Process, ownerOfLife) {
			continue
		}
		if last = o; o.Resource == resource && o.Group == c.Group && o.Namespace == c.Namespace && o.Name == c.Name {
			return o
		}
	}
	return last
}

func (c *SketchCommit) sameObject(o *SketchCommit) bool {
	return o.Resource == c.Resource && o.Group == c.Group && o.Namespace == c.Namespace && o.Name == c.Name
}

func (c *SketchCommit) removes() bool { return strings.HasPrefix(c.Kind, "removed ") }
func (c *SketchCommit) marks() bool   { return strings.HasPrefix(c.Kind, "marked ") }
func (c *SketchCommit) creates() bool { return strings.HasPrefix(c.Kind, "created ") }

// nextAct is when a user next changed something; 0: never.
func (s *Sketch) nextAct(after time.Duration) time.Duration {
	for i := range s.Commits {
		if c := &s.Commits[i]; c.User && c.At > after {
			return c.At
		}
	}
	return 0
}

// watchOf is when the watch of the process was asked for that was open at a commit.
func (s *Sketch) watchOf(process string, c *SketchCommit) (time.Duration, bool) {
	var opened time.Duration
	found := false
	for i := range s.Calls {
		call := &s.Calls[i]
		if call.At >= c.At {
			break
		}
		if call.Process == process && call.Verb == "watch" && call.Resource == c.Resource && call.Group == c.Group && call.OK {
			opened, found = call.At, true
		}
	}
	return opened, found
}

// laterChanges are the next and the last change of the object of the i-th commit's name.
func (s *Sketch) laterChanges(i int, before time.Duration) (next, last time.Duration) {
	c := &s.Commits[i]
	for j := i + 1; j < len(s.Commits); j++ {
		other := &s.Commits[j]
		if other.At >= before || !other.sameObject(c) {
			continue
		}
		if next == 0 {
			next = other.At
		}
		last = other.At
	}
	return next, last
}
