package globalnet

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seatrial/seatrial/model"
)

// rulesFollow follows commits and rules in their one order: where the packets for
// an address go, on every machine, and where its pod or endpoint is. It may differ
// for as long as it takes to notice, but not through 10 s in which nothing stood in
// the way. A pod that has no address, or is gone, is to have no rule: its former
// address may be another pod's by now.
//
// That there is no rule at all counts only for a pod or endpoint that is entitled to
// its IP; and in a history without any rule there is no data path to judge.
func rulesFollow() model.Property {
	return model.Property{
		Name:     "rules-follow",
		Sentence: "While nothing stands in the way, no rule leads for more than 10 s to an address that is not that of its pod or endpoint, and every published one has its rule.",
		Source:   "docs/globalingressip/design.md §5; a packet that arrives at another pod is worse than one that does not arrive",
		Class:    model.ClassSafety,
		Check: func(h *model.History) model.Result {
			if len(h.Disturbances) == 0 {
				return model.Undecide("it was not recorded when something stood in the way")
			}
			if len(h.HostChanges) == 0 {
				return model.Holds()
			}
			p := &paths{delays: newDelays(h, 0), cluster: newCluster(), book: newRuleBook()}
			return p.follow()
		},
	}
}

// paths follows where packets are led.
type paths struct {
	*delays
	cluster *cluster
	book    *ruleBook
}

func (p *paths) follow() model.Result {
	rules := p.history.HostChanges
	for _, c := range changesOf(p.history) {
		for len(rules) > 0 && rules[0].Seq < c.Seq {
			if result, found := p.ruled(&rules[0]); found {
				return result
			}
			rules = rules[1:]
		}
		concerned := p.concerned(&c)
		p.cluster.apply(c)
		for _, key := range concerned {
			if result, found := p.note(string(key), p.astray(key), c.At); found {
				return result
			}
		}
	}
	for i := range rules {
		if result, found := p.ruled(&rules[i]); found {
			return result
		}
	}
	return p.rest()
}

// ruled takes note of a rule that was put in place or taken away.
func (p *paths) ruled(d *model.HostChange) (model.Result, bool) {
	if d.Kind != HostRule {
		return model.Result{}, false
	}
	concerned := []owner{ruleOf(d).owner, p.book.rules[d.Process][d.Name].owner}
	p.book.hostChange(d)
	for _, key := range concerned {
		if key == "" {
			continue
		}
		if result, found := p.note(string(key), p.astray(key), d.At); found {
			return result, true
		}
	}
	return model.Result{}, false
}

// concerned are the GlobalIngressIPs that a change may matter to.
func (p *paths) concerned(c *change) []owner {
	if c.gipOld != nil || c.gipNew != nil {
		return []owner{ownerOf(c.Namespace, c.Name)}
	}
	if c.Resource == claimResource {
		return nil
	}
	var list []owner
	for _, key := range slices.Sorted(maps.Keys(p.cluster.gips)) {
		gip := p.cluster.gips[key]
		if gip.target != targetClusterIP && gip.GetNamespace() == c.Namespace && (gip.podRef == c.Name || gip.serviceRef == c.Name) {
			list = append(list, key)
		}
	}
	return list
}

// astray says what is wrong with the rules of a GlobalIngressIP; empty: nothing.
func (p *paths) astray(key owner) string {
	gip := p.cluster.gips[key]
	if gip == nil || gip.target == targetClusterIP || model.Terminating(gip) || !gip.made() {
		return ""
	}
	want, led := p.cluster.addressBehind(gip), false
	for _, process := range slices.Sorted(maps.Keys(p.book.rules)) {
		for _, ip := range slices.Sorted(maps.Keys(p.book.rules[process])) {
			switch r := p.book.rules[process][ip]; {
			case r.owner != key:
			case r.target != want:
				return fmt.Sprintf("%s leads packets for %s to %s, while %s is at %q", process, ip, r.target, key, want)
			case ip == gip.ip:
				led = true
			}
		}
	}
	if !led && want != "" && gip.ip != "" && p.cluster.title(gip) != "" {
		return fmt.Sprintf("nobody leads packets for %s of %s to %s", gip.ip, key, want)
	}
	return ""
}
