package artifact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/internal/report"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios/swarm"
)

// Words are what a page says that is not in the outcome.
type Words struct {
	Version  string
	Replay   string // the command that shows the run again
	Explains string // what shrinking found out
	Odds     []explain.Chance
}

// Page is report.html of an outcome: the run as its worker collected it or,
// when the worker died of it, what is known all the same.
func Page(words Words, o sweep.Outcome) ([]byte, error) {
	d, err := dataOf(words, o)
	if err != nil {
		return nil, err
	}
	return write(d)
}

// PageOfTwo is the page of an outcome with another in the same picture; title says what
// is different in the other. differs is the first event of the first that the other has
// not at its place, 0 if there is none, and at is when that is.
func PageOfTwo(words Words, o, other sweep.Outcome, title string) (page []byte, differs uint64, at time.Duration, err error) {
	d, err := dataOf(words, o)
	if err != nil {
		return nil, 0, 0, err
	}
	beside, err := dataOf(Words{}, other)
	if err != nil {
		return nil, 0, 0, err
	}
	report.Compare(d, beside, title)
	page, err = write(d)
	return page, d.Beside.Differs, d.Beside.At, err
}

func write(d *report.Data) ([]byte, error) {
	var page bytes.Buffer
	if err := report.Write(&page, d); err != nil {
		return nil, err
	}
	return page.Bytes(), nil
}

func dataOf(words Words, o sweep.Outcome) (*report.Data, error) {
	d := report.Data{About: report.About{
		Subject: o.Job.Subject, Scenario: o.Scenario, Seed: fmt.Sprint(o.Job.Seed), Verdict: string(o.Verdict),
		Property: o.Property, Message: o.Message, Hash: o.Hash, Generator: swarm.Version, Ended: o.Virtual,
	}, Detail: o.Detail}
	if len(o.Report) > 0 {
		if err := json.Unmarshal(o.Report, &d); err != nil {
			return nil, fmt.Errorf("reading what a worker collected of seed %d: %w", o.Job.Seed, err)
		}
	}
	d.Plan, d.Explains, d.Odds = o.Plan, words.Explains, words.Odds
	d.About.Version, d.About.Replay, d.About.Porcupine = words.Version, words.Replay, len(o.Porcupine) > 0
	d.About.Illegal = o.Illegal
	if o.Runs > 0 && o.Property != "" {
		d.About.Reproduced = o.HowOften()
	}
	return &d, nil
}
