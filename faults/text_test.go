package faults_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/faults"
)

// Goal: a rule is told as a scenario file has it, with all that it sets and no
// more. Method: rules of each shape; that what comes out is read back as the same
// rule is checked in scenarios, over what the generator draws.
func TestRuleAsText(t *testing.T) {
	for want, r := range map[string]faults.Rule{
		"{id: bang, kind: crash, when: after, verbs: [create, update], resources: [services/status], limit: 1, restartAfter: 0s}": {
			ID: "bang", Kind: faults.Crash, When: faults.AfterCall, Probability: 1, Limit: 1,
			Match: faults.Match{Verbs: []string{"create", "update"}, Resources: []string{"services/status"}},
		},
		"{id: gone, kind: crash, process: controller-1, at: 5s, restartAfter: never}": {
			ID: "gone", Kind: faults.Crash, Match: faults.Match{Process: "controller-1"}, From: 5 * time.Second, RestartAfter: -1,
		},
		"{kind: fail-over, at: 0s, replica: 2}": {Kind: faults.FailOver, Replica: 2},
		`{id: slow, kind: latency, resources: ["*"], namespace: "shop-?", name: "242.0.0.1", first: 2, last: 3, from: 1s, until: 1m0s, probability: 0.5, delay: {min: 1s, max: 2s}}`: {
			ID: "slow", Kind: faults.Latency, Probability: 0.5, From: time.Second, Until: time.Minute,
			Match: faults.Match{Resources: []string{"*"}, Namespace: "shop-?", Name: "242.0.0.1", First: 2, Last: 3},
			Delay: faults.Span{Min: time.Second, Max: 2 * time.Second},
		},
		`{id: "1e5", kind: hold, name: "true", nth: 4, direction: to-server}`: {
			ID: "1e5", Kind: faults.Hold, Match: faults.Match{Name: "true", Nth: 4}, Direction: faults.ToServer,
		},
		"{id: busy, kind: too-many-requests, retryAfter: 3s}": {ID: "busy", Kind: faults.TooManyRequests, RetryAfter: 3 * time.Second},
		"{id: same, kind: slow-body, delay: 1s}":              {ID: "same", Kind: faults.SlowBody, Delay: faults.Span{Min: time.Second, Max: time.Second}},
	} {
		assert.Equal(t, want, r.String())
	}
	r := faults.Rule{ID: "cut", Kind: faults.Partition, From: time.Second, Direction: faults.FromServer}
	assert.Equal(t, "direction: from-server", r.Text(faults.FieldID, faults.FieldKind, faults.FieldFrom))
}
