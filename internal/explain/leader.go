package explain

import (
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"

	"github.com/seatrial/seatrial/model"
)

// deposed: another process had taken the lease that this one held when it decided.
// Only what both of them write to is a matter of who leads.
func (x *run) deposed(d decision) []cause {
	process, _ := split(d.who)
	for i := len(x.Commits) - 1; i >= 0; i-- {
		c := &x.Commits[i]
		if c.Seq > d.seq || c.Resource != "leases" || c.Process == process || x.calls[c.CallID] == nil || x.calls[c.CallID].User {
			continue
		}
		if holder(c.New) == holder(c.Old) || holder(c.New) == "" || !x.held(process, c) || x.regained(process, c, d.seq) {
			continue
		}
		steps := []Step{x.change(c, "")}
		why, weight := "", notTold // leases change hands, and whoever led before mostly knows
		if cut := x.overlapping(process, c.At, d.at); len(cut) > 0 {
			why, weight = fmt.Sprintf(" (%s)", cut[0].kind), deposedThen
			steps = append([]Step{x.strike(cut[0])}, steps...)
		}
		return []cause{{
			weight: weight,
			sentence: fmt.Sprintf("%s had taken the lease %s from %s%s, and %s later %s, which had led before, %s",
				c.Process, keyOf(c.Namespace, c.Name), process, why, short(d.at-c.At), process, d.what),
			steps: steps,
		}}
	}
	return nil
}

// held tells whether the last holder of a lease before a change was a process: its last
// write was that one's.
func (x *run) held(process string, taken *model.Commit) bool {
	before := x.previous(taken)
	return before != nil && before.Process == process
}

// regained tells whether a process wrote to a lease after it was taken, and before an
// event.
func (x *run) regained(process string, taken *model.Commit, before uint64) bool {
	for i := range x.Commits {
		c := &x.Commits[i]
		if c.Seq > taken.Seq && c.Seq < before && c.Process == process && c.Resource == taken.Resource && c.Namespace == taken.Namespace && c.Name == taken.Name {
			return true
		}
	}
	return false
}

// previous is the change to the same object before another; nil: there is none.
func (x *run) previous(of *model.Commit) *model.Commit {
	var out *model.Commit
	for i := range x.Commits {
		c := &x.Commits[i]
		if c.Seq >= of.Seq {
			break
		}
		if c.Resource == of.Resource && c.Namespace == of.Namespace && c.Name == of.Name {
			out = c
		}
	}
	return out
}

func holder(object any) string {
	if lease, ok := object.(*coordinationv1.Lease); ok && lease.Spec.HolderIdentity != nil {
		return *lease.Spec.HolderIdentity
	}
	return ""
}
