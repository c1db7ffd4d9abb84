package globalnet

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// ownerState is what one owner has to do with one IP.
type ownerState uint8

const (
	serviceThere ownerState = 1 << iota
	exportThere
	holdsClaim
	holdsRoute
	published
	// broken: the service or the export was away at some time since the
	// GlobalIngressIP was created, so the release is legal for ever.
	broken
	// userDeleted: a user deleted the GlobalIngressIP.
	userDeleted
	// userEdited: a user took one of the holds away, or made it.
	userEdited

	holdsAny = holdsClaim | holdsRoute | published
)

func (s ownerState) exported() bool { return s&serviceThere != 0 && s&exportThere != 0 }

// mayRelease tells whether a published IP may be given up.
func (s ownerState) mayRelease() bool {
	return s&published == 0 || !s.exported() || s&(broken|userDeleted|userEdited) != 0
}

// ipState is all that may be the case with one IP, given the steps so far: each
// possibility is the state of every owner, one byte each. Closed: whatever
// the pending steps could do is in it already.
type ipState struct {
	possible []string // sorted
	pending  uint64   // bit i: the i-th distinct pending step was called
}

// step is what one effect means for one IP.
type step struct {
	*effect
	who     int  // index of the owner; of no use to effectUnclaim
	takes   bool // the owner has this IP by the effect; otherwise it lets go of it
	pending bool // calling it only makes it possible
	moves   bool // it gives up an IP of a former pool for one of the pools, as it was told to
}

func (s *step) from() int64 { return int64(s.call.CallSeq) }

// to is when the step has been taken; a pending one becomes pending when called.
func (s *step) to() int64 {
	if s.pending {
		return s.from()
	}
	return s.call.UntilSeq()
}

// same tells whether two pending steps are interchangeable.
func (s *step) same(other *step) bool {
	return s.kind == other.kind && s.owner == other.owner && s.takes == other.takes && s.on == other.on && s.moves == other.moves &&
		s.user == other.user && s.tampers == other.tampers && s.forges == other.forges && s.late == other.late
}

// apply does the step, if it is legal.
func (s *step) apply(states string) (after string, legal bool) {
	next := []byte(states)
	if s.kind == effectUnclaim {
		for who := range next {
			if ownerState(next[who])&holdsClaim != 0 && !s.letGo(next, who, holdsClaim) {
				return "", false
			}
		}
		return string(next), true
	}
	mine := ownerState(next[s.who])
	switch s.kind {
	case effectService:
		next[s.who] = byte(mine.exists(serviceThere, s.on))
	case effectExport:
		next[s.who] = byte(mine.exists(exportThere, s.on))
	case effectBorn:
		next[s.who] = byte(mine.born(s.late))
	case effectDeleted:
		if s.user {
			next[s.who] = byte(mine | userDeleted)
		} else if !mine.mayRelease() {
			return "", false
		}
	default:
		hold := s.hold()
		if s.takes {
			legal = s.take(next, s.who, hold)
		} else {
			legal = s.letGo(next, s.who, hold)
		}
		return string(next), legal
	}
	return string(next), true
}

func (s *step) hold() ownerState {
	switch s.kind {
	case effectClaim:
		return holdsClaim
	case effectRoute:
		return holdsRoute
	}
	return published
}

// exists follows the coming and going of a service or an export.
func (s ownerState) exists(what ownerState, on bool) ownerState {
	if on {
		return s | what
	}
	return s&^what | broken
}

// born begins the life of a GlobalIngressIP: how its namesake ended is no
// longer an excuse.
func (s ownerState) born(late bool) ownerState {
	s &^= userDeleted | broken
	if late || !s.exported() {
		s |= broken
	}
	return s
}

func (s *step) take(next []byte, who int, hold ownerState) bool {
	mine, rivals := ownerState(next[who]), false
	for other := range next {
		theirs := ownerState(next[other])
		rivals = rivals || other != who && theirs&holdsAny != 0 && theirs&userEdited == 0
	}
	if rivals && mine&userEdited == 0 {
		if !s.user {
			return false
		}
		mine |= userEdited
	}
	if s.forges {
		mine |= userEdited
	}
	if hold == published && s.user {
		mine |= broken // what a user wrote, the subject may change
	}
	next[who] = byte(mine | hold)
	return true
}

func (s *step) letGo(next []byte, who int, hold ownerState) bool {
	mine := ownerState(next[who])
	if mine&hold == 0 {
		return true
	}
	if !s.user && hold != holdsRoute && !s.moves && !mine.mayRelease() {
		return false
	}
	mine &^= hold
	if mine&holdsAny == 0 {
		mine &^= userEdited
	} else if s.user && s.tampers {
		mine |= userEdited
	}
	next[who] = byte(mine)
	return true
}

