package report

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/globalnet"
)

// owners shows for each service when it was exported and which IPs it held.
// It is empty for subjects that have nothing to do with global IPs.
func owners(h *model.History) []Owner {
	byName := map[string]*Owner{}
	var order []string
	get := func(name string) *Owner {
		if byName[name] == nil {
			byName[name] = &Owner{Name: name}
			order = append(order, name)
		}
		return byName[name]
	}
	for name, intervals := range exported(h) {
		get(name).Exported = intervals
	}
	for _, x := range globalnet.Assignments(h) {
		o := get(x.Owner)
		o.Holds = append(o.Holds, Hold{IP: x.IP, Via: x.Via, Interval: Interval{x.From, x.Until}, Seq: x.FromSeq, Ends: x.UntilSeq})
	}
	slices.Sort(order)
	out := make([]Owner, len(order))
	for i, name := range order {
		out[i] = *byName[name]
	}
	return out
}

// exported tells when a Service and the ServiceExport of its name both existed
// and neither was being deleted.
func exported(h *model.History) map[string][]Interval {
	type state struct {
		alive map[string]bool
	}
	states := map[string]*state{}
	out := map[string][]Interval{}
	for i := range h.Commits {
		c := &h.Commits[i]
		isService := c.Group == "" && c.Resource == "services"
		if !isService && c.Resource != "serviceexports" {
			continue
		}
		name := join(c.Namespace, c.Name)
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
			out[name] = append(out[name], Interval{c.At, h.Ended})
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
