package globalingressip_test

import (
	"slices"
	"testing"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/sim"
)

// FuzzPlan looks for a plan that breaks the shipped controller, led by the
// coverage of the controller, the simulation and the judge. Corpus entries are
// scenario files: a failing one that `go test -fuzz` leaves below
// testdata/fuzz/FuzzPlan can be read and, as a file of its own, run.
//
// Only plans are run that a controller must survive: see survivable.
func FuzzPlan(f *testing.F) {
	for seed := sim.Seed(1); seed <= 20; seed++ {
		add(f, draw(f, seed, scenarios.Extras{}))
	}
	for _, plan := range globalingressip.Library() {
		add(f, plan)
	}
	subject, ok := globalingressip.Registry().Find(globalingressip.Shipped)
	if !ok {
		f.Fatalf("there is no subject %s", globalingressip.Shipped)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		plan, err := scenarios.Parse("fuzzed.yaml", text, globalingressip.Language())
		if err != nil || !survivable(plan) {
			return
		}
		// Less time than this to settle is less than the properties ask for.
		plan.Settle = 2 * time.Minute
		result := scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{MaxRequests: 10_000})
		switch v := result.Verdict; v.Kind {
		case model.VerdictPass, model.VerdictInconclusive: // the server may refuse what users want
		default:
			t.Fatalf("%s: %s violated %s: %s\nculprit: %s", v.Kind, subject.Name, v.Property, v.Message, v.Culprit.Text)
		}
	})
}

func add(f *testing.F, plan scenarios.Plan) {
	text, err := scenarios.Marshal(plan)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
}

// survivable says whether a plan is one that a controller must survive, and that can
// be run in a moment: what Kubernetes permits, controllers that come back, users
// who keep to services and exports, one worker, minutes and not hours.
func survivable(p scenarios.Plan) bool {
	const mostSteps, mostFaults, longest = 60, 30, 10 * time.Minute
	actions := []string{"createService", "updateService", "deleteService", "export", "unexport"}
	deployed := p.Settings.(*globalingressip.Settings).Controller
	return len(p.Steps) <= mostSteps && len(p.Faults) <= mostFaults && p.Safety <= longest &&
		deployed.Workers == 1 && deployed.Replicas <= 3 &&
		(deployed.Replicas == 1 || deployed.LeaderElection) && !p.World.APIServer.WatchList &&
		p.World.Latency.Max <= time.Second &&
		!slices.ContainsFunc(p.Steps, func(s scenarios.Step) bool { return !slices.Contains(actions, s.ActionType()) }) &&
		!slices.ContainsFunc(p.Faults, func(r faults.Rule) bool {
			info, known := faults.Lookup(r.Kind)
			return !known || !info.Permitted || r.RestartAfter < 0
		})
}
