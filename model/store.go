package model

import (
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/anishathalye/porcupine"
)

// storeBudget bounds the steps that one object's history may cost.
const storeBudget = 1 << 18

// storeLinearizable is how the harness checks itself: whatever the simulated
// API server told its clients, it told the truth.
//
// Each object is a register that holds a resourceVersion or nothing. Answered
// calls take effect between request and answer:
//
//   - a quorum read (get without resourceVersion) sees the present version, a
//     404 that there is none;
//   - create needs absence, its 409 AlreadyExists presence;
//   - update, patch and delete need presence (or, without a precondition, may
//     create), and their precondition on the version to be met; a 409 "object
//     has been modified" needs it not to be met; a 404 needs absence;
//   - a write that changes nothing answers with the present version.
//
// What the answer cannot say comes from the commit log, at the very moment of
// the commit: writes without an answer, writes of the server itself, deletions
// of collections, and whether a deletion removed the object or marked it.
//
// Not judged: lists and watches (the watch guarantees do), reads at a given
// resourceVersion (they may be stale), dry runs, preconditions on UIDs.
func storeLinearizable() Property {
	return Property{
		Name:     "store-linearizable",
		Sentence: "For every object, quorum reads and writes have an order in which each sees what the one before it left.",
		Source:   "Kubernetes API concepts: resource versions, most recent; etcd KV API guarantees; the harness checks itself",
		Class:    ClassSafety,
		Check:    checkStore,
	}
}

// objectID names one object of the store.
type objectID struct{ group, resource, namespace, name string }

// access is one operation on one object.
type access struct {
	kind         accessKind
	precondition uint64 // resourceVersion that a write demands; 0: none
	version      uint64 // that the answer shows or the commit made; 0: none
	gone         bool   // the write removed the object
	unchanged    bool   // the write made no commit
	optional     bool   // still under way: it may not have happened
	call         *Call  // nil for what only the log tells
	from, to     int64
	text         string
}

type accessKind uint8

const (
	accessRead   accessKind = iota // saw version
	accessAbsent                   // saw that there is none
	accessExists                   // was refused because there is one
	accessStale                    // was refused because precondition is not the present version
	accessCreate
	accessWrite
	accessCommit // from the log: version or gone, whatever was before
)

// register is the state of one object.
type register struct {
	open    bool // nothing is known yet: no commit ever concerned it
	exists  bool
	version uint64
}

func (a *access) apply(r register) (register, bool) {
	if r.open {
		if a.kind == accessExists || a.kind == accessStale {
			return r, true
		}
		r = a.presumed()
	}
	after := register{exists: !a.gone, version: a.version}
	switch a.kind {
	case accessRead:
		return r, r.exists && r.version == a.version
	case accessAbsent:
		return r, !r.exists
	case accessExists:
		return r, r.exists
	case accessStale:
		return r, !r.exists || r.version != a.precondition
	case accessCreate:
		return after, !r.exists
	case accessCommit:
		return after, true
	}
	met := a.precondition == 0 || r.exists && r.version == a.precondition
	if a.unchanged {
		return r, met && r.exists && (a.version == 0 || a.version == r.version)
	}
	return after, met && (r.exists || !a.gone)
}

// presumed is what must have been there before the log began.
func (a *access) presumed() register {
	switch a.kind {
	case accessAbsent, accessCreate:
		return register{}
	case accessRead:
		return register{exists: true, version: a.version}
	}
	if a.precondition != 0 {
		return register{exists: true, version: a.precondition}
	}
	return register{exists: true, version: a.version}
}

func checkStore(h *History) Result {
	objects, order := accesses(h)
	result := Holds()
	for _, id := range order {
		history := objects[id]
		legal, decided := checkObject(history)
		switch {
		case legal:
		case !decided:
			if result.Status == Held {
				result = Undecide(fmt.Sprintf("%v has too many orders to search", id))
			}
		default:
			broken := brokenObject(id, history)
			if result.Status != Violated || broken.Culprit.Before(result.Culprit) {
				result = broken
			}
		}
	}
	return result
}

