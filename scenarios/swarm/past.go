package swarm

import (
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// past: the process comes to an API server whose watch cache of one resource stands
// still since a while before, because it begins anew or because its connection broke.
// What it lists there is the past. Three times in four what it asks to be sure of it
// fails, too: at once, or when that server has caught up.
//
// Each of these alone is harmless to most controllers, and drawn one by one they
// hardly ever meet. The resource is any that the subject was seen to watch, each as
// likely as another, and now and then all of them.
func (d outages) past(at time.Duration, n int) outage {
	from, away := max(at-d.Span(5*time.Second, 20*time.Second), 0), d.Scale(100*time.Millisecond, 5*time.Second)
	until := min(at+away+d.Span(2*time.Second, 20*time.Second), d.plan.Safety)
	lag := faults.Rule{ID: fmt.Sprintf("behind-%d", n), Kind: faults.CacheLag, From: from, Until: until, Probability: 1}
	if watched := d.seen.watched(); d.Chance(0.85) && len(watched) > 0 {
		lag.Resources = []string{sim.Pick(d.dice, watched...)}
	}
	rules := d.arrival(at, away, n, &lag)
	return outage{from: from, until: until, rules: append(rules, d.doubt(at, away, n, &lag)...)}
}

// arrival is how the process comes to the server that lag is about: started again,
// or after a fail-over from one that is not behind. With one API server, it is
// started again there.
func (d outages) arrival(at, away time.Duration, n int, lag *faults.Rule) []faults.Rule {
	restart := faults.Rule{ID: fmt.Sprintf("restart-%d", n), Kind: faults.Crash, From: at, Probability: 1, RestartAfter: away}
	servers := d.plan.World.APIServer.Replicas
	if servers == 1 {
		return []faults.Rule{*lag, restart}
	}
	lag.Replica = d.Between(1, servers)
	ahead := faults.Rule{ID: fmt.Sprintf("ahead-%d", n), Kind: faults.FailOver, From: lag.From, Probability: 1, Replica: 1 + lag.Replica%servers}
	back := faults.Rule{ID: fmt.Sprintf("back-%d", n), Kind: faults.FailOver, From: at, Probability: 1, Replica: lag.Replica}
	if d.Chance(0.3) {
		return []faults.Rule{ahead, *lag, back}
	}
	back.From += away / 2
	return []faults.Rule{ahead, *lag, restart, back}
}

// doubt: single objects cannot be read for a while, those of the resource that is
// behind or all.
func (d outages) doubt(at, away time.Duration, n int, lag *faults.Rule) []faults.Rule {
	if !d.Chance(0.75) {
		return nil
	}
	r := faults.Rule{
		ID: fmt.Sprintf("doubt-%d", n), Match: faults.Match{Verbs: []string{"get"}}, From: at,
		Kind:        sim.Pick(d.dice, faults.InternalError, faults.InternalError, faults.ServiceUnavailable, faults.GatewayTimeout, faults.TimeoutDropped),
		Probability: d.Rate(0.3, 1),
	}
	lasts := away + d.Scale(500*time.Millisecond, 15*time.Second)
	if late := lag.Until - 100*time.Millisecond; d.Chance(0.3) && late > at {
		r.From = late
	}
	r.Until = min(r.From+lasts, d.plan.Safety)
	looked := d.seen.looked()
	switch of := d.Weighted(5, 2, 3); {
	case of == 0 && len(lag.Resources) == 1 && slices.Contains(looked, lag.Resources[0]):
		r.Resources = slices.Clone(lag.Resources)
	case of == 1 && len(looked) > 0:
		r.Resources = []string{sim.Pick(d.dice, looked...)}
	}
	return []faults.Rule{r}
}
