package globalnet

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"sort"

	"github.com/anishathalye/porcupine"
	"github.com/seatrial/seatrial/model"
)

// allocationBudget bounds the steps of the model that one IP's history may
// cost. It is counted in steps, not in seconds, so that the verdict does not
// depend on the machine; ordinary histories need a few hundred.
const allocationBudget = 1 << 18

// allocation checks with porcupine that what clients were told can be
// explained by some order in which nobody broke the law.
//
// History: requests, answers and outcomes at the client's edge, never the
// server's log. Partition: one per IP. State, per owner that ever touches the
// IP: whether its service exists and is exported, and whether it holds the IP
// by claim, by internal Service, by status.
//
//   - To take an IP (any of the three) is legal when no other owner holds it
//     in any way. The same owner may take it again.
//   - To give up the status or the claim of a published IP, to publish another
//     in its place, or to delete the GlobalIngressIP, is legal when the owner's
//     service is gone, or not of type ClusterIP, or not exported, now or at any
//     time since the GlobalIngressIP was created. So a release may follow a
//     deletion and re-creation by any length of time: a new UID is proof, too.
//   - To give up a claim that was never published, or an internal Service, is
//     always legal: a lost race is given back, and a port change may replace
//     the internal Service.
//   - With [Options.MoveOutside] it is legal to publish an IP of the CIDRs in place of
//     one that is of none of them any more.
//   - To give up what one does not hold does nothing.
//
// Unknown outcomes: the call may take effect at any time after it was made, or
// never, or (a simplification that only ever excuses) more than once. The model
// keeps such calls pending in its state and lets each step come after any of
// them; so they are not open intervals, which would make the search
// exponential.
//
// Users: what a user does is legal. Deleting a GlobalIngressIP excuses what
// the subject then releases. Deleting a claim, an internal Service or the
// status excuses later conflicts over that IP, until its owner has let go of it.
//
// What the model does not see: what the server does by itself (garbage
// collection, removal of namespaces; see effects for what it assumes instead),
// reads, claims that were refused, and an unknown claim or internal Service:
// the latter two could only forbid, never explain.
// Headless targets: their pods are not followed, so giving up is always legal;
// two owners of one IP are not.
// The commit-log properties no-double-assignment and no-free-while-exported
// see all of that.
//
// A search that exceeds its budget, or an answer that cannot be read, leaves
// the property undecided.
func allocation(o Options) model.Property {
	return model.Property{
		Name:     "allocation",
		Sentence: "What clients were told about each global IP has an explanation in which it never had two owners and was never freed or changed while its service was exported.",
		Source:   "docs/globalingressip/design.md §1 and §5 (submariner #3336, #3341); Herlihy and Wing, Linearizability (1990); porcupine",
		Class:    model.ClassSafety,
		Check:    func(h *model.History) model.Result { return checkAllocation(h, &o) },
	}
}

func checkAllocation(h *model.History, o *Options) model.Result {
	all, err := effects(h)
	if err != nil {
		return model.Undecide(err.Error())
	}
	result := model.Holds()
	for _, p := range partitions(all, o) {
		verdict := p.check(p.steps)
		switch {
		case verdict == porcupine.Unknown && result.Status == model.Held:
			result = model.Undecide(fmt.Sprintf("the history of %s has too many orders to search (%d steps of the model)", p.ip, allocationBudget))
		case verdict == porcupine.Illegal:
			broken := p.violation()
			if result.Status != model.Violated || broken.Culprit.Before(result.Culprit) {
				result = broken
			}
		}
	}
	return result
}

// partition is the history of one IP.
type partition struct {
	ip     string
	pools  *Options
	owners []owner
	steps  []*step // in order of call
}

// partitions sorts effects by IP: in order of IP, each with the effects of those
// owners who ever touch it.
func partitions(all []effect, o *Options) []*partition {
	touched := map[owner][]string{}
	byIP := map[string]*partition{}
	for _, f := range all {
		for _, ip := range f.ips {
			if f.kind == effectUnclaim || slices.Contains(touched[f.owner], ip) {
				continue
			}
			touched[f.owner] = append(touched[f.owner], ip)
			if byIP[ip] == nil {
				byIP[ip] = &partition{ip: ip, pools: o}
			}
			byIP[ip].owners = append(byIP[ip].owners, f.owner)
		}
	}
	for i := range all {
		f := &all[i]
		affected := touched[f.owner]
		if f.kind == effectClaim || f.kind == effectUnclaim {
			affected = f.ips
		}
		for _, ip := range affected {
			if p := byIP[ip]; p != nil {
				p.add(f)
			}
		}
	}
	sorted := make([]*partition, 0, len(byIP))
	for _, ip := range slices.Sorted(maps.Keys(byIP)) {
		sorted = append(sorted, byIP[ip])
	}
	return sorted
}

