package target_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/target"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/sim"
)

// Goal: an aimed sweep places one fault at each call of a fault-free run, every
// one of them fires, the shipped controller survives them all, and bugs that
// hide behind a single step are found without luck. Method: a small plan, run
// through real workers; this test binary is its own worker.

func TestMain(m *testing.M) {
	sweep.ServeIfWorker(globalingressip.Registry())
	os.Exit(m.Run())
}

func smallPlan(t *testing.T) scenarios.Plan {
	t.Helper()
	plan, err := scenarios.Parse("small.yaml", []byte(`
apiVersion: seatrial.dev/v1alpha1
kind: Scenario
name: small
seed: 3
world: {namespaces: [shop], cidrs: [242.1.0.0/29]}
safety: 30s
settle: 1m
steps:
- {at: 1s, createService: {namespace: shop, name: web}}
- {at: 2s, export: {namespace: shop, name: web}}
- {at: 8s, createService: {namespace: shop, name: api}}
- {at: 9s, export: {namespace: shop, name: api}}
- {at: 16s, unexport: {namespace: shop, name: web}}
faults:
- {kind: latency, delay: 10s}
`), globalingressip.Language())
	require.NoError(t, err)
	return plan
}

func fromSmallPlan(t *testing.T) iter.Seq[sweep.Job] {
	return slices.Values([]sweep.Job{jobOf(t, smallPlan(t))})
}

func jobOf(t *testing.T, p scenarios.Plan) sweep.Job {
	t.Helper()
	text, err := scenarios.Marshal(p)
	require.NoError(t, err)
	return sweep.Job{Seed: uint64(p.Seed), Plan: string(text), File: p.Name + ".yaml"}
}

func outcomes(t *testing.T, s target.Sweep) []sweep.Outcome {
	t.Helper()
	var out []sweep.Outcome
	require.NoError(t, s.Run(context.Background(), sweep.Pool{Workers: 2}.Run, func(o sweep.Outcome) { out = append(out, o) }))
	return out
}

func TestTheShippedControllerSurvivesEveryStep(t *testing.T) {
	for _, c := range []struct {
		mode  target.Mode
		limit int
		kinds []faults.Kind
		least int
	}{
		{target.CrashEveryWrite, 0, []faults.Kind{faults.Crash}, 30},
		{target.ErrorEveryRead, 0, []faults.Kind{faults.InternalError}, 20},
		{target.LoseEveryResponse, 0, []faults.Kind{faults.ResponseLost}, 40},
		{target.Pairs, 60, []faults.Kind{faults.Crash, faults.InternalError, faults.ResponseLost}, 60},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			fired, names := map[string]int{}, map[string]bool{}
			var aimed [][2]int
			found := outcomes(t, target.Sweep{
				Mode: c.mode, Language: globalingressip.Language(), Bases: fromSmallPlan(t), Subject: globalingressip.Shipped, Limit: c.limit,
				Aiming: func(made, of int) { aimed = append(aimed, [2]int{made, of}) },
			})
			assert.Equal(t, [2]int{1, 1}, aimed[0], "the run in fair weather")
			if c.mode == target.Pairs { // the plans with one fault
				assert.Len(t, aimed, 1+c.limit)
				assert.Equal(t, [2]int{c.limit, c.limit}, aimed[c.limit])
			} else {
				assert.Len(t, aimed, 1)
			}
			assert.GreaterOrEqual(t, len(found), c.least)
			for _, o := range found {
				assert.Equal(t, model.VerdictPass, o.Verdict, "%s: %s %s\n%s", o.Scenario, o.Property, o.Message, o.Job.Plan)
				assert.NotEmpty(t, o.Fired, "%s: what is aimed at a call of the run hits it\n%s", o.Scenario, o.Job.Plan)
				assert.NotContains(t, o.Fired, string(faults.Latency), "the plan's own faults are left out")
				for kind := range o.Fired {
					fired[kind]++
				}
				assert.False(t, names[o.Scenario], "names differ: %s", o.Scenario)
				names[o.Scenario] = true
			}
			for _, kind := range c.kinds {
				assert.NotZero(t, fired[string(kind)], kind)
			}
		})
	}
}

