package artefact

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/seatrial/seatrial/scenarios/report"
	"github.com/seatrial/seatrial/scenarios/sweep"
	"github.com/seatrial/seatrial/sim"
)

// Page is report.html of an outcome: the run as its worker collected it or,
// when the worker died of it, what is known all the same. replay is the command
// that the page shows.
func Page(version, replay string, o sweep.Outcome) ([]byte, error) {
	d := report.Data{About: report.About{
		Subject: o.Job.Subject, Scenario: o.Scenario, Seed: fmt.Sprint(o.Job.Seed), Verdict: string(o.Verdict),
		Property: o.Property, Message: o.Message, Hash: o.Hash, Generator: sim.GeneratorName, Ended: o.Virtual,
	}, Detail: o.Detail}
	if len(o.Report) > 0 {
		if err := json.Unmarshal(o.Report, &d); err != nil {
			return nil, fmt.Errorf("reading what a worker collected of seed %d: %w", o.Job.Seed, err)
		}
	}
	d.Plan = o.Plan
	d.About.Version, d.About.Replay, d.About.Porcupine = version, replay, len(o.Porcupine) > 0
	if o.Runs > 0 && o.Property != "" {
		d.About.Reproduced = fmt.Sprintf("%d/%d", o.Reproduced, o.Runs)
	}
	var page bytes.Buffer
	if err := report.Write(&page, &d); err != nil {
		return nil, err
	}
	return page.Bytes(), nil
}
