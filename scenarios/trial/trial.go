package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Trial is a controller, the cluster that it runs in, and what users do there.
//
// The least that makes a test is Controller and Objects, with the
// CustomResourceDefinitions in Cluster if there are any. The zero value of every
// other field is ready for use. A Trial is not changed by running it, and one
// may be run any number of times, one run at a time.
type Trial struct {
	// Name is used in messages. Default: the name of the test, or "trial".
	Name string

	// Controller is what is under test, as a process called "controller".
	// Processes are more of them, or all. At least one has to be under test.
	Controller func(ctx context.Context, cfg *rest.Config) error
	// MayExit says whether it is ordinary that Controller returns err by itself
	// and is started again, as most programs do that cannot reach the API server
	// at first. Nil: only the end of a leader that lost its lease.
	MayExit   func(err error) bool
	Processes []Process

	// Cluster is what exists before anything starts: definitions of custom
	// resources, namespaces, any objects.
	Cluster Manifests
	// Objects are what users work with. Each seed draws when each is applied,
	// which of them are deleted and which of those are made anew. An object that
	// is there twice is applied in its first form and later in its second, which
	// makes an update.
	Objects Manifests
	// Steps are what users do besides, or instead, at times of your choosing.
	Steps []Step

	// Properties are laws of this controller's own, beside the generic ones.
	Properties []model.Property
	// Except names generic properties that do not hold for this controller by
	// design, e.g. "quiet" for one that writes a heartbeat.
	Except []string
	// Ignore lists what may end differently than in fair weather; see
	// [model.BaselineOptions].
	Ignore []string

	// Faults is the weather. Nil: each seed draws it.
	Faults []faults.Rule
	// Safety is how long faults are in force; steps lie in it. Default 2m. Settle
	// is how long the world then has to come to rest, at least 30s. Default 18m:
	// a work queue with client-go's default limiter waits up to 1000s after its
	// last failure.
	Safety, Settle time.Duration

	// Server says more about the cluster: API server replicas (default: one or
	// two, by the seed), WatchList, compaction, namespaces. Definitions in it are
	// added to those of Cluster.
	Server sim.Server
	// Network is the ordinary latency. Default 1ms to 10ms.
	Network sim.Network

	laws []lawOf // of a file
}

// lawOf is what a law of a file is about, and where it says so.
type lawOf struct{ place, resource string }

// Process is one program beside others: an operator, its peer, a stand-in for the
// kubelet.
type Process struct {
	Name string
	// Run is the program; it returns when ctx ends. Env, instead, is given what a
	// run knows about the process, such as an identity for leader election.
	Run func(ctx context.Context, cfg *rest.Config) error
	Env func(ctx context.Context, env sim.Env) error
	// Replicas are called NAME-1, NAME-2 and so on when there is more than one.
	Replicas int
	// Start is when it is first started; never before the cluster is set up.
	Start time.Duration
	// Stand-ins play a part of the cluster that the simulation does not have,
	// such as the kubelet: see [sim.Process].
	StandIn bool
	// MayExit says whether returning err by itself is ordinary; nil: only the
	// end of a leader that lost its lease.
	MayExit func(err error) bool
}

func (p *Process) run(ctx context.Context, env sim.Env) error {
	if p.Env != nil {
		return p.Env(ctx, env)
	}
	return p.Run(ctx, env.REST)
}

// names of its replicas.
func (p *Process) names() []string {
	if p.Replicas <= 1 {
		return []string{p.Name}
	}
	names := make([]string, p.Replicas)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", p.Name, i+1)
	}
	return names
}

// processes lists all programs but the users.
func (tr *Trial) processes() []Process {
	var all []Process
	if tr.Controller != nil {
		all = append(all, Process{Name: "controller", Run: tr.Controller, MayExit: tr.MayExit})
	}
	return append(all, tr.Processes...)
}

// underTest names the processes that the weather hits.
func (tr *Trial) underTest() []string {
	var names []string
	for _, p := range tr.processes() {
		if !p.StandIn {
			names = append(names, p.names()...)
		}
	}
	return names
}

const (
	defaultSafety = 2 * time.Minute
	defaultSettle = 18 * time.Minute
	leastSettle   = 30 * time.Second
)

func (tr Trial) withDefaults() Trial {
	if tr.Name == "" {
		tr.Name = "trial"
	}
	if tr.Safety == 0 {
		tr.Safety = defaultSafety
	}
	if tr.Settle == 0 {
		tr.Settle = defaultSettle
	}
	return tr
}

// RestartsAreFine is a MayExit for programs that leave it to their kubelet to
// start them again, whatever went wrong.
func RestartsAreFine(error) bool { return true }

// validate says everything that is wrong with a trial that has its defaults.
func (tr *Trial) validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(tr.underTest()) == 0 {
		wrong("controller: nothing is under test (want a function, or a Process that is no stand-in)")
	}
	seen := map[string]bool{}
	for _, p := range tr.processes() {
		for _, name := range p.names() {
			if name == "" || seen[name] {
				wrong("processes: the name %q is missing or taken (want a name of its own for each)", name)
			}
			seen[name] = true
		}
		if (p.Run == nil) == (p.Env == nil) {
			wrong("processes: %s has both Run and Env, or neither (want one)", p.Name)
		}
	}
	if tr.Safety <= 0 || tr.Settle < leastSettle {
		wrong("safety %s, settle %s: out of range (want more than 0s, and at least %s)", tr.Safety, tr.Settle, leastSettle)
	}
	errs = append(errs, tr.validateObjects(seen)...)
	errs = append(errs, tr.validateProperties()...)
	errs = append(errs, tr.validateFaults(tr.Faults)...)
	return errors.Join(errs...)
}

func (tr *Trial) validateObjects(taken map[string]bool) []error {
	var errs []error
	for _, m := range []Manifests{tr.Cluster, tr.Objects} {
		if m.err != nil {
			errs = append(errs, m.err)
		}
	}
	known, err := newCatalogue(tr)
	if err != nil {
		return append(errs, err)
	}
	check := func(m Manifests) {
		for _, object := range m.objects {
			if _, err := known.find(object); err != nil {
				errs = append(errs, err)
			}
		}
	}
	check(tr.Cluster)
	check(tr.Objects)
	for _, law := range tr.laws {
		if !known.serves(law.resource) {
			errs = append(errs, fmt.Errorf("%s: resource: the cluster has no %s (want plural and group, such as deployments.apps, of a built-in kind or of a definition in Cluster)", law.place, law.resource))
		}
	}
	for i := range tr.Steps {
		s := &tr.Steps[i]
		if err := s.validate(tr.Safety); err != nil {
			errs = append(errs, fmt.Errorf("step %d: %w", i, err))
		}
		if taken[s.user()] {
			errs = append(errs, fmt.Errorf("step %d: a process is called %q, too (want another user)", i, s.user()))
		}
		check(s.Apply)
		check(s.Delete)
	}
	return errs
}

func (tr *Trial) validateProperties() []error {
	var errs []error
	names := map[string]bool{}
	for _, p := range genericProperties(nil) {
		names[p.Name] = true
	}
	for _, name := range tr.Except {
		if !names[name] {
			errs = append(errs, fmt.Errorf("except: there is no generic property %q (they are listed in docs/properties.md)", name))
		}
	}
	for _, p := range tr.Properties {
		if names[p.Name] {
			errs = append(errs, fmt.Errorf("properties: %q is there twice, or the name of a generic one (want a name of its own)", p.Name))
		}
		names[p.Name] = true
	}
	return errs
}
