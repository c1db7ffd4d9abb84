package globalnet

import (
	"fmt"
	"github.com/seatrial/seatrial/model"
	"maps"
	"slices"
	"strings"
	"time"
)

// HostRule is the kind of a [HostChange] that puts a rule into the packet filter of a
// process's machine or takes it away: its name is the global IP, its value
// "namespace/name target", the GlobalIngressIP and where packets are led.
const HostRule = "rule"

// HostRules lists the properties of the data path to what is behind headless
// services. They are for subjects whose rules are in the history.
func HostRules() []model.Property { return []model.Property{rulesClaimed(), rulesTrue()} }

// rulesClaimed walks commits and rules in their one order. A rule in place means
// that its IP is in use:
//
//   - a rule may be put in place only while the GlobalIngressIP it is for holds the
//     claim to its IP;
//   - a process may not give back a claim while the rule stands on its own machine.
//
// A claim that a user took away excuses its rules until it is made anew. The
// machines of other processes do not count when a claim is given back: one that
// crashed or lost its lease is no gateway any more, and what is left there is
// rules-true's matter. When several processes are at work at once, the claim that
// one has just seen may be given back by the other before the rule stands; that is
// no breach either, if the claim was there within the second before.
func rulesClaimed() model.Property {
	return model.Property{
		Name:     "rules-claimed",
		Sentence: "A rule is in place only for an IP that its GlobalIngressIP has claimed, and no IP is given back while its rule stands.",
		Source:   "docs/globalingressip/design.md §5; submariner #2388: the IP and its rules leaked",
		Class:    model.ClassSafety,
		Check:    checkRulesClaimed,
	}
}

// rulesTrue judges what stands when the run is over on machines whose process is
// alive: no rule without its claim; and for every pod or endpoint with an IP in
// the status of its GlobalIngressIP and an address of its own, a rule that leads
// there.
func rulesTrue() model.Property {
	return model.Property{
		Name:     "rules-true",
		Sentence: "After the weather has cleared, every global IP of a pod or endpoint leads there, and no rule is left whose IP is not claimed.",
		Source:   "docs/globalingressip/design.md §5; a packet that arrives at another pod is worse than one that does not arrive",
		Class:    model.ClassLiveness,
		Check: func(h *model.History) model.Result {
			if h.Ended <= h.Cleared {
				return model.Undecide("the run has no liveness phase")
			}
			if problem := wrongRule(h); problem != "" {
				return model.Breach(problem, model.Culprit{At: h.Ended, Text: "the end of the run"})
			}
			return model.Holds()
		},
	}
}

// quorumAge is how old the proof of a claim may be by the time its rule stands.
const quorumAge = time.Second

// ruleBook follows claims and rules.
type ruleBook struct {
	claims  map[string]owner
	given   map[string]model.Commit // the last removal of the claim to an IP
	excused map[string]bool
	rules   map[string]map[string]rule // by process and IP
}

type rule struct {
	owner  owner
	target string
}

func ruleOf(d *model.HostChange) rule {
	who, target, _ := strings.Cut(d.Value, " ")
	return rule{owner(who), target}
}

func newRuleBook() *ruleBook {
	return &ruleBook{claims: map[string]owner{}, given: map[string]model.Commit{}, excused: map[string]bool{}, rules: map[string]map[string]rule{}}
}

func checkRulesClaimed(h *model.History) model.Result {
	book := newRuleBook()
	changes := h.HostChanges
	until := func(seq uint64) model.Result {
		for len(changes) > 0 && changes[0].Seq < seq {
			if message := book.hostChange(&changes[0]); message != "" {
				return model.Breach(message, model.Culprit{Seq: changes[0].Seq, At: changes[0].At, Text: message})
			}
			changes = changes[1:]
		}
		return model.Holds()
	}
	for _, c := range changesOf(h) {
		if result := until(c.Seq); result.Status == model.Violated {
			return result
		}
		if message := book.change(&c); message != "" {
			return model.Breach(message, c.Culprit())
		}
	}
	return until(^uint64(0))
}

func (b *ruleBook) change(c *change) string {
	if c.claimNew != nil {
		b.claims[c.Name] = c.claimNew.owner
		b.excused[c.Name] = false
	}
	if c.claimOld == nil || c.claimNew != nil {
		return ""
	}
	delete(b.claims, c.Name)
	b.given[c.Name] = *c.Commit
	if !c.Subject() {
		b.excused[c.Name] = true
		return ""
	}
	if r, stands := b.rules[c.Process][c.Name]; stands && r.owner == c.claimOld.owner {
		return fmt.Sprintf("%s was given back while its rule to %s stands, for %s", c.Name, r.target, r.owner)
	}
	return ""
}

func (b *ruleBook) hostChange(d *model.HostChange) string {
	if d.Kind != HostRule {
		return ""
	}
	if b.rules[d.Process] == nil {
		b.rules[d.Process] = map[string]rule{}
	}
	if d.Value == "" {
		delete(b.rules[d.Process], d.Name)
		return ""
	}
	r := ruleOf(d)
	b.rules[d.Process][d.Name] = r
	holder := b.claims[d.Name]
	last, wasGiven := b.given[d.Name]
	raced := wasGiven && last.Process != d.Process && d.At-last.At < quorumAge
	if holder == r.owner || b.excused[d.Name] || raced {
		return ""
	}
	if holder == "" {
		holder = "nobody"
	}
	return fmt.Sprintf("%s led packets for %s to %s, for %s, while %s has claimed it", d.Process, d.Name, r.target, r.owner, holder)
}

// leads tells whether a rule leads from an IP, on any machine.
func (b *ruleBook) leads(ip string) bool {
	for _, rules := range b.rules {
		if _, led := rules[ip]; led {
			return true
		}
	}
	return false
}

// wrongRule finds the first rule, or lack of one, at the end.
func wrongRule(h *model.History) string {
	book, end := newRuleBook(), endOf(h)
	for i := range h.HostChanges {
		book.hostChange(&h.HostChanges[i])
	}
	leads := map[string]string{}
	for _, process := range slices.Sorted(maps.Keys(book.rules)) {
		if !alive(h, process) {
			continue
		}
		for _, ip := range slices.Sorted(maps.Keys(book.rules[process])) {
			r := book.rules[process][ip]
			if held := end.claims[ip]; held == nil || held.owner != r.owner {
				return fmt.Sprintf("%s still leads packets for %s to %s, but %s has no claim to it", process, ip, r.target, r.owner)
			}
			leads[ip] = r.target
		}
	}
	for _, key := range slices.Sorted(maps.Keys(end.gips)) {
		gip := end.gips[key]
		if want := end.addressBehind(gip); want != "" && gip.ip != "" && leads[gip.ip] != want {
			return fmt.Sprintf("packets for %s of %s are led to %q, want %s", gip.ip, key, leads[gip.ip], want)
		}
	}
	return ""
}

// alive tells whether a process was up when the run ended: then it said something
// in its metrics.
func alive(h *model.History, process string) bool {
	return slices.ContainsFunc(h.Metrics, func(m model.Metric) bool { return m.Process == process })
}

// addressBehind is where packets for a headless target are to be led; empty for
// any other, and for a target without an address at the moment.
func (c *cluster) addressBehind(gip *ingressIP) string {
	switch gip.target {
	case targetPod:
		pod := c.pods[ownerOf(gip.GetNamespace(), gip.podRef)]
		if pod != nil && !finished(pod) && isIPv4(pod.Status.PodIP) {
			return pod.Status.PodIP
		}
	case targetEndpoints:
		return gip.address()
	}
	return ""
}
