package realcluster_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/internal/realcluster"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
	"github.com/seatrial/seatrial/sim/apiserver/loopback"
)

// Goal: what an API server answers to is taken through a scenario and judged as in
// simulation: the shipped controller passes, one with a known bug does not, and a
// cluster that is in use is left alone.
//
// Method: the simulated API server on a loopback port and on the real clock stands
// in for a real one; the subjects are this test binary again, as processes of their
// own. Times are short, which is why the world is asked to be quiet and not for
// more.

func TestMain(m *testing.M) {
	realcluster.ServeIfSubject(globalingressip.Registry())
	os.Exit(m.Run())
}

const restart = `apiVersion: seatrial.dev/v1alpha1
kind: Scenario
name: restart
world: {namespaces: [shop], consumers: 1}
safety: 20s
settle: 40s
steps:
- {at: 1s, createService: {namespace: shop, name: web}}
- {at: 2s, export: {namespace: shop, name: web}}
- {at: 3s, createService: {namespace: shop, name: api}}
- {at: 4s, export: {namespace: shop, name: api}}
faults:
- {kind: crash, at: 8s, restartAfter: 1s}
- {kind: service-unavailable, verbs: [get, list], resources: [services], from: 8s, until: 14s}
`

func serve(t *testing.T) *rest.Config {
	return serveThrough(t, func(h http.Handler) http.Handler { return h })
}

func serveThrough(t *testing.T, wrap func(http.Handler) http.Handler) *rest.Config {
	t.Helper()
	host, err := loopback.New(apiserver.Config{Seed: 1, Kinds: registry.New(kinds.Options{Seed: 1})})
	require.NoError(t, err)
	server := httptest.NewServer(wrap(host.Handler(1, loopback.Options{})))
	t.Cleanup(server.CloseClientConnections)
	return &rest.Config{Host: server.URL}
}

func run(t *testing.T, subject string) *realcluster.Result {
	t.Helper()
	return runOn(t, subject, serve(t))
}

func runOn(t *testing.T, subject string, cluster *rest.Config) *realcluster.Result {
	t.Helper()
	plan, err := scenarios.Parse("restart.yaml", []byte(restart), globalingressip.Language())
	require.NoError(t, err)
	s, ok := globalingressip.Registry().Find(subject)
	require.True(t, ok)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	result, err := realcluster.Run(ctx, plan, realcluster.Options{Config: cluster, Subject: s, Speed: 2})
	require.NoError(t, err)
	return result
}

func TestTheShippedControllerPasses(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute of real time")
	}
	t.Parallel()
	result := run(t, globalingressip.Shipped)
	assert.Equal(t, model.VerdictPass, result.Verdict.Kind, "%s: %s", result.Verdict.Property, result.Verdict.Message)
	assert.Equal(t, 1, result.Fired["crash"])
	assert.Positive(t, result.Requests)
	require.NotEmpty(t, result.History.Watches, "the consumer's")
	assert.Contains(t, string(result.History.Watches[0].Frames[0].Data), `"kind":"GlobalIngressIP"`)
	assert.NotZero(t, result.History.Watches[0].Frames[0].Revision)
}

func TestTheIncidentIsSeen(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute of real time")
	}
	t.Parallel()
	result := run(t, "historical/3336")
	assert.Equal(t, model.VerdictSafety, result.Verdict.Kind, result.Verdict.Message)
	// In real time it is not fixed which of the laws that it breaks is broken first.
	at := slices.IndexFunc(result.Verdict.Results, func(r model.PropertyResult) bool { return r.Name == "no-free-while-exported" })
	require.GreaterOrEqual(t, at, 0)
	assert.Empty(t, result.Leftovers)
	found := result.Verdict.Results[at]
	assert.Equal(t, model.Violated, found.Status)
	assert.NotZero(t, found.Culprit.CallID, "the call is named")
}

// What a run found is not lost when somebody keeps its objects from being removed.
func TestTheVerdictSurvivesAFailedCleanUp(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute of real time")
	}
	t.Parallel()
	result := runOn(t, "historical/3336", serveThrough(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/services/api") {
				http.Error(w, "services are here to stay", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}))
	assert.Equal(t, model.VerdictSafety, result.Verdict.Kind, result.Verdict.Message)
	assert.Contains(t, result.Leftovers, "services are here to stay")
}

// A program that was built for virtual time has no clock that a cluster could share:
// that is said before the cluster is touched.
func TestProgramsAreNotForARealCluster(t *testing.T) {
	plan, err := scenarios.Parse("restart.yaml", []byte(restart), globalingressip.Language())
	require.NoError(t, err)
	s, ok := globalingressip.Registry().Find(globalingressip.Shipped)
	require.True(t, ok)
	s.Deploy = func(*scenarios.Plan) []sim.Process { return []sim.Process{{Name: "manager-1", Program: true}} }
	s.Baseline = nil
	_, err = realcluster.Run(t.Context(), plan, realcluster.Options{Config: &rest.Config{Host: "http://127.0.0.1:1"}, Subject: s})
	require.ErrorIs(t, err, realcluster.ErrElsewhere)
	assert.ErrorContains(t, err, "process manager-1 is a program")
	assert.ErrorContains(t, err, "deploy it as it ships")
}
