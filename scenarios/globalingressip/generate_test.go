package globalingressip_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// none are no extras.
var none = scenarios.Extras{}

// draw is the plan that the generator draws for the shipped controller.
func draw(tb testing.TB, seed sim.Seed, extras scenarios.Extras) scenarios.Plan {
	subject, ok := globalingressip.Registry().Find(globalingressip.Shipped)
	require.True(tb, ok)
	return drawFor(tb, subject, seed, extras)
}

// reference is the plan of a seed that benchmarks use.
func reference(tb testing.TB, seed sim.Seed) scenarios.Plan {
	return drawFor(tb, globalingressip.Reference(globalingressip.Variants()[0]), seed, none)
}

func drawFor(tb testing.TB, subject scenarios.Subject, seed sim.Seed, extras scenarios.Extras) scenarios.Plan {
	plan, failed := swarm.Draw(new(testing.T), subject, seed, extras, scenarios.RunOptions{})
	require.Nil(tb, failed)
	return plan
}

// deployed is what a plan of this family adds to its world.
func deployed(p scenarios.Plan) *globalingressip.Settings {
	return p.Settings.(*globalingressip.Settings)
}

var update = flag.Bool("update", false, "rewrite golden files")

// The first outputs of the generator are pinned: a few plans in full, to be
// read, and a digest of two thousand. If this fails, old seeds mean something
// else: change swarm.Version and the CHANGELOG, then run with -update.
func TestGenerateGolden(t *testing.T) {
	var got strings.Builder
	for _, plan := range []scenarios.Plan{draw(t, 1, none), draw(t, 2, none), draw(t, 3, none), reference(t, 1)} {
		text, err := scenarios.Marshal(plan)
		require.NoError(t, err)
		got.Write(text)
		got.WriteString("---\n")
	}
	digest := sha256.New()
	for seed := sim.Seed(0); seed < 2000; seed++ {
		for _, plan := range []scenarios.Plan{draw(t, seed, none), reference(t, seed)} {
			text, err := scenarios.Marshal(plan)
			require.NoError(t, err)
			digest.Write(text)
		}
	}
	fmt.Fprintf(&got, "# sha256 of the plans and reference plans of seeds 0 to 1999: %x\n", digest.Sum(nil))

	golden := filepath.Join("testdata", "generate.golden")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")
	require.Equal(t, len(wantLines), len(gotLines), "lines of %s", golden)
	for i := range wantLines {
		require.Equal(t, wantLines[i], gotLines[i], "line %d of %s", i+1, golden)
	}
}

// Over a fixed range of seeds every plan is valid and made of permitted faults,
// and everything the generator can draw is drawn.
func TestGenerateCoversEverything(t *testing.T) {
	seen := map[string]int{}
	for seed := sim.Seed(0); seed < 3000; seed++ {
		plan := draw(t, seed, none)
		require.NoError(t, plan.Validate(), "seed %d", seed)
		require.Equal(t, seed, plan.Seed)
		switch {
		case exportedAtEnd(plan) > addresses(plan):
			seen["pool exhausted for good"]++
		case mostExported(plan) > addresses(plan):
			seen["pool exhausted for a time"]++
		}
		for _, s := range plan.Steps {
			seen["step "+s.ActionType()]++
			seen["user "+s.User]++
		}
		if len(plan.Faults) == 0 {
			seen["no faults"]++
		}
		for _, r := range plan.Faults {
			info, _ := faults.Lookup(r.Kind)
			require.True(t, info.Permitted, "seed %d: %s", seed, r.Kind)
			seen["fault "+string(r.Kind)]++
			if r.Kind == faults.Crash {
				seen["crash "+string(r.When)]++
			}
		}
		seen[fmt.Sprintf("services %d", services(plan))]++
		seen[fmt.Sprintf("replicas %d, leader election %t", deployed(plan).Controller.Replicas, deployed(plan).Controller.LeaderElection)]++
		seen[fmt.Sprintf("namespaces %d", len(plan.World.Namespaces))]++
	}
	want := []string{
		"pool exhausted for a time", "pool exhausted for good", "no faults", "crash ", "crash before", "crash after",
		"step createService", "step updateService", "step deleteService", "step export", "step unexport",
		"user user", "user alice", "user bob", "user carol",
		"replicas 1, leader election false", "replicas 2, leader election true", "replicas 3, leader election true",
		"services 1", "services 8", "namespaces 1", "namespaces 3",
	}
	for _, info := range faults.Kinds() {
		if info.Permitted {
			want = append(want, "fault "+string(info.Kind))
		}
	}
	for _, what := range want {
		assert.GreaterOrEqual(t, seen[what], 20, what)
	}
}

// Extras are only added: a plan is otherwise the one without.
func TestExtrasChangeNothingElse(t *testing.T) {
	workers, watchLists := 0, 0
	for seed := sim.Seed(0); seed < 500; seed++ {
		plain, contended := draw(t, seed, none), draw(t, seed, scenarios.Extras{Contention: true})
		require.NoError(t, contended.Validate(), "seed %d", seed)
		require.Equal(t, 1, deployed(plain).Controller.Workers)
		require.False(t, plain.World.APIServer.WatchList)
		if deployed(contended).Controller.Workers > 1 {
			workers++
		}
		if contended.World.APIServer.WatchList {
			watchLists++
		}
		deployed(contended).Controller.Workers, contended.World.APIServer.WatchList = 1, false
		require.Equal(t, plain, contended, "seed %d", seed)
	}
	assert.Greater(t, workers, 100)
	assert.Greater(t, watchLists, 100)
}

