package globalingressip_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: what a run met is told by what the controller asked and was told, and by
// the states that a service and its global IP went through. Method: one service,
// exported and withdrawn, without faults and with one refused call.
func TestCovered(t *testing.T) {
	covered := func(rules string) []string {
		plan, err := scenarios.Parse("covered.yaml", []byte(head+`
world: {namespaces: [shop]}
steps:
- {at: 5s, createService: {namespace: shop, name: web}}
- {at: 10s, export: {namespace: shop, name: web}}
- {at: 40s, unexport: {namespace: shop, name: web}}
`+rules), globalingressip.Language())
		require.NoError(t, err)
		subject, ok := globalingressip.Registry().Find(globalingressip.Shipped)
		require.True(t, ok)
		return subject.Covered(&scenarios.Run(t, plan, subject, 1, scenarios.RunOptions{}).Record.History)
	}
	calm := covered("")
	for _, what := range []string{
		"call create globalingressips 201",
		"state service",
		"state service export",
		"state service export gip finalizer claim",
		"state service export gip finalizer published claim internal addressed",
	} {
		assert.Contains(t, calm, what)
	}
	assert.True(t, slices.IsSorted(calm))
	assert.Len(t, slices.Compact(slices.Clone(calm)), len(calm), "each once")
	assert.NotContains(t, calm, "call create serviceexports 201", "users' calls do not count")

	const refused = "call create ipaddresses 503"
	assert.NotContains(t, calm, refused)
	assert.Contains(t, covered("faults:\n- {kind: service-unavailable, verbs: [create], resources: [ipaddresses], limit: 1}\n"), refused)
}