// model makes the porcupine model of one partition. spent counts its steps; it
// exceeds the budget at once when there are more pending steps than the state
// can tell apart.
func (p *partition) model(steps []*step) (spec porcupine.Model, spent *int) {
	spent = new(int)
	possible, index := pendingSteps(steps)
	if len(possible) > 64 {
		*spent = allocationBudget
	}
	init := ipState{possible: []string{string(make([]byte, len(p.owners)))}}
	return porcupine.Model{
		Init: func() any { return init },
		Step: func(state, input, _ any) (bool, any) {
			before, s := state.(ipState), input.(*step)
			next := ipState{pending: before.pending}
			if *spent += len(before.possible); *spent > allocationBudget {
				return false, next
			}
			if s.pending {
				next.possible, next.pending = before.possible, before.pending|1<<index[s]
			} else {
				for _, states := range before.possible {
					if after, legal := s.apply(states); legal {
						next.possible = append(next.possible, after)
					}
				}
			}
			next.close(possible, spent)
			return len(next.possible) > 0, next
		},
		Equal: func(a, b any) bool {
			return a.(ipState).pending == b.(ipState).pending && slices.Equal(a.(ipState).possible, b.(ipState).possible)
		},
		Hash:              func(state any) uint64 { return state.(ipState).hash() },
		DescribeOperation: func(input, _ any) string { return input.(*step).describe(p.ip) },
		DescribeState:     func(state any) string { return p.describeState(state.(ipState)) },
	}, spent
}

func (s ipState) hash() uint64 {
	h := fnv.New64a()
	for _, states := range s.possible {
		h.Write([]byte(states))
	}
	return h.Sum64() ^ s.pending
}

// close adds what the pending steps could do, in any order, and sorts.
func (s *ipState) close(steps []*step, spent *int) {
	slices.Sort(s.possible)
	s.possible = slices.Compact(s.possible)
	if s.pending == 0 {
		return
	}
	all := slices.Clone(s.possible)
	seen := make(map[string]bool, 2*len(all))
	for _, states := range all {
		seen[states] = true
	}
	for i := 0; i < len(all) && *spent <= allocationBudget; i++ {
		for bit, pending := range steps {
			if s.pending&(1<<bit) == 0 {
				continue
			}
			*spent++
			if after, legal := pending.apply(all[i]); legal && !seen[after] {
				seen[after] = true
				all = append(all, after)
			}
		}
	}
	slices.Sort(all)
	s.possible = all
}

// pendingSteps numbers the distinct pending steps.
func pendingSteps(steps []*step) (possible []*step, index map[*step]int) {
	index = map[*step]int{}
	for _, s := range steps {
		if !s.pending {
			continue
		}
		i := slices.IndexFunc(possible, s.same)
		if i < 0 {
			i = len(possible)
			possible = append(possible, s)
		}
		index[s] = i
	}
	return possible, index
}

// restrained tells whether the law has anything to say about the step.
func (s *step) restrained() bool {
	return !s.user && (s.takes || s.kind == effectPublish || s.kind == effectDeleted || s.kind == effectUnclaim)
}

func (s *step) law() string {
	if s.takes {
		return "another owner holds it"
	}
	return "its service exists and is exported"
}

func (s *step) describe(ip string) string {
	text := ""
	switch s.kind {
	case effectService:
		text = existence("service", s.on)
	case effectExport:
		text = existence("export", s.on)
	case effectBorn:
		text = "GlobalIngressIP created"
	case effectDeleted:
		text = "GlobalIngressIP deleted"
	case effectUnclaim:
		text = "claim deleted"
	default:
		text = s.exchange(ip)
	}
	if s.kind != effectUnclaim {
		text = string(s.owner) + " " + text
	}
	if s.pending {
		text += " [perhaps, from now on]"
	}
	return fmt.Sprintf("%s, by %s-%d", text, s.call.Process, s.call.Incarnation)
}

func (s *step) exchange(ip string) string {
	if s.takes {
		return fmt.Sprintf("takes %s (%s)", ip, s.via())
	}
	text := fmt.Sprintf("gives up %s (%s)", ip, s.via())
	if s.kind == effectPublish && len(s.ips) > 0 {
		text += " for " + s.ips[0]
	}
	return text
}

func existence(what string, there bool) string {
	if there {
		return what + " exists"
	}
	return what + " gone"
}

func (s *step) via() via {
	switch s.kind {
	case effectClaim, effectUnclaim:
		return viaClaim
	case effectRoute:
		return viaService
	}
	return viaStatus
}

var ownerStateNames = []string{"service", "export", "claim", "internal Service", "status", "release legal", "deleted by a user", "changed by a user"}

func (p *partition) describeState(state ipState) string {
	var texts []string
	for _, states := range state.possible {
		texts = append(texts, p.describeOwners(states))
	}
	return strings.Join(texts, " — or — ")
}

func (p *partition) describeOwners(states string) string {
	var texts []string
	for who, name := range p.owners {
		var has []string
		for bit, text := range ownerStateNames {
			if states[who]&(1<<bit) != 0 {
				has = append(has, text)
			}
		}
		texts = append(texts, fmt.Sprintf("%s: %s", name, strings.Join(has, ", ")))
	}
	return strings.Join(texts, "; ")
}
