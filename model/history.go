package model

import (
	"fmt"
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
)

// History is the record of one run, as data.
//
// Every happening has a number in one total order (Seq): the simulation
// delivers one event at a time, so a < b means a happened before b even when
// both bear the same virtual time. Times are virtual, since the run began.
type History struct {
	Calls       []Call       // in order of CallSeq
	Commits     []Commit     // in order of Revision
	Watches     []Watch      // in order of the call that began them
	HostChanges []HostChange // what processes did to their machines, in order
	Problems    []Problem    // what the subject did to itself: panics, leaks, early exits

	// Metrics are what the processes that were alive at the end had to say, in
	// order of process, name and labels.
	Metrics []Metric

	// Disturbances are when something stood in a process's way, in order of From. A
	// history without any does not say.
	Disturbances []Disturbance

	// Servers are the final states of servers other than the API server that tell
	// theirs, in the order in which the world has them.
	Servers []ServerState

	// Cleared is when the weather cleared: faults stopped, user actions were
	// over. Ended is when the run stopped.
	Cleared, Ended time.Duration

	// Restless is what was written again and again when the run was ended early,
	// because it would not come to rest; most often written first. Empty: it was not.
	Restless []Repetition

	// Serves says whether the cluster has a resource, named as in [State]. Nil: it
	// is not known.
	Serves func(resource string) bool

	// derived is what Derive has worked out. Judge makes it for its own copy.
	derived map[reflect.Type]any
}

// Repetition is a write that a process makes again and again.
type Repetition struct {
	Process, Verb, Resource, Namespace, Name string

	Times int // in the last minute
}

// String is for people: "controller update pods/status shop/web 300 times".
func (r Repetition) String() string {
	name := r.Name
	if r.Namespace != "" {
		name = r.Namespace + "/" + r.Name
	}
	return fmt.Sprintf("%s %s %s %s %d times", r.Process, r.Verb, r.Resource, name, r.Times)
}

// Outcome is what a client knows about its own call.
type Outcome string

const (
	// OK: the server answered with success.
	OK Outcome = "ok"
	// Failed: the call certainly had no effect (an error Status other than a
	// time-out, a refused connection).
	Failed Outcome = "failed"
	// Unknown: it may have had its effect, or have it later, or never.
	Unknown Outcome = "unknown"
)

// Call is one request, seen from the client's edge.
type Call struct {
	ID          uint64 // counted from 1
	Process     string
	Incarnation int  // of the process, counted from 1
	User        bool // made by a user or a stand-in, not by a subject
	StandIn     bool // the user is a stand-in: it plays a part of the cluster, such as the kubelet
	// Host is the server that was called; empty: the API server. The resource of a
	// call to another server is its host, too, and the name is the path.
	Host        string
	Verb        string
	Group       string
	Version     string
	Resource    string
	Subresource string
	Namespace   string
	Name        string // empty for list, create with a name in the body has it filled in
	// Query is the raw query of the URL, e.g. resourceVersion=0 or dryRun=All.
	Query string

	CallSeq, ReturnSeq uint64        // ReturnSeq 0: never returned
	Called, Returned   time.Duration // Returned is meaningful only with a ReturnSeq
	// Server is the API server that the request reached, at Arrived, counted
	// from 1; 0: it reached none.
	Server  int
	Arrived time.Duration

	Outcome Outcome
	Code    int    // HTTP status; 0 when none came
	Error   string // transport error, when no answer came

	RequestType, ResponseType string // media types
	Request, Response         []byte // bodies; a watch has no Response
}

// Watch is one watch, as its client received it. What was asked for is in the
// call: resource, namespace, and in the query resourceVersion, selectors,
// allowWatchBookmarks and sendInitialEvents.
type Watch struct {
	CallID uint64
	Frames []Frame // in the order in which they reached the process
}

// Frame is one event of a watch.
type Frame struct {
	Seq             uint64
	At              time.Duration
	Type            string // ADDED, MODIFIED, DELETED, BOOKMARK, ERROR
	Revision        uint64 // resourceVersion of the object or bookmark; 0 for ERROR
	Namespace, Name string
	InitialEnd      bool   // a bookmark with annotation k8s.io/initial-events-end
	Data            []byte // the whole event as it went over the wire
}

// Commit is one entry of the server's revision log. Old is nil on creation,
// New on deletion. Built-in kinds are typed objects of k8s.io/api, custom
// resources are *unstructured.Unstructured; none may be changed.
type Commit struct {
	Seq       uint64
	Revision  uint64
	At        time.Duration
	CallID    uint64 // Call.ID that caused it; 0: the server or an actor of its own
	Process   string // of that call; empty for the server's own
	User      bool   // as of the call
	Group     string
	Version   string
	Resource  string
	Namespace string
	Name      string
	UID       string
	Old, New  runtime.Object
}

// HostChange is one change that a process made to the machine it runs on: something that
// outlives it and that no API server knows of.
type HostChange struct {
	Seq     uint64
	At      time.Duration
	Process string
	Kind    string // what kind of thing was changed, e.g. rule
	Name    string // which
	Value   string // what it is from then on; empty: gone
}

// ServerState is what a server beside the API server had when the run ended: what
// its State method returned, which laws may not change.
type ServerState struct {
	Host  string
	State any
}

// ServerState is the final state of a server by its host; nil: none is known.
func (h *History) ServerState(host string) any {
	for _, s := range h.Servers {
		if s.Host == host {
			return s.State
		}
	}
	return nil
}

// Metric is the value that one time series of a process had when the run ended.
type Metric struct {
	Process string
	Name    string
	Labels  map[string]string
	Value   float64
}

// Problem is something the subject did to itself, or a scenario or a stand-in to itself.
type Problem struct {
	Kind    ProblemKind
	Process string
	StandIn bool // the process is a stand-in: what it did to itself is not the subject's doing
	At      time.Duration
	Message string // one line
	Detail  string // stack or goroutine dump
}

// ProblemKind names a Problem.
type ProblemKind string

const (
	Panicked ProblemKind = "panic" // a panic, also one that the controller's framework recovered
	Exited   ProblemKind = "exit"  // the process function returned before it was stopped
	Leaked   ProblemKind = "leak"  // goroutines still blocked after the process was stopped
	Failing  ProblemKind = "user"  // a user could not do what the scenario says; not the subject's doing
	Hung     ProblemKind = "hang"  // a goroutine blocked virtual time
)