// live follows which services exist and are exported, in order of steps.
func live(plan scenarios.Plan, each func(exported int)) {
	exists, exported := map[string]bool{}, map[string]bool{}
	for _, s := range plan.Steps {
		switch s.ActionType() {
		case "createService":
			exists[s.Object()] = true
		case "deleteService":
			exists[s.Object()] = false
		case "export":
			exported[s.Object()] = true
		case "unexport":
			exported[s.Object()] = false
		}
		n := 0
		for name := range exists {
			if exists[name] && exported[name] {
				n++
			}
		}
		each(n)
	}
}

func exportedAtEnd(plan scenarios.Plan) (last int) {
	live(plan, func(n int) { last = n })
	return last
}

func mostExported(plan scenarios.Plan) (most int) {
	live(plan, func(n int) { most = max(most, n) })
	return most
}

func addresses(plan scenarios.Plan) (n int) {
	for _, c := range deployed(plan).CIDRs {
		n += 1<<(32-c.Bits()) - 2
	}
	return n
}

func services(plan scenarios.Plan) int {
	names := map[string]bool{}
	for _, s := range plan.Steps {
		names[s.Object()] = true
	}
	return len(names)
}

// The reference plan has the size that benchmarks state, whatever the seed.
func TestReferencePlanSize(t *testing.T) {
	for seed := sim.Seed(0); seed < 500; seed++ {
		plan := reference(t, seed)
		require.NoError(t, plan.Validate(), "seed %d", seed)
		require.Len(t, plan.Steps, globalingressip.ReferenceActions, "seed %d", seed)
		require.Equal(t, globalingressip.ReferenceServices, services(plan), "seed %d", seed)
		require.Equal(t, 160*time.Second, plan.Safety+plan.Settle)
	}
}

// Taking one rule out of a plan must leave what all others decide as it was.
// The plan's rules, without limits (a limit counts, so it depends on what came
// before), are asked about the same calls with and without each rule in turn;
// only calls that the missing rule decided, or slowed, may end differently.
func TestDecisionsAreIndependentOfOtherRules(t *testing.T) {
	compared := 0
	for seed := sim.Seed(1); seed <= 60; seed++ {
		rules := draw(t, seed, none).Faults
		for i := range rules {
			rules[i].Limit = 0
		}
		all := decideAll(seed, rules)
		for missing := range rules {
			fewer := append(append([]faults.Rule(nil), rules[:missing]...), rules[missing+1:]...)
			for call, decided := range decideAll(seed, fewer) {
				if !strings.Contains(all[call], rules[missing].ID) {
					require.Equal(t, all[call], decided, "seed %d without %s, call %d", seed, rules[missing].ID, call)
					compared++
				}
			}
		}
	}
	assert.Greater(t, compared, 10000)
}

// decideAll asks a schedule about a few hundred calls and writes down which
// rules had a say in each.
func decideAll(seed sim.Seed, rules []faults.Rule) []string {
	schedule := faults.NewSchedule(rules)
	var out []string
	for i := range 300 {
		call := faults.Call{
			Process: "controller", Verb: []string{"get", "create", "watch", "patch"}[i%4],
			Resource:  []string{"services", "ipaddresses", "globalingressips/status"}[i%3],
			Namespace: "ns-a", Name: fmt.Sprintf("svc-%d", i%7), Nth: i, At: time.Duration(i) * 200 * time.Millisecond,
		}
		d := schedule.Decide(call, func(ruleID, purpose string) float64 {
			return sim.Draw(seed, "fault", ruleID, purpose, fmt.Sprint(i))
		})
		said := (d.Delay + d.Slowdown).String()
		if d.Rule != nil {
			said += " " + d.Rule.ID
		}
		for _, slow := range d.Slowed {
			said += " " + slow.ID
		}
		out = append(out, said)
	}
	return out
}

// A step's or rule's ID follows from what it says, so that it stays the same
// when its neighbours go.
func TestIDsStayWhenNeighboursGo(t *testing.T) {
	text := head + `
steps:
- {at: 1s, createService: {name: a}}
- {at: 2s, createService: {name: b}}
- {at: 3s, export: {name: b}}
faults:
- {kind: internal-error, probability: 0.5}
- {kind: crash, at: 10s}
- {kind: partition, from: 20s}
`
	whole, err := scenarios.Parse("whole.yaml", []byte(text), globalingressip.Language())
	require.NoError(t, err)
	text = strings.ReplaceAll(text, "- {at: 1s, createService: {name: a}}\n", "")
	text = strings.ReplaceAll(text, "- {kind: internal-error, probability: 0.5}\n", "")
	part, err := scenarios.Parse("part.yaml", []byte(text), globalingressip.Language())
	require.NoError(t, err)
	assert.Equal(t, whole.Steps[1:], part.Steps)
	assert.Equal(t, whole.Faults[1:], part.Faults)
}

func BenchmarkGenerate(b *testing.B) {
	for i := range b.N {
		draw(b, sim.Seed(i), none)
	}
}
