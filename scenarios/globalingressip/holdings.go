package globalingressip

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/globalnet"
	"github.com/seatrial/seatrial/scenarios"
)

// owners shows for each service when it was exported and which IPs it held.
// See [scenarios.Subject.Owners].
func owners(h *model.History) []scenarios.Owner {
	byName := map[string]*scenarios.Owner{}
	var order []string
	get := func(name string) *scenarios.Owner {
		if byName[name] == nil {
			byName[name] = &scenarios.Owner{Name: name}
			order = append(order, name)
		}
		return byName[name]
	}
	for name, intervals := range exported(h) {
		get(name).Exported = intervals
	}
	for _, x := range globalnet.Assignments(h) {
		o := get(x.Owner)
		o.Holds = append(o.Holds, scenarios.Hold{IP: x.IP, Via: x.Via, Interval: scenarios.Interval{From: x.From, Until: x.Until}, Seq: x.FromSeq, Ends: x.UntilSeq})
	}
	slices.Sort(order)
	out := make([]scenarios.Owner, len(order))
	for i, name := range order {
		out[i] = *byName[name]
	}
	return out
}

// exported tells when a Service and the ServiceExport of its name both existed
// and neither was being deleted.
func exported(h *model.History) map[string][]scenarios.Interval {
	type state struct {
		alive map[string]bool
	}
	states := map[string]*state{}
	out := map[string][]scenarios.Interval{}
	for i := range h.Commits {
		c := &h.Commits[i]
		isService := c.Group == "" && c.Resource == "services"
		if !isService && c.Resource != "serviceexports" {
			continue
		}
		name := scenarios.JoinName(c.Namespace, c.Name)
		s := states[name]
		if s == nil {
			s = &state{alive: map[string]bool{}}
			states[name] = s
		}
		before := s.alive["services"] && s.alive["serviceexports"]
		s.alive[c.Resource] = lives(c.New)
		after := s.alive["services"] && s.alive["serviceexports"]
		switch {
		case after && !before:
			out[name] = append(out[name], scenarios.Interval{From: c.At, Until: h.Ended})
		case before && !after:
			out[name][len(out[name])-1].Until = c.At
		}
	}
	return out
}

func lives(o runtime.Object) bool {
	if o == nil {
		return false
	}
	object, err := meta.Accessor(o)
	return err == nil && object.GetDeletionTimestamp() == nil
}