// add makes the step that an effect is in the life of this IP.
func (p *partition) add(f *effect) {
	s := &step{effect: f, who: slices.Index(p.owners, f.owner), takes: slices.Contains(f.ips, p.ip), pending: f.unknown}
	s.moves = f.kind == effectPublish && len(f.ips) > 0 && p.pools.moved(p.ip, f.ips[0])
	useless := s.pending && s.takes && (f.kind == effectClaim || f.kind == effectRoute)
	if !useless {
		p.steps = append(p.steps, s)
	}
}

// check asks porcupine, unless no two steps overlap: then there is but one
// order, and it is followed. The budget is counted by the model: once it is spent
// every step fails, the search ends soon, and its answer is not used.
func (p *partition) check(steps []*step) porcupine.CheckResult {
	spec, spent := p.model(steps)
	if legal, sequential := follow(spec, steps); sequential && legal {
		return porcupine.Ok
	} else if !sequential && porcupine.CheckOperations(spec, operations(steps)) {
		return porcupine.Ok
	}
	if *spent > allocationBudget {
		return porcupine.Unknown
	}
	return porcupine.Illegal
}

// follow takes the steps in their order; sequential is false when they have more
// than one.
func follow(spec porcupine.Model, steps []*step) (legal, sequential bool) {
	for i := 1; i < len(steps); i++ {
		if steps[i].from() <= steps[i-1].to() {
			return false, false
		}
	}
	state, legal := spec.Init(), true
	for _, s := range steps {
		if legal, state = spec.Step(state, s, nil); !legal {
			break
		}
	}
	return legal, true
}

func operations(steps []*step) []porcupine.Operation {
	clients := map[string]int{}
	history := make([]porcupine.Operation, 0, len(steps))
	for _, s := range steps {
		client, ok := clients[s.call.Process]
		if !ok {
			client = len(clients)
			clients[s.call.Process] = client
		}
		history = append(history, porcupine.Operation{ClientId: client, Input: s, Call: s.from(), Return: s.to()})
	}
	return history
}

// violation finds the first answer that no order explains: the shortest
// illegal prefix of the history ends with it. Prefixes of legal histories are
// legal, so a binary search finds it.
func (p *partition) violation() model.Result {
	var ends []int64
	for _, s := range p.steps {
		if !s.pending && s.call.UntilSeq() != math.MaxInt64 {
			ends = append(ends, s.call.UntilSeq())
		}
	}
	slices.Sort(ends)
	at := sort.Search(len(ends), func(i int) bool { return p.check(p.until(ends[i])) != porcupine.Ok })
	if at == len(ends) {
		return model.Undecide(fmt.Sprintf("the history of %s is illegal, but each of its prefixes is legal", p.ip))
	}
	prefix := p.until(ends[at])
	last := prefix[slices.IndexFunc(prefix, func(s *step) bool { return !s.pending && s.call.UntilSeq() == ends[at] })]
	for _, s := range prefix {
		if !s.pending && s.call == last.call && s.restrained() {
			last = s
		}
	}
	return model.Result{
		Status:  model.Violated,
		Message: fmt.Sprintf("no legal order explains: %s, while %s", last.describe(p.ip), last.law()),
		Culprit: model.Culprit{
			Seq: last.call.ReturnSeq, At: last.call.Returned, CallID: last.call.ID,
			Text: last.call.String(),
		},
		Visualize: func(w io.Writer) error { return p.visualize(prefix, last, w) },
	}
}

// until is the history as it was known at a time: calls under way are pending.
func (p *partition) until(seq int64) []*step {
	var prefix []*step
	for _, s := range p.steps {
		if int64(s.call.CallSeq) > seq {
			continue
		}
		if !s.pending && s.call.UntilSeq() > seq {
			underway := *s
			underway.pending = true
			s = &underway
		}
		prefix = append(prefix, s)
	}
	return prefix
}

func (p *partition) visualize(prefix []*step, culprit *step, w io.Writer) error {
	spec, _ := p.model(prefix)
	_, info := porcupine.CheckOperationsVerbose(spec, operations(prefix), 0)
	info.AddAnnotations([]porcupine.Annotation{{
		Tag: "culprit", Start: int64(culprit.call.CallSeq), End: culprit.call.UntilSeq(),
		Description: culprit.describe(p.ip), Details: culprit.call.String(), BackgroundColor: "#f4c7c3",
	}})
	return porcupine.Visualize(spec, info, w)
}
