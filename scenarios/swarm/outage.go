package swarm

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// outage is a time in which the subject notices nothing of what users do, and the
// rules that make it.
type outage struct {
	from, until time.Duration
	rules       []faults.Rule
	relists     bool
}

// windowsOf are the outages as subjects see them.
func windowsOf(outages []outage) []scenarios.Outage {
	var out []scenarios.Outage
	for _, o := range outages {
		out = append(out, scenarios.Outage{From: o.from, Until: o.until, Relists: o.relists})
	}
	return out
}

// outages is the drawing of them.
type outages struct {
	dice
	plan *scenarios.Plan
	seen observed
}

// drawOutages draws, for two plans in three, one to three outages. They are
// drawn before everything else, because users act and other faults strike in
// them and around them: a controller that has missed something learns of it by
// comparing, and believes what it then reads.
func drawOutages(d dice, p *scenarios.Plan, seen observed) []outage {
	if !d.Chance(0.66) {
		return nil
	}
	drawing := outages{d, p, seen}
	var drawn []outage
	for i := range d.Between(1, 3) {
		from := d.Span(p.Safety/4, p.Safety*4/5)
		weights := []int{5, 2, 1, 4}
		if len(p.UnderTest()) > 1 {
			weights = []int{3, 1, 6, 4}
		}
		if p.World.APIServer.Replicas > 1 {
			weights[3] = 8
		}
		kinds := []func(time.Duration, int) outage{drawing.restart, drawing.blackout, drawing.stall, drawing.past}
		drawn = append(drawn, kinds[d.Weighted(weights...)](from, i+1))
	}
	return drawn
}

// restart: the process is away, and remembers nothing.
func (d outages) restart(from time.Duration, n int) outage {
	away := d.Scale(100*time.Millisecond, 20*time.Second)
	return outage{from: from, until: from + away, rules: []faults.Rule{{
		ID: fmt.Sprintf("restart-%d", n), Kind: faults.Crash, From: from, Probability: 1, RestartAfter: away,
	}}}
}

// blackout: the API servers are restarted, and the controller does not get through
// to them for a while. No watch can be resumed: what was deleted and created again
// meanwhile is to be told by its UID alone.
func (d outages) blackout(from time.Duration, n int) outage {
	until := min(from+d.Span(5*time.Second, 40*time.Second), d.plan.Safety)
	return outage{from: from, until: until, relists: true, rules: []faults.Rule{
		{ID: fmt.Sprintf("restarted-%d", n), Kind: faults.ReplicaDown, From: from, Until: from + 100*time.Millisecond, Probability: 1},
		{ID: fmt.Sprintf("blackout-%d", n), Kind: faults.Partition, From: from, Until: until, Probability: 1, Direction: faults.BothWays},
	}}
}

// stall: a process stops for a while in the middle of its work. One of several
// replicas waits long for each read of one kind instead, and its renewals of the
// lease are refused, so that another is elected while it is still at work. Often it is the
// only one there at first, and so the leader.
func (d outages) stall(from time.Duration, n int) outage {
	until := min(from+d.Span(20*time.Second, 50*time.Second), d.plan.Safety)
	names := d.plan.UnderTest()
	if len(names) == 1 {
		return outage{from: from, until: until, rules: []faults.Rule{
			{ID: fmt.Sprintf("stall-%d", n), Kind: faults.Pause, From: from, Until: until, Probability: 1},
		}}
	}
	one, slow := sim.Pick(d.dice, names...), d.Span(12*time.Second, 28*time.Second)
	crawls := faults.Match{Process: one, Verbs: []string{"get"}}
	if looked := d.seen.looked(); len(looked) > 0 {
		crawls.Resources = []string{sim.Pick(d.dice, looked...)}
		if d.Chance(0.7) {
			crawls.Name = d.seen.pattern(crawls.Resources[0])
		}
	}
	rules := []faults.Rule{
		{
			ID: fmt.Sprintf("unseated-%d", n), Kind: faults.ServiceUnavailable,
			Match: faults.Match{Process: one, Resources: []string{"leases"}},
			From:  from, Until: until, Probability: 1,
		},
		{
			ID: fmt.Sprintf("crawls-%d", n), Kind: faults.Latency,
			Match: crawls, From: from, Until: until, Probability: 1,
			Delay: faults.Span{Min: slow * 2 / 3, Max: slow},
		},
	}
	if d.Chance(0.7) {
		for _, name := range names {
			if name != one {
				rules = append(rules, faults.Rule{
					ID: fmt.Sprintf("late-%s-%d", name, n), Kind: faults.Crash, Match: faults.Match{Process: name},
					From: time.Millisecond, Probability: 1, RestartAfter: 5 * time.Second,
				})
			}
		}
	}
	return outage{from: from, until: until, rules: rules}
}
