package realcluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// weather decides what goes wrong, for all proxies of a run.
type weather struct {
	seed     sim.Seed
	record   *recorder
	mu       sync.Mutex
	schedule *faults.Schedule
	counts   map[string]int
	clear    chan struct{} // closed when the weather clears
}

// feasible are the kinds of faults that a proxy and a kill can bring about.
var feasible = []faults.Kind{
	faults.ConnectionRefused, faults.ConnectionReset, faults.TooManyRequests, faults.InternalError,
	faults.ServiceUnavailable, faults.GatewayTimeout, faults.TimeoutApplied, faults.TimeoutDropped,
	faults.ResponseLost, faults.Latency, faults.BlackHole, faults.Hold, faults.WatchClosed, faults.Partition, faults.Crash,
}

// ErrInfeasible: the plan has a fault that only a simulated cluster can have.
var ErrInfeasible = errors.New("this fault cannot be brought about on a real API server")

// ErrElsewhere: the subject's world is not to be had on a real API server alone.
var ErrElsewhere = errors.New("only a simulated world has that")

// Feasible says, with [ErrInfeasible], which fault of a plan cannot be brought about
// on a real API server; nil: all can.
func Feasible(plan *scenarios.Plan) error {
	for i := range plan.Faults {
		if kind := plan.Faults[i].Kind; !slices.Contains(feasible, kind) {
			return fmt.Errorf("faults[%d].kind: %s: %w; feasible are %v", i, kind, ErrInfeasible, feasible)
		}
		if replica := plan.Faults[i].Replica; replica != 0 {
			return fmt.Errorf("faults[%d].replica: %d: which API server answers is not known: %w", i, replica, ErrInfeasible)
		}
	}
	return nil
}

func newWeather(seed sim.Seed, rules []faults.Rule, record *recorder) *weather {
	return &weather{
		seed: seed, record: record, schedule: faults.NewSchedule(rules),
		counts: map[string]int{}, clear: make(chan struct{}),
	}
}

// decide returns the fate of a call. It is drawn by the call's identity, as in a
// simulated run.
func (w *weather) decide(call *model.Call) faults.Decision {
	w.mu.Lock()
	defer w.mu.Unlock()
	aim := sim.FaultCall(call)
	identity := fmt.Sprintf("%s %s %s %s/%s", aim.Process, aim.Verb, aim.Resource, aim.Namespace, aim.Name)
	w.counts[identity]++
	aim.Nth, aim.At = w.counts[identity], w.record.now()
	key := fmt.Sprintf("%s %d", identity, aim.Nth)
	d := w.schedule.Decide(aim, func(ruleID, purpose string) float64 {
		return sim.Draw(w.seed, "fault", ruleID, purpose, key)
	})
	if d.Rule != nil {
		w.record.fire(d.Rule)
	}
	for _, r := range d.Slowed {
		w.record.fire(r)
	}
	return d
}

// timed are the rules that act on processes and links at given times.
func (w *weather) timed() []*faults.Rule {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.schedule.Timed()
}

func (w *weather) happened(r *faults.Rule) {
	w.record.fire(r)
}

// end clears the weather.
func (w *weather) end() {
	w.mu.Lock()
	w.schedule.Clear()
	w.mu.Unlock()
	w.record.clear()
	close(w.clear)
}

// pause waits, unless ctx ends or, with fair, the weather clears.
func pause(ctx context.Context, d time.Duration, fair <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-fair:
		return true
	case <-ctx.Done():
		return false
	}
}
