//go:build !wasip1

package report_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/internal/report"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: a page tells what happened, whoever looks at it and with whatever browser.
// Method: one plan with a bit of everything, and what is collected of its run.

const eventful = `
apiVersion: seatrial.dev/v1alpha1
kind: Scenario
name: eventful
world: {namespaces: [shop]}
steps:
- {at: 5s, createService: {namespace: shop, name: api}}
- {at: 6s, export: {namespace: shop, name: api}}
- {at: 60s, unexport: {namespace: shop, name: api}}
faults:
- {id: slow, kind: latency, delay: 100ms, verbs: [create], resources: [ipaddresses], nth: 1}
- {id: bang, kind: crash, when: after, verbs: [create], resources: [ipaddresses], limit: 1, restartAfter: 3s}
- {id: boom, kind: crash, at: 80s, restartAfter: 5s}
- {id: cut, kind: partition, from: 90s, until: 100s, direction: to-server}
- {id: never, kind: internal-error, name: nobody, probability: 0.5}
`

func collected(t *testing.T) (*report.Data, scenarios.Result) {
	t.Helper()
	plan, err := scenarios.Parse("eventful.yaml", []byte(eventful), globalingressip.Language())
	require.NoError(t, err)
	subject, ok := globalingressip.Registry().Find(globalingressip.Shipped)
	require.True(t, ok)
	result := scenarios.Run(t, plan, subject, 1, scenarios.RunOptions{KeepTrace: true})
	require.Equal(t, "pass", string(result.Verdict.Kind), result.Verdict.Message)
	return report.Collect(result, subject), result
}

func TestLivesAreTold(t *testing.T) {
	d, _ := collected(t)
	var names []string
	for _, a := range d.Actors {
		names = append(names, a.Name)
		assert.Equal(t, a.Name == "user", a.User)
	}
	assert.Equal(t, []string{"controller", "user"}, names, "who is under test comes first")
	lives := d.Actors[0].Lives
	require.Len(t, lives, 3)
	for i, life := range lives {
		assert.Equal(t, i+1, life.Number)
		assert.Equal(t, i < 2, life.End == "crashed")
	}
	assert.Zero(t, lives[0].From)
	assert.Equal(t, lives[0].Until+3*time.Second, lives[1].From)
	assert.Equal(t, []time.Duration{80 * time.Second, 85 * time.Second}, []time.Duration{lives[1].Until, lives[2].From})
	assert.Equal(t, d.About.Ended, lives[2].Until)
	require.Len(t, d.Actors[1].Lives, 1)
	assert.Equal(t, "stopped", d.Actors[1].Lives[0].End)
}

func TestFaultsAreToldWithWhatTheyDid(t *testing.T) {
	d, _ := collected(t)
	byID := map[string]report.Rule{}
	for _, r := range d.Faults {
		byID[r.ID] = r
	}
	text := func(id string) string { return byID[id].Text }
	assert.Equal(t, "verbs: [create], resources: [ipaddresses], nth: 1, delay: 100ms", text("slow"))
	assert.Equal(t, "when: after, verbs: [create], resources: [ipaddresses], limit: 1, restartAfter: 3s", text("bang"))
	assert.Equal(t, "restartAfter: 5s", text("boom"))
	assert.Equal(t, "direction: to-server", text("cut"))
	assert.Equal(t, "name: nobody, probability: 0.5", text("never"))

	assert.Len(t, byID["slow"].Hits, 1)
	assert.Len(t, byID["bang"].Hits, 1, "the fault and the death that it is are one")
	assert.Len(t, byID["boom"].Hits, 1)
	assert.Equal(t, 80*time.Second, byID["boom"].Hits[0].At)
	assert.Len(t, byID["cut"].Hits, 1, "its end is no effect")
	assert.Empty(t, byID["never"].Hits)

	assert.True(t, byID["slow"].Always)
	assert.False(t, byID["boom"].Always)
	assert.False(t, byID["cut"].Always)
	assert.Equal(t, []time.Duration{80 * time.Second, 85 * time.Second}, []time.Duration{byID["boom"].From, byID["boom"].Until})
	assert.Equal(t, []time.Duration{90 * time.Second, 100 * time.Second}, []time.Duration{byID["cut"].From, byID["cut"].Until})
	assert.Equal(t, []string{"call", "process", "process", "link", "call"}, []string{d.Faults[0].Scope, d.Faults[1].Scope, d.Faults[2].Scope, d.Faults[3].Scope, d.Faults[4].Scope})
}

