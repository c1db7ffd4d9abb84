package report

import (
	"time"

	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/scenarios"
)

// Data is everything that a page shows of one run. Times are virtual, in
// nanoseconds since the run began.
type Data struct {
	About   About    `json:"about"`
	Plan    string   `json:"plan"`
	Laws    []Law    `json:"laws"`
	Actors  []Actor  `json:"actors"`
	Faults  []Rule   `json:"faults"`
	Calls   []Call   `json:"calls"`
	Frames  []Frame  `json:"frames"`
	Commits []Commit `json:"commits"`
	Owners  []Owner  `json:"owners"`
	Log     []Line   `json:"log"`
	Bodies  []string `json:"bodies"` // what calls and commits refer to by index + 1
	Trace   []string `json:"trace"`  // the events, a line each, in order of their number
	// TraceFrom is how many events come before the first of Trace: those of a very long
	// run are not all shown.
	TraceFrom uint64 `json:"traceFrom,omitempty"`
	// Why is the story of the failure: the strip above the timeline.
	Why explain.Story `json:"why"`
	// Belongs says of objects whose name says nothing whose they are.
	Belongs  map[string]string `json:"belongs,omitempty"`
	Detail   string            `json:"detail,omitempty"`
	Explains string            `json:"explains,omitempty"` // what shrinking found out
	// Beside is another run, shown in the same picture; see [Compare].
	Beside *Beside `json:"beside,omitempty"`
	// Odds are the chances of the same failure over time; see [explain.Odds].
	Odds []explain.Chance `json:"odds,omitempty"`
}

// Beside is a second run of the same plan and seed but for one thing.
type Beside struct {
	Title   string `json:"title"` // what is different, e.g. "without look-up-fails"
	Verdict string `json:"verdict"`
	// Differs is the first event of the page's run that the other does not have at
	// its place; 0: the shorter of the two is the beginning of the other.
	Differs uint64        `json:"differs"`
	At      time.Duration `json:"at"`

	Actors  []Actor  `json:"actors"`
	Calls   []Call   `json:"calls"`
	Frames  []Frame  `json:"frames"`
	Commits []Commit `json:"commits"`
	Bodies  []string `json:"bodies"`
}

// About is what stands at the head of the page.
type About struct {
	Subject    string        `json:"subject"`
	Scenario   string        `json:"scenario"`
	Seed       string        `json:"seed"` // text: JavaScript cannot hold every seed as a number
	Verdict    string        `json:"verdict"`
	Property   string        `json:"property,omitempty"`
	Message    string        `json:"message,omitempty"`
	Hash       string        `json:"hash"`
	Reproduced string        `json:"reproduced,omitempty"`
	Version    string        `json:"version,omitempty"`
	Generator  string        `json:"generator,omitempty"`
	Replay     string        `json:"replay,omitempty"` // the command
	Cleared    time.Duration `json:"cleared"`
	Ended      time.Duration `json:"ended"`
	Culprit    *Culprit      `json:"culprit,omitempty"`
	// Illegal: the plan has faults that Kubernetes does not permit.
	Illegal bool `json:"illegal,omitempty"`
	// Cut says which events are shown; empty: all are.
	Cut string `json:"cut,omitempty"`
	// Files beside the page that it links to, as far as they exist.
	Porcupine bool `json:"porcupine,omitempty"`
}

// Culprit is the event that broke the law.
type Culprit struct {
	Seq  uint64        `json:"seq"`
	At   time.Duration `json:"at"`
	Call uint64        `json:"call,omitempty"`
	Text string        `json:"text"`
}

// Law is one property and how its check ended.
type Law struct {
	Name    string `json:"name"`
	Class   string `json:"class"`
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// Actor is a process, with its lives one after the other.
type Actor struct {
	Name  string `json:"name"`
	User  bool   `json:"user,omitempty"`
	Lives []Life `json:"lives"`
}

// Life is one incarnation.
type Life struct {
	Number int           `json:"number"`
	From   time.Duration `json:"from"`
	Until  time.Duration `json:"until"`
	End    string        `json:"end,omitempty"` // crashed or stopped; empty: it lived to the end
}

// Rule is one fault of the plan: its window, and when it took effect.
type Rule struct {
	ID      string        `json:"id"`
	Kind    string        `json:"kind"`
	Scope   string        `json:"scope"`             // what it acts on: call, watch, link, process, server
	Process string        `json:"process,omitempty"` // pattern; empty: every process under test
	Text    string        `json:"text"`
	From    time.Duration `json:"from"`
	Until   time.Duration `json:"until"`
	Always  bool          `json:"always,omitempty"` // in force for the whole safety phase
	Hits    []Hit         `json:"hits,omitempty"`
}

// Hit is one effect of a rule.
type Hit struct {
	Seq  uint64        `json:"seq"`
	At   time.Duration `json:"at"`
	Call uint64        `json:"call,omitempty"`
}

// Call is one request, seen from its client.
type Call struct {
	ID       uint64        `json:"id"`
	Actor    string        `json:"actor"`
	Life     int           `json:"life"`
	Verb     string        `json:"verb"`
	Resource string        `json:"resource"` // with subresource
	Object   string        `json:"object,omitempty"`
	Query    string        `json:"query,omitempty"`
	Seq      uint64        `json:"seq"`
	From     time.Duration `json:"from"`
	Until    time.Duration `json:"until"`
	// Server is the API server that the request reached, at Arrived; 0: none.
	Server  int           `json:"server,omitempty"`
	Arrived time.Duration `json:"arrived,omitempty"`
	Outcome string        `json:"outcome"` // ok, failed, unknown or open: it never returned
	Code    int           `json:"code,omitempty"`
	Back    uint64        `json:"back,omitempty"` // the event by which its caller knew
	Error   string        `json:"error,omitempty"`
	Faults  []string      `json:"faults,omitempty"` // ids of the rules that hit it
	// Because is the event for which it was made; Timer: by way of a timer.
	Because  uint64 `json:"because,omitempty"`
	Timer    bool   `json:"timer,omitempty"`
	Request  int    `json:"request,omitempty"`
	Response int    `json:"response,omitempty"`
}

// Frame is one event of a watch, as its client received it.
type Frame struct {
	Call     uint64        `json:"call"`
	Seq      uint64        `json:"seq"`
	At       time.Duration `json:"at"`
	Type     string        `json:"type"`
	Object   string        `json:"object,omitempty"`
	Revision uint64        `json:"revision,omitempty"`
}

// Commit is one entry of the revision log.
type Commit struct {
	Seq      uint64        `json:"seq"`
	Revision uint64        `json:"revision"`
	At       time.Duration `json:"at"`
	Call     uint64        `json:"call,omitempty"`
	Actor    string        `json:"actor,omitempty"` // empty: the server itself
	Resource string        `json:"resource"`
	Object   string        `json:"object"`
	Old      int           `json:"old,omitempty"`
	New      int           `json:"new,omitempty"`
}

// What a subject's [scenarios.Subject.Owners] tells.
type (
	Owner    = scenarios.Owner
	Interval = scenarios.Interval
	Hold     = scenarios.Hold
)

// Line is a line that a process logged.
type Line struct {
	At    time.Duration `json:"at"`
	Actor string        `json:"actor"`
	Text  string        `json:"text"`
}