func TestBugsBehindOneStepAreFound(t *testing.T) {
	for _, c := range []struct {
		subject  string
		mode     target.Mode
		property string
	}{
		{"historical/create-read-error", target.ErrorEveryRead, "converges"},
		{"historical/status-write-lost", target.LoseEveryResponse, "no-free-while-exported"},
		{"historical/3336", target.Pairs, "no-free-while-exported"},
	} {
		t.Run(c.subject, func(t *testing.T) {
			properties := map[string]int{}
			for _, o := range outcomes(t, target.Sweep{Mode: c.mode, Language: globalingressip.Language(), Bases: fromSmallPlan(t), Subject: c.subject, Limit: 300}) {
				properties[o.Property]++
			}
			assert.NotZero(t, properties[c.property], "%v", properties)
		})
	}
}

// One derived plan can be had again by its name, and is the same.
func TestOnly(t *testing.T) {
	s := target.Sweep{
		Mode: target.CrashEveryWrite, Language: globalingressip.Language(), Bases: fromSmallPlan(t), Subject: globalingressip.Shipped, Limit: 5,
		Replay: func(p scenarios.Plan) string { return "again " + p.Name },
	}
	all := outcomes(t, s)
	require.Len(t, all, 5)
	s.Only = all[3].Scenario
	one := outcomes(t, s)
	require.Len(t, one, 1)
	assert.Equal(t, all[3].Hash, one[0].Hash)
	assert.Equal(t, "again "+s.Only, one[0].Job.Replay)

	s.Only = "nobody"
	assert.ErrorContains(t, s.Run(context.Background(), sweep.Pool{}.Run, func(sweep.Outcome) {}), `no plan of the name "nobody"`)
}

// Shards have every derived plan once, and a range of seeds as large as seeds
// can be is begun, not gathered.
func TestShardsAndEndlessPlans(t *testing.T) {
	const bases = 40
	endless := func(yield func(sweep.Job) bool) {
		for i := range bases {
			p := smallPlan(t)
			p.Name = fmt.Sprintf("small-%d", i)
			if !yield(jobOf(t, p)) {
				return
			}
		}
	}
	calls := []faults.Call{{Process: "controller", Verb: "update", Resource: "services", Namespace: "shop", Name: "web", Nth: 1, At: 1e9}}
	most := 0
	names := func(shard sim.Shard) (out []string) {
		s := target.Sweep{Mode: target.CrashEveryWrite, Language: globalingressip.Language(), Bases: endless, Shard: shard}
		require.NoError(t, s.Run(context.Background(), func(_ context.Context, jobs iter.Seq[sweep.Job], done func(sweep.Outcome)) error {
			n := 0
			for job := range jobs {
				n++
				done(sweep.Outcome{Verdict: model.VerdictPass, Scenario: strings.TrimSuffix(job.File, ".yaml"), Plan: job.Plan, Calls: calls})
			}
			most = max(most, n)
			return nil
		}, func(o sweep.Outcome) { out = append(out, o.Scenario) }))
		return out
	}
	whole := names(sim.Shard{})
	assert.Len(t, whole, 2*bases, "before the write and after it")
	assert.Less(t, most, 2*bases, "some at a time")
	var together []string
	for i := range uint64(3) {
		part := names(sim.Shard{Index: i, Of: 3})
		assert.InDelta(t, len(whole)/3, len(part), 1)
		together = append(together, part...)
	}
	assert.ElementsMatch(t, whole, together)
}

