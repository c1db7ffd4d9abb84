package detection_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/detection"
	"github.com/seatrial/seatrial/detection/bugs"
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
)

// Goal: where something is missing in the end, the explanation names what it should have
// followed and what kept it from that, and not whoever touched the object last. Method:
// ten bugs of the corpus that leave something undone, each struck by the one fault that
// shows it, in whichever story it does; without it the story passes, which is what makes
// the blame true. docs/use/report.md has the table.
func TestTheStripBlamesWhatWasNotAnswered(t *testing.T) {
	rule := func(r faults.Rule) []faults.Rule {
		r.ID, r.Process = "probe", "controller"
		return []faults.Rule{r}
	}
	killed := func(verb, resource string) []faults.Rule {
		return rule(faults.Rule{Kind: faults.Crash, When: faults.AfterCall, Match: faults.Match{Verbs: []string{verb}, Resources: []string{resource}, First: 1, Last: 1}, Limit: 1, RestartAfter: 2 * time.Second})
	}
	asleep := func(from, lasting time.Duration) []faults.Rule {
		return rule(faults.Rule{Kind: faults.Crash, From: from, RestartAfter: lasting})
	}
	fails := func(verb, resource string) []faults.Rule {
		return rule(faults.Rule{Kind: faults.InternalError, Match: faults.Match{Verbs: []string{verb}, Resources: []string{resource}, First: 1, Last: 1}, Limit: 1})
	}
	for _, c := range []struct {
		bug   string
		rules []faults.Rule
		says  []string
	}{
		{"victoriametrics-2124", fails("create", "configmaps"), []string{"was told 500 for create configmaps default/single", "did nothing more about it"}},
		{"site", fails("delete", "instances"), []string{"was told 500 for delete instances cloud/default-page", "did nothing more about it"}},
		{"aci-436", killed("create", "configmaps"), []string{"was killed", "after create configmaps default/host", "did not finish it"}},
		{"infinispan-203", killed("create", "secrets"), []string{"after create secrets default/grid", "did not finish it"}},
		{"keycloak-realm-6", killed("create", "secrets"), []string{"after create secrets default/alice", "did not finish it"}},
		{"rabbitmq-782", killed("delete", "configmaps"), []string{"after delete configmaps default/queue", "did not finish it"}},
		{"cassandra-398", asleep(41987*time.Millisecond, 2117*time.Millisecond), []string{"was down (probe) when user-2 marked the deletion of apps default/mail"}},
		{"kubernetes-53451", asleep(41990*time.Millisecond, 130*time.Millisecond), []string{"was down (probe) when user-2 removed apps default/gateway"}},
		{"kubernetes-91072", asleep(6498*time.Millisecond, 10120*time.Millisecond), []string{`was down (probe) when user-1 changed spec.selector.zone from "a" to "b"`}},
		{"clickhouse-1995", rule(faults.Rule{Kind: faults.WatchDelayed, Match: faults.Match{Resources: []string{"apps"}, Name: "host"}, From: 5025 * time.Millisecond, Until: 5126 * time.Millisecond, Limit: 1, Delay: faults.Span{Min: 10 * time.Second, Max: 10 * time.Second}}),
			[]string{"was told only", "(watch-delayed) that user created apps default/host"}},
	} {
		t.Run(c.bug, func(t *testing.T) {
			all := bugs.All()
			i := slices.IndexFunc(all, func(b bugs.Bug) bool { return b.Name == c.bug })
			require.NotEqual(t, -1, i)
			subject := detection.Subject(all[i], false)
			var r scenarios.Result
			for _, plan := range search.Plans(t, subject, search.Options{Seed: 1}) {
				plan.Faults = slices.Clone(c.rules)
				plan.Default()
				if r = scenarios.Run(t, plan, subject, 1, scenarios.RunOptions{KeepTrace: true}); r.Verdict.Kind != model.VerdictPass {
					break
				}
			}
			require.Equal(t, model.VerdictLiveness, r.Verdict.Kind)
			require.False(t, r.FaultFree, "without the fault it passes")
			s := explain.Of(r.Record, r.Verdict)
			for _, words := range c.says {
				assert.Contains(t, s.Sentence, words)
			}
			assert.Equal(t, []string{"probe"}, slices.Compact(s.Rules()), "%+v", s.Steps)
			for i := range s.Steps[1:] {
				assert.LessOrEqual(t, s.Steps[i].At, s.Steps[i+1].At, "in the order of time")
			}
		})
	}
}
