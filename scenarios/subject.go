package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Subject is what can be put to sea: one or more programs, the cluster they run
// in, what users do there and what must hold. Everything else is generic: a
// trial, a scenario file, a historical bug and the controller that ships are all
// subjects.
type Subject struct {
	Name    string // such as historical/3336 or TestSite
	Summary string // one line

	Language *Language // nil: [Basic]
	// Deploy lists the processes of a plan's world but for its users, the names
	// of those under test being those of the language.
	Deploy func(*Plan) []sim.Process
	// Servers are those that processes reach by name beside the API server; their hosts
	// are those of the language.
	Servers []sim.HTTPServer
	// StandIns are the parts of a cluster that the API server alone has not; nil: none.
	// Their processes are among the others of the language.
	StandIns StandIns
	// Cluster are objects that exist before anything starts, beside the
	// definitions of the language's catalog and the plan's namespaces.
	Cluster []Manifest
	// Without is what the API server does not play of kube-controller-manager,
	// because the subject is that part: see [sim.Server].
	Without []string

	// Properties are the laws of a run. None is added to them: see [GenericProperties].
	Properties func(*Plan) []model.Property
	// Inside are those of the subject's own laws that are about what only a
	// simulation sees, such as gauges and hosts. On a real cluster they are not
	// judged, and neither are the generic ones of that kind.
	Inside []model.Property
	// Baseline says that a run is also judged by how the same steps end without a
	// fault; nil: it is not.
	Baseline *Baseline

	// World draws the world of a seed, its name, phases and settings; steps, if
	// they belong to the subject and no dice decide about them, too. Nil: the
	// subject runs the plans of files only.
	World func(sim.Seed, Extras) Plan
	// Traffic draws what users do in a world, knowing when the subject notices
	// little. Nil: each of Objects is applied, and may be changed, deleted and made
	// anew, beside the steps that World gave.
	Traffic func(sim.Seed, *Plan, []Outage, Extras) []Step
	// Objects are what users work with when Traffic is nil.
	Objects []Manifest
	// Survey is an ordinary day of the subject's family, the same for all of it:
	// from it the generator learns what
	// subjects call, read and make; see package swarm. Nil: it learns nothing but
	// from baselines.
	Survey func() (Subject, Plan)
	// States lists the states that a run went through, for coverage: bounded in
	// number, and in words that mean the same in every run. Nil: those of any
	// object.
	States func(*model.History) []string

	// Owners tells who had what when, for the report. Nil: there is nothing of the kind.
	Owners func(*model.History) []Owner

	// Known failures are told apart and not looked into again.
	Known []Known
}

// Baseline says how a run is compared with fault-free ones.
type Baseline struct {
	// Ignore lists what may end differently, and Rename the fields whose values may be
	// others one to one; see [model.BaselineOptions].
	Ignore, Rename []string
	// Unjudged: nothing is compared. The baseline is still what faults are drawn from.
	Unjudged bool
}

// Known is a failure that is known already.
type Known struct {
	// Signature as messages show it, or the beginning of one.
	Signature string
	Reason    string // why it is not looked into, such as an issue's address
}

// Extras are what plans have only if that is asked for. All else is drawn as without.
type Extras struct {
	// Illegal: the faults that Kubernetes does not permit are among those that may be drawn.
	Illegal bool `json:"illegal,omitempty"`
	// Contention: some controllers have several workers, and some API servers serve
	// WatchLists. What several goroutines do at one instant, and the map in which
	// client-go keeps what a watch begins with, only exact mode can repeat.
	Contention bool `json:"contention,omitempty"`
}

// Outage is a time in which a subject notices nothing of what users do: it is
// away, cut off or stopped. Users act in outages and around them, because a
// controller that has missed something learns of it by comparing, and believes
// what it then reads.
type Outage struct {
	From, Until time.Duration
	// Relists: after it, what the controller has cached is compared with a new list.
	Relists bool
}

// Owner is somebody who has things (addresses, say) over time.
type Owner struct {
	Name     string     `json:"name"`
	Exported []Interval `json:"exported,omitempty"` // while it was to have one
	Holds    []Hold     `json:"holds,omitempty"`
}

// Interval is [From, Until).
type Interval struct {
	From  time.Duration `json:"from"`
	Until time.Duration `json:"until"`
}

// Hold is a thing in somebody's hands.
type Hold struct {
	IP  string `json:"ip"`
	Via string `json:"via"`
	Interval
	Seq  uint64 `json:"seq"`            // of the commit that began it
	Ends uint64 `json:"ends,omitempty"` // of the commit that ended it
}

// Registry finds subjects by name. Main functions and tests fill it; no generic
// room knows what is in it.
type Registry struct {
	subjects []Subject
	ofFile   func(file string, text []byte) (Subject, error)
}

// Reading is the registry, with a function that makes the subject of a scenario file
// which brings its own.
func (r *Registry) Reading(ofFile func(file string, text []byte) (Subject, error)) *Registry {
	c := *r
	c.ofFile = ofFile
	return &c
}

// OfFile is the subject that a scenario file brings along.
func (r *Registry) OfFile(file string, text []byte) (Subject, error) {
	if r == nil || r.ofFile == nil {
		return Subject{}, fmt.Errorf("%s brings its programs along, and this program cannot run any (want seatrial run)", file)
	}
	return r.ofFile(file, text)
}

// NewRegistry holds these subjects. It panics when two have one name.
func NewRegistry(subjects ...Subject) *Registry {
	r := &Registry{}
	for _, s := range subjects {
		if _, twice := r.Find(s.Name); twice {
			panic(fmt.Sprintf("scenarios: there are two subjects %q", s.Name))
		}
		r.subjects = append(r.subjects, s)
	}
	return r
}

// Subjects lists all, in the order in which they were given. A nil registry has none.
func (r *Registry) Subjects() []Subject {
	if r == nil {
		return nil
	}
	return slices.Clone(r.subjects)
}

// Find returns the subject of that name, and whether there is one.
func (r *Registry) Find(name string) (Subject, bool) {
	for _, s := range r.Subjects() {
		if s.Name == name {
			return s, true
		}
	}
	return Subject{}, false
}

// Language is that of the subject of that name; [Foreign] when there is none.
func (r *Registry) Language(subject string) *Language {
	s, ok := r.Find(subject)
	if !ok {
		return Foreign()
	}
	return s.language()
}

func (s *Subject) language() *Language {
	if s.Language == nil {
		return Basic()
	}
	return s.Language
}

// GenericProperties are the laws of any controller: those of its run, what it
// leaves behind, and what Kubernetes guarantees its watches. With faults that
// Kubernetes does not permit the last are not what Kubernetes guarantees, so
// they are not asked for.
func GenericProperties(p *Plan) []model.Property {
	properties := slices.Concat(model.Generic(), model.Remains())
	if p.AtRest > 0 {
		properties = append(properties, model.RestLasts(p.AtRest))
	}
	if p.Illegal() {
		return properties
	}
	return append(properties, model.WatchGuarantees()...)
}
