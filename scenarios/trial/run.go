package trial

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Result is one seed of a trial, judged.
type Result struct {
	Trial string
	Seed  sim.Seed
	// Fair: the run failed in fair weather already, without a single fault.
	Fair    bool
	Steps   []Step        // what users did
	Faults  []faults.Rule // what went wrong
	Record  *sim.Record
	Verdict model.Verdict
}

// RunOptions are what a run can be asked for. None changes what happens in it.
type RunOptions struct {
	// KeepTrace keeps the events and the log in the record.
	KeepTrace bool
	// Watchdog is how long, in real time, the run may go without progress.
	// Default: that of [sim.Config].
	Watchdog time.Duration
}

// Run takes a controller through one seed: first in fair weather, which is its
// twin, then in the weather that the seed draws, and judges it. Same trial and
// seed: same result.
//
// It panics when the trial is not valid ([Check] says so more politely). t is
// needed by the virtual clock and never fails. Only one Run may be under way in
// a process.
func Run(t *testing.T, tr Trial, seed sim.Seed, o RunOptions) Result {
	tr = tr.withDefaults()
	if err := tr.validate(); err != nil {
		panic(fmt.Sprintf("trial: %s: %v", tr.Name, err))
	}
	return newVoyage(t, &tr, seed, o).run()
}

// voyage is one seed of a valid trial.
type voyage struct {
	t       *testing.T
	trial   *Trial
	seed    sim.Seed
	options RunOptions
	steps   []Step
}

func newVoyage(t *testing.T, tr *Trial, seed sim.Seed, o RunOptions) *voyage {
	steps := slices.Concat(tr.Steps, tell(seed, tr.Objects, tr.Safety))
	return &voyage{t: t, trial: tr, seed: seed, options: o, steps: steps}
}

func (v *voyage) run() Result {
	twin := v.fair()
	if twin.Verdict.Kind != model.VerdictPass {
		return twin
	}
	weather := v.trial.Faults
	if weather == nil {
		weather = drawWeather(v.seed, v.trial.underTest(), &twin.Record.History, v.trial.Safety)
	}
	return v.through(twin.Record, weather)
}

// fair runs the story in fair weather, and judges it by all but its twin, which
// it is itself.
func (v *voyage) fair() Result {
	record := v.sail(0, nil)
	return v.result(record, nil, true, model.Judge(&record.History, v.trial.properties(nil)))
}

// moreTwins are run when an end differs from the first twin's: what differs
// between twins does not count.
const moreTwins = 2

// through runs the story in bad weather and compares it with its twin.
func (v *voyage) through(twin *sim.Record, weather []faults.Rule) Result {
	record := v.sail(0, weather)
	twins := []*model.History{&twin.History}
	verdict := model.Judge(&record.History, v.trial.properties(twins))
	if verdict.Property == likeTwin {
		for i := range moreTwins {
			twins = append(twins, &v.sail(sim.Seed(i+1), nil).History)
		}
		verdict = model.Judge(&record.History, v.trial.properties(twins))
	}
	return v.result(record, weather, false, verdict)
}

// sail runs the story once. Another luck gives other latencies and jitter; the
// story is the same.
func (v *voyage) sail(luck sim.Seed, weather []faults.Rule) *sim.Record {
	// An odd constant, so that neighbours in luck are not neighbouring seeds.
	config := v.trial.world(v.seed+luck*0x9e3779b97f4a7c15, v.steps, weather)
	config.KeepTrace, config.Watchdog = v.options.KeepTrace, v.options.Watchdog
	return sim.Run(v.t, config)
}

func (v *voyage) result(record *sim.Record, weather []faults.Rule, fair bool, verdict model.Verdict) Result {
	return Result{
		Trial: v.trial.Name, Seed: v.seed, Fair: fair, Steps: v.steps, Faults: weather, Record: record, Verdict: verdict,
	}
}

const likeTwin = "like-twin"

// genericProperties are those of any controller.
func genericProperties(twins []*model.History) []model.Property {
	return slices.Concat(model.Generic(), model.Remains(), model.WatchGuarantees(),
		[]model.Property{model.LikeTwin(model.TwinOptions{Twins: twins})})
}

// properties are the laws of a run. A run without twins is one itself.
func (tr *Trial) properties(twins []*model.History) []model.Property {
	all := slices.Concat(model.Generic(), model.Remains(), model.WatchGuarantees(), tr.Properties)
	if len(twins) > 0 {
		all = append(all, model.LikeTwin(model.TwinOptions{Twins: twins, Ignore: tr.Ignore}))
	}
	return slices.DeleteFunc(all, func(p model.Property) bool { return slices.Contains(tr.Except, p.Name) })
}
