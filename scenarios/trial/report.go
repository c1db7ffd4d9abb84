package trial

import (
	"fmt"
	"strings"
)

// report tells people about a failing seed.
type report struct {
	smallest, found *Result
	same, runs      int
	test            string
	aimed           string // the only fault that was tried; of CheckEveryCall
}

func (r report) text() string {
	var b strings.Builder
	result := r.smallest
	v := result.Verdict
	fmt.Fprintf(&b, "%s: %s violated %s, seed %d (reproduced %d/%d)\n", v.Kind, result.Trial, v.Property, result.Seed, r.same, r.runs)
	fmt.Fprintf(&b, "    %s\n", v.Message)
	if v.Culprit.Text != "" && v.Culprit.Text != v.Message {
		fmt.Fprintf(&b, "    culprit: event %d: %s\n", v.Culprit.Seq, v.Culprit.Text)
	}
	if advice := adviceOn(v.Property); advice != "" {
		fmt.Fprintf(&b, "    advice: %s\n", advice)
	}
	r.story(&b)
	for _, p := range result.Record.History.Problems {
		fmt.Fprintf(&b, "%s %s at %s: %s\n%s\n", p.Kind, p.Process, p.At, p.Message, p.Detail)
	}
	for _, e := range result.Record.Events {
		fmt.Fprintln(&b, e)
	}
	only := ""
	if r.aimed != "" {
		only = " -seatrial.only=" + r.aimed
	}
	fmt.Fprintf(&b, "again: go test -run '^%s$' -seatrial.seeds=%d%s -v -seatrial.trace=true\n", r.test, result.Seed, only)
	return b.String()
}

// story lists what users did and what went wrong, as small as it was made.
func (r report) story(b *strings.Builder) {
	fmt.Fprintf(b, "what users did (%d of %d steps):\n", len(r.smallest.Steps), len(r.found.Steps))
	for i := range r.smallest.Steps {
		fmt.Fprintf(b, "    %s\n", &r.smallest.Steps[i])
	}
	if r.smallest.Fair {
		fmt.Fprintln(b, "what went wrong: nothing; it fails in fair weather")
		return
	}
	fmt.Fprintf(b, "what went wrong (%d of %d faults):\n", len(r.smallest.Faults), len(r.found.Faults))
	for i := range r.smallest.Faults {
		fmt.Fprintf(b, "    %s\n", &r.smallest.Faults[i])
	}
}

// adviceOn says what usually lies behind a violation of a generic property.
func adviceOn(property string) string {
	return map[string]string{
		"no-exit":            "return from the controller's function only when its context has ended; a failed call at start is to be tried again",
		"no-panic":           "the stack below says where, also if a framework recovered it; what a cache or a status does not have yet is nil",
		"no-goroutine-leak":  "return when the context ends; shut down work queues, event broadcasters and informer factories, and pass the context on; the dump below shows where they wait",
		"no-hang":            "do not loop without a pause, and do not wait for what is outside the run: a channel or mutex of package level, a socket, a file",
		"no-wall-clock":      "take the time from time.Now, time.Since and timers, which are the run's, not from files, system calls, certificates or other programs",
		"bounded-retries":    "return the error to a rate-limited queue instead of trying again at once",
		"quiet":              "compare before writing: an update that changes nothing wakes your own watch, and so on for ever",
		"finalizers-removed": "an object that is being deleted needs to be reconciled until its finalizer is gone, also after a restart and when what it stood for is gone already",
		"no-orphans":         "garbage collection needs the owner's uid of now, in the same namespace or in none, and no finalizer that nobody removes",
		"users-performed":    "the run did not do what it was meant to: see the server's answer above, and correct the objects or steps",
		likeTwin:             "look at the object's last change, and at what was lost before it; what may differ by design goes into Ignore",
	}[property]
}
