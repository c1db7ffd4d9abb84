package shrink

import (
	"strings"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// fired holds, by rule, when it took effect, in order.
type fired map[string][]time.Duration

func firedIn(events []sim.Event) fired {
	out := fired{}
	for _, e := range events {
		if e.Type != sim.EventFault {
			continue
		}
		if _, id, ok := strings.Cut(e.Detail, " "); ok {
			out[id] = append(out[id], e.At)
		}
	}
	return out
}

// mostMoments bounds how many of a rule's effects are tried alone.
const mostMoments = 12

// shorterWindows puts each rule in force only while it took effect: in one of
// the seconds in which it did, or from the first to the last. It makes certain
// what was chance, if that fails too, since then nothing hangs on the rule's id.
func shorterWindows(s *search, try func(scenarios.Plan)) {
	for i, r := range s.plan.Faults {
		for _, w := range s.windows(r) {
			for _, probability := range []float64{1, r.Probability} {
				p := s.plan
				p.Faults = without(p.Faults, 0, 0)
				changed := &p.Faults[i]
				changed.From, changed.Until, changed.Probability = w.from, w.until, probability
				if changed.Until >= p.Safety {
					changed.Until = 0
				}
				try(p)
			}
		}
	}
}

type interval struct{ from, until time.Duration }

// windows are intervals of whole seconds that a rule may be in force in.
func (s *search) windows(r faults.Rule) []interval {
	if r.Lasting() {
		return halves(r, s.plan.Safety)
	}
	times := s.fired[r.ID]
	if len(times) == 0 || r.Momentary() {
		return nil
	}
	second := func(t time.Duration) interval {
		from := t.Truncate(time.Second)
		return interval{from, from + time.Second}
	}
	var out []interval
	for _, t := range times {
		if w := second(t); len(out) < mostMoments && (len(out) == 0 || out[len(out)-1] != w) {
			out = append(out, w)
		}
	}
	return append(out, interval{second(times[0]).from, second(times[len(times)-1]).until})
}

// halves of what lasts, and it without its first or last quarter: a partition
// has no moments.
func halves(r faults.Rule, safety time.Duration) []interval {
	from, until := r.From.Truncate(time.Second), ceil(r.Until, time.Second)
	if r.Until == 0 {
		until = safety
	}
	at := func(quarter int) time.Duration {
		return (from + (until-from)*time.Duration(quarter)/4).Truncate(time.Second)
	}
	second := time.Second
	return []interval{
		{from, at(2)}, {at(2), until}, {from, at(3)}, {at(1), until}, {from, until - second}, {from + second, until},
	}
}
