package swarm

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// drawWebhookFaults draws what goes wrong between the API server and webhooks, of worlds
// that are known to have some: about half of the plans have one such fault, of one host.
// It has a stream of its own, so that all else is drawn as in a world without webhooks.
func drawWebhookFaults(seed sim.Seed, p *scenarios.Plan, a anchors) []faults.Rule {
	hosts := p.Language.Webhooks
	d := newDice(seed, "webhooks")
	if len(hosts) == 0 || d.Chance(0.5) {
		return nil
	}
	kind := sim.Pick(d, faults.ConnectionRefused, faults.InternalError, faults.TimeoutDropped, faults.TimeoutApplied, faults.ResponseLost, faults.Latency)
	s := drawing{dice: d, plan: p, anchors: a, rule: faults.Rule{
		ID: fmt.Sprintf("webhook-%s", kind), Kind: kind, Probability: 1, Match: faults.Match{Resources: []string{sim.Pick(d, hosts...)}},
	}}
	s.window(time.Second, 40*time.Second)
	s.chanceAndLimit()
	switch kind {
	case faults.TimeoutDropped, faults.TimeoutApplied: // as long as the API server waits
	default:
		s.effect()
	}
	return []faults.Rule{s.rule}
}