// checkObject searches a legal order. Where no two accesses overlap there is
// only one, and porcupine need not be asked.
func checkObject(history []*access) (legal, decided bool) {
	if sequential(history) {
		state := register{open: true}
		for _, a := range history {
			if state, legal = a.apply(state); !legal {
				return false, true
			}
		}
		return true, true
	}
	model, spent := storeModel()
	legal = porcupine.CheckOperations(model, storeOperations(history))
	return legal, legal || *spent <= storeBudget
}

func sequential(history []*access) bool {
	for i, a := range history {
		if a.optional || i > 0 && history[i-1].to >= a.from {
			return false
		}
	}
	return true
}

func storeModel() (porcupine.Model, *int) {
	spent := new(int)
	nondeterministic := porcupine.NondeterministicModel{
		Init: func() []any { return []any{register{open: true}} },
		Step: func(state, input, _ any) (next []any) {
			if *spent++; *spent > storeBudget {
				return nil
			}
			a := input.(*access)
			if a.optional {
				next = append(next, state)
			}
			if after, legal := a.apply(state.(register)); legal {
				next = append(next, after)
			}
			return next
		},
		DescribeOperation: func(input, _ any) string { return input.(*access).String() },
		DescribeState: func(state any) string {
			switch r := state.(register); {
			case r.open:
				return "not known"
			case !r.exists:
				return "absent"
			default:
				return "version " + strconv.FormatUint(r.version, 10)
			}
		},
	}
	return nondeterministic.ToModel(), spent
}

func storeOperations(history []*access) []porcupine.Operation {
	clients := map[string]int{}
	operations := make([]porcupine.Operation, len(history))
	for i, a := range history {
		process := ""
		if a.call != nil {
			process = a.call.Process
		}
		if _, ok := clients[process]; !ok {
			clients[process] = len(clients)
		}
		operations[i] = porcupine.Operation{ClientId: clients[process], Input: a, Call: a.from, Return: a.to}
	}
	return operations
}

// brokenObject finds the first answer that no order explains.
func brokenObject(id objectID, history []*access) Result {
	var ends []int64
	for _, a := range history {
		ends = append(ends, a.to)
	}
	slices.Sort(ends)
	prefix := func(seq int64) []*access {
		var known []*access
		for _, a := range history {
			if a.from > seq {
				continue
			}
			if a.to > seq {
				underway := *a
				underway.optional, underway.to = true, math.MaxInt64
				a = &underway
			}
			known = append(known, a)
		}
		return known
	}
	at := sort.Search(len(ends)-1, func(i int) bool { legal, _ := checkObject(prefix(ends[i])); return !legal })
	shortest := prefix(ends[at])
	last := shortest[slices.IndexFunc(shortest, func(a *access) bool { return a.to == ends[at] })]
	culprit := Culprit{Seq: uint64(last.to), Revision: last.version, Text: last.String()}
	if last.call != nil {
		culprit.At, culprit.CallID = last.call.Returned, last.call.ID
	}
	return Result{
		Status:  Violated,
		Message: fmt.Sprintf("no order of the accesses to %s %s/%s explains: %s", id.resource, id.namespace, id.name, last),
		Culprit: culprit,
		Visualize: func(w io.Writer) error {
			model, _ := storeModel()
			_, info := porcupine.CheckOperationsVerbose(model, storeOperations(shortest), 0)
			return porcupine.Visualize(model, info, w)
		},
	}
}

func (a *access) String() string {
	if a.call == nil {
		return a.text
	}
	text := a.call.String()
	if a.precondition != 0 {
		text += fmt.Sprintf(", if at version %d", a.precondition)
	}
	switch {
	case a.gone:
		text += ", removed it"
	case a.version != 0:
		text += fmt.Sprintf(", version %d", a.version)
	}
	return text
}
