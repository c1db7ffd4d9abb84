package bugs

import (
	"context"
	"slices"
	"time"

	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/model"
)

// Run is a controller as its main function starts it.
type Run = func(ctx context.Context, cfg *rest.Config) error

// Bug is one entry of the corpus.
type Bug struct {
	Name   string // kebab-case: the project that had it, and the number of the issue
	Class  string // one of [Classes]
	Source string // address of the public issue
	Story  string // what goes wrong, in one sentence

	// Controller is what is under test: as it was, or mended. Peer, if there is one, is
	// under test beside it, as a process of its own.
	Controller, Peer func(mended bool) Run
	// Replicas of Controller; 0 and 1: one.
	Replicas int
	// StandIn plays another part of the cluster, which no fault hits. Nil: nobody.
	StandIn Run

	// Cluster and Objects are manifests: what is there at first, beside [Definitions],
	// and what users apply, change and delete. An object that is there twice is applied
	// in its first form and later in its second.
	Cluster, Objects string
	// Steps are what users do besides, in order.
	Steps []Step

	// Laws are what users of the controller would have said of it. Ignore and Except are
	// as in a trial.
	Laws   []model.Property
	Ignore []string
	Except []string
}

// Step is something that a user does at a time: exactly one of Apply and Delete, which
// are manifests, and Do.
type Step struct {
	At            time.Duration
	Apply, Delete string
	Name          string // of Do
	Do            Run
}

// Classes are the kinds of mistakes that the corpus has, in the order of [All].
var Classes = []string{
	"stale cache", "error as absence", "forgotten requeue", "status conflict dropped", "finalizer too early",
	"finalizer never removed", "forgotten error", "ownerRef in a second write", "expectations across re-creation", "generateName duplicated",
	"partial create", "resource version ignored", "two leaders", "tombstones", "selector change",
	"foreground deletion", "missed 410", "hot loop", "condition flapping", "unbounded retries",
	"leaked external resource", "cross-namespace mix-up", "order of list assumed", "adoption of a stranger's object",
	"memory lost at a restart", "unsynced cache",
}

// All is the corpus, in order of class and name.
func All() []Bug {
	all := slices.Concat(staleCaches, errorsAsAbsence, forgottenRequeues, conflicts, finalizers, owners, expectations, generatedNames,
		partialCreates, versions, leaders, tombstones, selectors, foregrounds, missedExpiries, loops, clouds, namespaces, orders,
		strangers, allocators, rebirths)
	slices.SortStableFunc(all, func(a, b Bug) int {
		return slices.Index(Classes, a.Class) - slices.Index(Classes, b.Class)
	})
	return all
}
