package model

import (
	"io"
	"time"
)

// Class is what a violated property makes of the verdict.
type Class string

const (
	ClassSafety   Class = "safety"   // something happened that never may
	ClassLiveness Class = "liveness" // something did not happen that had to
	ClassCrash    Class = "crash"    // the subject did not live to be judged
)

// Property is one law, by name.
//
// Check must be a pure function of the history: it may neither change it nor
// read a clock, and equal histories give equal results.
type Property struct {
	Name     string // kebab-case, unique in a list
	Sentence string // what always holds, for people
	Source   string // where the law comes from
	Class    Class
	Check    func(*History) Result

	probe func(empty *State) // asks for what the law is about; nil: that is not known
}

// Unserved is a resource that a law of this package asks for and that a cluster does not
// have; empty: none is known. It is found by showing the law a cluster without objects,
// so one that is asked for only beside others is found when a run is judged: it leaves
// the law undecided.
func (p Property) Unserved(serves func(resource string) bool) string {
	if p.probe == nil {
		return ""
	}
	s := (&History{Serves: serves}).newState()
	func() {
		defer func() { _ = recover() }() // a law may count on objects that every run has
		p.probe(s)
	}()
	return s.unserved
}

// Status is how the check of one property ended. The zero value means that it
// did not run, which is never a pass.
type Status string

const (
	NotRun   Status = ""
	Held     Status = "held"
	Violated Status = "violated"
	// Undecided: the check ran and has no answer (a body that could not be
	// read, a search beyond its budget, a history without the phase in
	// question). Message says why.
	Undecided Status = "undecided"
)

// Result is what one check found.
type Result struct {
	Status  Status
	Message string  // one line; empty when held
	Culprit Culprit // only when violated
	// Visualize writes porcupine's HTML page for a history with no legal
	// order; nil for properties that are not checked by porcupine.
	Visualize func(io.Writer) error
	// Untested: it held because the run had nothing that the law is about. A law that
	// cannot tell says false.
	Untested bool
	// Sometimes: the law is of what is to be seen at least once in a search, and never
	// broken by one run. Untested, then, says that it was not seen.
	Sometimes bool
	// answerable finds a better culprit than Culprit, which decides between violations,
	// when it is this one that the verdict tells; nil: there is none.
	answerable func() Culprit
}

// Culprit is the very event that broke the law: the commit, or the answer that
// no order of events can explain. Zero fields are not known.
type Culprit struct {
	Seq      uint64
	At       time.Duration
	CallID   uint64
	Revision uint64
	Text     string
}

// Holds is the result of a check that found nothing wrong.
func Holds() Result { return Result{Status: Held} }

// tested is the result of a check that found nothing wrong, in a run that had what the
// law is about, or had not.
func tested(had bool) Result { return Result{Status: Held, Untested: !had} }

// Undecide is the result of a check that has no answer; why is one line.
func Undecide(why string) Result { return Result{Status: Undecided, Message: why} }

// Breach is the result of a check that found the law broken; message is one line.
func Breach(message string, culprit Culprit) Result {
	return Result{Status: Violated, Message: message, Culprit: culprit}
}
