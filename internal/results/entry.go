package results

import (
	"fmt"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
)

// Entry is one run, as the journal has it. The first fields are those that
// `seatrial --json` prints.
type Entry struct {
	Seed           uint64            `json:"seed"`
	Scenario       string            `json:"scenario"`
	Subject        string            `json:"subject"`
	Verdict        model.VerdictKind `json:"verdict"`
	Property       string            `json:"property"` // empty on pass
	Hash           string            `json:"hash"`
	Requests       int               `json:"requests"`
	VirtualSeconds float64           `json:"virtual_seconds"`
	Reproduced     string            `json:"reproduced"`

	Illegal bool `json:"illegal,omitempty"` // with faults that Kubernetes does not permit

	Message string `json:"message,omitempty"`
	// Signature is the same for failures that most likely are one bug.
	Signature string `json:"signature,omitempty"`
	// Known is why a failure is told apart and not looked into.
	Known string `json:"known,omitempty"`
	// Idle and Unfired are the steps and faults without an effect, if that is a failure.
	Idle     []string       `json:"idle,omitempty"`
	Unfired  []string       `json:"unfired,omitempty"`
	Fired    map[string]int `json:"fired,omitempty"`    // fault kind → times
	New      []string       `json:"new,omitempty"`      // what this run of the sweep was the first to meet
	Artifact string         `json:"artifact,omitempty"` // folder of a failure, in that of the sweep
	Replay   string         `json:"replay,omitempty"`   // command that shows a failure again
}

// EntryOf is the entry of an outcome.
func EntryOf(o sweep.Outcome) Entry {
	return Entry{
		Seed: o.Job.Seed, Scenario: o.Scenario, Subject: o.Job.Subject, Verdict: o.Verdict, Property: o.Property,
		Hash: o.Hash, Requests: o.Requests, VirtualSeconds: o.Virtual.Seconds(),
		Reproduced: o.HowOften(), Illegal: o.Illegal, Message: o.Message, Fired: o.Fired, Signature: o.Signature, Known: o.Known,
	}
}

// Passed says whether there is nothing to report.
func (e *Entry) Passed() bool { return e.Verdict == model.VerdictPass }

// Violation says of a failure who broke what, and where.
func (e Entry) Violation() string {
	return fmt.Sprintf("%s violated %s in %s, seed %d", e.Subject, e.Property, e.Scenario, e.Seed)
}

// Void says whether steps or faults had no effect, and that is a failure.
func (e *Entry) Void() bool { return len(e.Idle)+len(e.Unfired) > 0 }

// run identifies a run: entries of one run are of the same plan and subject.
type run struct {
	subject, scenario string
	seed              uint64
}

func (e *Entry) run() run { return run{e.Subject, e.Scenario, e.Seed} }

// same says whether two entries of one run tell the same.
func (e *Entry) same(other *Entry) bool {
	return e.Verdict == other.Verdict && e.Property == other.Property && e.Hash == other.Hash
}