// Wherever a sweep was stopped, what is left of it is made and nothing else; runs
// that are not its own are an error before anything is made. Three of five plans
// fail in fair weather, so that both kinds of outcome are cut anywhere.
func TestGoingOn(t *testing.T) {
	calls := []faults.Call{
		{Process: "controller", Verb: "update", Resource: "services", Namespace: "shop", Name: "web", Nth: 1, At: 1e9},
		{Process: "controller", Verb: "update", Resource: "services", Namespace: "shop", Name: "web", Nth: 2, At: 2e9},
	}
	plans := func(yield func(sweep.Job) bool) {
		for i := range 5 {
			p := smallPlan(t)
			p.Name = fmt.Sprintf("small-%d", i)
			if !yield(jobOf(t, p)) {
				return
			}
		}
	}
	for _, mode := range []target.Mode{target.CrashEveryWrite, target.Pairs} {
		var derived int // runs of derived plans that were made for their own sake
		run := func(made []target.Made) (names []target.Made, err error) {
			derived = 0
			s := target.Sweep{Mode: mode, Language: globalingressip.Language(), Bases: plans, Shard: sim.Shard{Index: 1, Of: 2}, Made: made}
			err = s.Run(context.Background(), func(_ context.Context, jobs iter.Seq[sweep.Job], done func(sweep.Outcome)) error {
				for job := range jobs {
					o := sweep.Outcome{Job: job, Verdict: model.VerdictPass, Scenario: strings.TrimSuffix(job.File, ".yaml"), Plan: job.Plan, Calls: calls}
					if strings.HasSuffix(job.File, "-0.yaml") || strings.HasSuffix(job.File, "-2.yaml") || strings.HasSuffix(job.File, "-3.yaml") {
						o.Verdict = model.VerdictLiveness
					}
					if !job.Calls {
						derived++
					}
					done(o)
				}
				return nil
			}, func(o sweep.Outcome) {
				names = append(names, target.Made{Scenario: o.Scenario, Seed: sim.Seed(o.Job.Seed)})
			})
			return names, err
		}
		whole, err := run(nil)
		require.NoError(t, err)
		require.Greater(t, len(whole), 6, "three in fair weather, and some derived")
		for i := range len(whole) + 1 {
			rest, err := run(whole[:i])
			require.NoError(t, err)
			assert.Equal(t, whole[i:], append([]target.Made{}, rest...), "%s, stopped after %d", mode, i)
			assert.Equal(t, min(len(whole)-3, len(whole)-i), derived)
		}
		for _, c := range []struct {
			name, want string
			made       []target.Made
		}{
			{"one is missing", "its run 2 was small-3, seed 3, and is now small-2, seed 3", slices.Delete(slices.Clone(whole), 1, 2)},
			{"one is there twice", "its run 5 was", slices.Insert(slices.Clone(whole), 3, whole[3])},
			{"one too many", "small-9 is not one of them", append(slices.Clone(whole), target.Made{Scenario: "small-9", Seed: 3})},
			{"another seed", "its run 1 was small-0, seed 4, and is now small-0, seed 3", []target.Made{{Scenario: "small-0", Seed: 4}}},
		} {
			got, err := run(c.made)
			assert.ErrorContains(t, err, c.want, c.name)
			assert.Empty(t, got, c.name)
		}
	}
}

// A subject that fails in fair weather is reported as that, once.
func TestAFairWeatherFailureIsReported(t *testing.T) {
	base := sweep.Outcome{Verdict: model.VerdictSafety, Property: "no-double-assignment"}
	runs := 0
	var got []sweep.Outcome
	err := target.Sweep{Mode: target.Pairs, Language: globalingressip.Language(), Bases: fromSmallPlan(t)}.Run(context.Background(),
		func(_ context.Context, jobs iter.Seq[sweep.Job], done func(sweep.Outcome)) error {
			for range jobs {
				runs++
				done(base)
			}
			return nil
		}, func(o sweep.Outcome) { got = append(got, o) })
	require.NoError(t, err)
	assert.Equal(t, []sweep.Outcome{base}, got)
	assert.Equal(t, 1, runs)
}

