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
		weather = v.trial.drawWeather(v.seed, &twin.Record.History)
	}
	return v.through(twin.Record, weather)
}

// fair runs the story in fair weather, and judges it by all but its twin, which
// it is itself.
func (v *voyage) fair() Result {
	record := sim.Run(v.t, v.config(v.seed, nil))
	return v.result(record, nil, true, model.Judge(&record.History, v.trial.properties(nil)))
}

// through runs the story in bad weather and compares it with its twin. When
// their ends differ, two more twins tell what the story determines: one with
// other latencies, and one whose controller sleeps until all has happened. What
// a controller shows only because it saw a state that came and went is no part
// of the end that it has to reach.
func (v *voyage) through(twin *sim.Record, weather []faults.Rule) Result {
	record := sim.Run(v.t, v.config(v.seed, weather))
	twins := []*model.History{&twin.History}
	verdict := model.Judge(&record.History, v.trial.properties(twins))
	if verdict.Property == likeTwin {
		other := sim.Run(v.t, v.config(v.seed+1<<32, nil))
		late := sim.Run(v.t, asleep(v.config(v.seed, nil), v.trial))
		verdict = model.Judge(&record.History, v.trial.properties(append(twins, &other.History, &late.History)))
	}
	return v.result(record, weather, false, verdict)
}

// config is the world of one run of the story. Another seed than the voyage's
// gives other latencies and jitter; the story is the same.
func (v *voyage) config(seed sim.Seed, weather []faults.Rule) sim.Config {
	config := v.trial.world(seed, v.steps, weather)
	config.Server.Replicas = v.trial.apiServers(v.seed)
	config.KeepTrace, config.Watchdog = v.options.KeepTrace, v.options.Watchdog
	return config
}

// asleep starts what is under test when the safety phase is over.
func asleep(config sim.Config, tr *Trial) sim.Config {
	for i := range config.Processes {
		if p := &config.Processes[i]; slices.Contains(tr.underTest(), p.Name) {
			p.Start = max(p.Start, tr.Safety)
		}
	}
	return config
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
		[]model.Property{model.LikeBaseline(model.BaselineOptions{Baselines: twins})})
}

// properties are the laws of a run. A run without twins is one itself.
func (tr *Trial) properties(twins []*model.History) []model.Property {
	all := slices.Concat(model.Generic(), model.Remains(), model.WatchGuarantees(), tr.Properties)
	if len(twins) > 0 {
		all = append(all, model.LikeBaseline(model.BaselineOptions{Baselines: twins, Ignore: tr.Ignore}))
	}
	return slices.DeleteFunc(all, func(p model.Property) bool { return slices.Contains(tr.Except, p.Name) })
}