func TestCallsAreTold(t *testing.T) {
	d, result := collected(t)
	require.Len(t, d.Calls, result.Record.Requests)
	var crashed, watched int
	for i, c := range d.Calls {
		assert.LessOrEqual(t, c.From, c.Until, "call %d", c.ID)
		if call := result.Record.History.Calls[i]; call.ReturnSeq != 0 {
			assert.Equal(t, string(call.Outcome), c.Outcome)
			if c.Verb != "watch" {
				assert.Equal(t, call.Returned, c.Until)
			}
		}
		switch {
		case c.Resource == "ipaddresses" && c.Verb == "create" && len(c.Faults) == 2:
			crashed++
			assert.Equal(t, []string{"slow", "bang"}, c.Faults)
			assert.Equal(t, "open", c.Outcome, "its process died")
			assert.Equal(t, d.Actors[0].Lives[0].Until, c.Until)
			assert.Equal(t, 1, c.Life)
			require.NotZero(t, c.Request)
			assert.Contains(t, d.Bodies[c.Request-1], `"kind": "IPAddress"`, "protobuf is shown as JSON")
			assert.NotContains(t, d.Bodies[c.Request-1], "managedFields")
		case c.Verb == "watch" && c.Life == 3 && c.Code == 200:
			watched++
			assert.Equal(t, d.About.Ended, c.Until, "it was open to the end")
		}
	}
	assert.Equal(t, 1, crashed)
	assert.NotZero(t, watched)
	assert.NotEmpty(t, d.Frames)
	bodies := map[string]bool{}
	for _, body := range d.Bodies {
		assert.False(t, bodies[body], "each body is there once")
		assert.NotContains(t, body, "managedFields")
		bodies[body] = true
	}
	assert.Len(t, d.Commits, len(result.Record.History.Commits))
	assert.Len(t, d.Trace, len(result.Record.Events))
	assert.True(t, strings.HasPrefix(d.Trace[0], "     1 "))
	assert.NotEmpty(t, d.Log)
	assert.Len(t, d.Laws, len(result.Verdict.Results))
}

func TestOwnersAreToldAsLongAsTheyHeld(t *testing.T) {
	d, _ := collected(t)
	require.Len(t, d.Owners, 1)
	o := d.Owners[0]
	assert.Equal(t, "shop/api", o.Name)
	require.Len(t, o.Exported, 1)
	assert.InDelta(t, 6, o.Exported[0].From.Seconds(), 0.2)
	assert.InDelta(t, 60, o.Exported[0].Until.Seconds(), 0.2)
	vias := map[string]bool{}
	for _, h := range o.Holds {
		vias[h.Via] = true
		assert.Equal(t, o.Holds[0].IP, h.IP, "the address stays")
		assert.NotZero(t, h.Ends, "and is given back")
	}
	assert.Equal(t, map[string]bool{"claim": true, "status": true, "internal Service": true}, vias)
}

// At the head of a failure's page stand the verdict and the event that broke the law;
// what the subject did to itself has its own place.
func TestAFailureIsToldWithItsCulprit(t *testing.T) {
	d := incident(t)
	assert.Equal(t, "no-free-while-exported", d.About.Property)
	require.NotNil(t, d.About.Culprit)
	assert.Contains(t, d.Trace[d.About.Culprit.Seq-1], "committed")
	assert.Empty(t, d.Detail)

	plan, ok := globalingressip.Find("calm-day")
	require.True(t, ok)
	panics := globalingressip.Variant{Name: "test/panics", Run: func(context.Context, *rest.Config, controller.Options) error { panic("oops") }}.Subject()
	result := scenarios.Run(t, plan, panics, 1, scenarios.RunOptions{KeepTrace: true})
	assert.Contains(t, report.Collect(result, panics).Detail, "panic controller: oops")
}