// A small limit makes a short sweep: as many first faults are run as pairs are wanted.
func TestALimitOfPairsLimitsFirstFaults(t *testing.T) {
	calls := make([]faults.Call, 50)
	for i := range calls {
		calls[i] = faults.Call{Process: "controller", Verb: "get", Resource: "services", Name: fmt.Sprintf("s-%d", i), Nth: 1}
	}
	observed, made := 0, 0
	err := target.Sweep{Mode: target.Pairs, Language: globalingressip.Language(), Bases: fromSmallPlan(t), Limit: 5}.Run(context.Background(),
		func(_ context.Context, jobs iter.Seq[sweep.Job], done func(sweep.Outcome)) error {
			for job := range jobs {
				if job.Calls {
					observed++
				}
				done(sweep.Outcome{Job: job, Verdict: model.VerdictPass, Plan: job.Plan, Calls: calls})
			}
			return nil
		}, func(sweep.Outcome) { made++ })
	require.NoError(t, err)
	assert.Equal(t, 1+5, observed, "in fair weather, and with a first fault each")
	assert.Equal(t, 5, made)
}

// A sweep that is over takes no more aim, and that is no error: what it was to be
// derived from is not run to its end, and nothing is derived.
func TestEnoughIsEnoughWhileTakingAim(t *testing.T) {
	calls := []faults.Call{
		{Process: "controller", Verb: "get", Resource: "services", Name: "s", Nth: 1},
		{Process: "controller", Verb: "get", Resource: "services", Name: "s", Nth: 2},
	}
	for most := range 4 { // one run in fair weather, two with a first fault
		runs, made := 0, 0
		enough := func() bool { return runs >= most }
		err := target.Sweep{Mode: target.Pairs, Language: globalingressip.Language(), Bases: fromSmallPlan(t), Enough: enough}.Run(context.Background(),
			func(_ context.Context, jobs iter.Seq[sweep.Job], done func(sweep.Outcome)) error {
				for job := range jobs {
					if enough() {
						break
					}
					runs++
					done(sweep.Outcome{Job: job, Verdict: model.VerdictPass, Plan: job.Plan, Calls: calls})
				}
				return nil
			}, func(sweep.Outcome) { made++ })
		require.NoError(t, err)
		assert.Equal(t, most, runs)
		assert.Zero(t, made)
	}
}

// A rule is aimed at one call, by identity, and its plan can be written.
func TestDerive(t *testing.T) {
	calls := []faults.Call{
		{Process: "controller", Verb: "get", Resource: "/version", Nth: 1},
		{Process: "controller", Verb: "update", Resource: "globalingressips/status", Namespace: "shop", Name: "web", Nth: 2, At: 5e9},
		{Process: "controller", Verb: "create", Resource: "events", Namespace: "shop", Name: "web.*", Nth: 1, At: 6e9},
		{Process: "controller", Verb: "update", Resource: "services", Namespace: "shop", Name: "web", Nth: 1, At: 31e9},
	}
	plan := smallPlan(t)
	plan.Faults = nil
	var got []string
	for _, p := range target.Derive(target.CrashEveryWrite, plan, calls) {
		text, err := scenarios.Marshal(p)
		require.NoError(t, err)
		_, rules, _ := strings.Cut(string(text), "faults:\n")
		got = append(got, p.Name+strings.Join(strings.Fields(rules), " "))
	}
	rule := func(when, resource, name string, nth int) string {
		return fmt.Sprintf("- id: aimed-1 kind: crash process: controller when: %s verbs: [%s] resources: [%s] namespace: shop name: %s first: %d last: %d limit: 1 restartAfter: 2s",
			when, map[bool]string{true: "create", false: "update"}[resource == "events"], resource, name, nth, nth)
	}
	assert.Equal(t, []string{
		"small-0001" + rule("before", "globalingressips/status", "web", 2),
		"small-0002" + rule("after", "globalingressips/status", "web", 2),
		"small-0003" + rule("before", "events", "web.*", 1),
		"small-0004" + rule("after", "events", "web.*", 1),
	}, got, "discovery cannot be named, and after 30s the weather has cleared")
}

func TestParseMode(t *testing.T) {
	m, err := target.ParseMode("pairs")
	require.NoError(t, err)
	assert.Equal(t, target.Pairs, m)
	_, err = target.ParseMode("crash")
	assert.EqualError(t, err, `unknown mode "crash" (want one of crash-every-write, error-every-read, lose-every-response, every-call, pairs)`)
}
