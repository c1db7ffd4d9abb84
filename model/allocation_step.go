package model

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// standing is what one owner has to do with one IP.
type standing uint8

const (
	serviceThere standing = 1 << iota
	exportThere
	holdsClaim
	holdsRoute
	published
	// broken: the service or the export was away at some time since the IP was
	// published, so the release is legal for ever.
	broken
	// doomed: a user deleted the GlobalIngressIP.
	doomed
	// tampered: a user took one of the holds away.
	tampered

	holdsAny = holdsClaim | holdsRoute | published
)

func (s standing) exported() bool { return s&serviceThere != 0 && s&exportThere != 0 }

// mayRelease tells whether a published IP may be given up.
func (s standing) mayRelease() bool {
	return s&published == 0 || !s.exported() || s&(broken|doomed|tampered) != 0
}

// ipState is one possible state of an IP: the standing of each owner, one byte
// each, and which of the pending steps were called. Comparable, as porcupine
// wants it.
type ipState struct {
	standings string
	pending   uint64 // bit i: partition's i-th distinct pending step
}

// step is what one fact means for one IP.
type step struct {
	*fact
	who     int  // index of the owner; of no use to factUnclaim
	takes   bool // the owner has this IP by the fact; otherwise it lets go of it
	pending bool // calling it only makes it possible
}

// same tells whether two pending steps are interchangeable.
func (s *step) same(other *step) bool {
	return s.kind == other.kind && s.owner == other.owner && s.takes == other.takes && s.on == other.on &&
		s.user == other.user && s.tampers == other.tampers
}

// apply does the step, if it is legal.
func (s *step) apply(standings string) (after string, legal bool) {
	next := []byte(standings)
	if s.kind == factUnclaim {
		for who := range next {
			if standing(next[who])&holdsClaim != 0 && !s.letGo(next, who, holdsClaim) {
				return "", false
			}
		}
		return string(next), true
	}
	mine := standing(next[s.who])
	switch s.kind {
	case factService:
		next[s.who] = byte(mine.exists(serviceThere, s.on))
	case factExport:
		next[s.who] = byte(mine.exists(exportThere, s.on))
	case factBorn:
		next[s.who] = byte(mine &^ doomed)
	case factDeleted:
		if s.user {
			next[s.who] = byte(mine | doomed)
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

func (s *step) hold() standing {
	switch s.kind {
	case factClaim:
		return holdsClaim
	case factRoute:
		return holdsRoute
	}
	return published
}

// exists follows the coming and going of a service or an export.
func (s standing) exists(what standing, on bool) standing {
	if on {
		return s | what
	}
	return s&^what | broken
}

func (s *step) take(next []byte, who int, hold standing) bool {
	mine, rivals := standing(next[who]), false
	for other := range next {
		theirs := standing(next[other])
		rivals = rivals || other != who && theirs&holdsAny != 0 && theirs&tampered == 0
	}
	if rivals && mine&tampered == 0 {
		if !s.user {
			return false
		}
		mine |= tampered
	}
	if hold == published && mine&published == 0 {
		mine &^= broken
		if !mine.exported() || s.user {
			mine |= broken
		}
	}
	next[who] = byte(mine | hold)
	return true
}

func (s *step) letGo(next []byte, who int, hold standing) bool {
	mine := standing(next[who])
	if mine&hold == 0 {
		return true
	}
	if !s.user && hold != holdsRoute && !mine.mayRelease() {
		return false
	}
	mine &^= hold
	if mine&holdsAny == 0 {
		mine &^= tampered
	} else if s.user && s.tampers {
		mine |= tampered
	}
	next[who] = byte(mine)
	return true
}

// model makes the porcupine model of one partition. spent counts its steps; it
// exceeds the budget at once when there are more pending steps than the state
// can tell apart.
func (p *partition) model(steps []*step) (model porcupine.Model, spent *int) {
	spent = new(int)
	possible, index := pendingSteps(steps)
	if len(possible) > 64 {
		*spent = allocationBudget
	}
	nondeterministic := porcupine.NondeterministicModel{
		Init: func() []any { return []any{ipState{standings: string(make([]byte, len(p.owners)))}} },
		Step: func(state, input, _ any) []any {
			now, s := state.(ipState), input.(*step)
			if *spent++; *spent > allocationBudget {
				return nil
			}
			if s.pending {
				now.pending |= 1 << index[s]
				return []any{now}
			}
			var next []any
			for _, before := range reachable(now, possible, spent) {
				if after, legal := s.apply(before); legal {
					next = append(next, ipState{after, now.pending})
				}
			}
			return next
		},
		Hash:              func(state any) uint64 { return state.(ipState).hash() },
		DescribeOperation: func(input, _ any) string { return input.(*step).describe(p.ip) },
		DescribeState:     func(state any) string { return p.describeState(state.(ipState)) },
	}
	return nondeterministic.ToModel(), spent
}

func (s ipState) hash() uint64 {
	h := fnv.New64a()
	h.Write([]byte(s.standings))
	return h.Sum64() ^ s.pending
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

// reachable lists what the standings may be once any of the pending steps have
// taken effect, in any order.
func reachable(from ipState, possible []*step, spent *int) []string {
	all := []string{from.standings}
	for i := 0; i < len(all) && from.pending != 0 && *spent <= allocationBudget; i++ {
		for bit, s := range possible {
			if from.pending&(1<<bit) == 0 {
				continue
			}
			*spent++
			if after, legal := s.apply(all[i]); legal && !slices.Contains(all, after) {
				all = append(all, after)
			}
		}
	}
	return all
}

// restrained tells whether the law has anything to say about the step.
func (s *step) restrained() bool {
	return !s.user && (s.takes || s.kind == factPublish || s.kind == factDeleted || s.kind == factUnclaim)
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
	case factService:
		text = existence("service", s.on)
	case factExport:
		text = existence("export", s.on)
	case factBorn:
		text = "GlobalIngressIP created"
	case factDeleted:
		text = "GlobalIngressIP deleted"
	case factUnclaim:
		text = "claim deleted"
	default:
		text = s.exchange(ip)
	}
	if s.kind != factUnclaim {
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
	if s.kind == factPublish && len(s.ips) > 0 {
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
	case factClaim, factUnclaim:
		return viaClaim
	case factRoute:
		return viaService
	}
	return viaStatus
}

var standingNames = []string{"service", "export", "claim", "internal Service", "status", "release legal", "deleted by a user", "changed by a user"}

func (p *partition) describeState(state ipState) string {
	var texts []string
	for who, name := range p.owners {
		var has []string
		for bit, text := range standingNames {
			if state.standings[who]&(1<<bit) != 0 {
				has = append(has, text)
			}
		}
		texts = append(texts, fmt.Sprintf("%s: %s", name, strings.Join(has, ", ")))
	}
	return strings.Join(texts, "; ")
}
