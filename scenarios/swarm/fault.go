package swarm

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// drawFaults draws which kinds of fault are on, and how hard, each kind from a
// stream of its own. A calm plan has none. Rules are broad, or targeted at one kind of
// call that was seen; each plan draws how often.
func drawFaults(seed sim.Seed, p *scenarios.Plan, outages []outage, seen observed, illegal bool) []faults.Rule {
	mixture := newDice(seed, "weather")
	// How many kinds are on: mixtures of few faults find what is hidden when
	// everything fails at once.
	likely := sim.Pick(mixture, 0.07, 0.15, 0.3)
	targeted := sim.Pick(newDice(seed, "targeted"), 0, 0.3, 0.8)
	if calm(seed) {
		return nil
	}
	anchors := anchors{}
	for _, o := range outages {
		anchors.outage(o, p.Safety)
	}
	for i := range p.Steps {
		anchors.actions = append(anchors.actions, p.Steps[i].At)
	}
	drawn := map[faults.Kind][]faults.Rule{}
	// Crashes come first, because other faults gather around them.
	kinds := faults.Kinds()
	if len(p.Language.Programs) > 0 {
		kinds = append(kinds, faults.ProgramKinds()...)
	}
	for _, crashes := range []bool{true, false} {
		for _, info := range kinds {
			if !info.Permitted && !illegal || crashes != (info.Scope == faults.ScopeProcess) {
				continue
			}
			if info.Kind == faults.FailOver && p.World.APIServer.Replicas == 1 || info.Scope == faults.ScopeHost && !seen.changesHost {
				continue
			}
			d := newDice(seed, "fault/"+string(info.Kind))
			if d.Chance(likely) {
				drawn[info.Kind] = drawKind(d, p, info, anchors, seen, targeted)
			}
			for _, r := range drawn[info.Kind] {
				if crashes && r.Kind == faults.Crash && r.Momentary() {
					anchors.outage(outage{from: r.From, until: r.From + r.RestartAfter}, p.Safety)
				}
			}
		}
	}
	var rules []faults.Rule
	for _, info := range kinds {
		rules = append(rules, drawn[info.Kind]...)
	}
	rules = append(rules, drawLasting(newDice(seed, "lasting"), p, anchors, seen)...)
	return append(rules, drawWebhookFaults(seed, p, anchors)...)
}

// anchors are times at which something happens that a fault may gather around.
type anchors struct {
	actions []time.Duration
	outages []time.Duration // when they begin and when they end
	calls   []time.Duration // that the rule is about; nil: not known
}

// outage adds the beginning of an outage, and its end if that is still in the safety phase.
func (a *anchors) outage(o outage, safety time.Duration) {
	a.outages = append(a.outages, o.from)
	if o.until < safety*9/10 {
		a.outages = append(a.outages, o.until)
	}
}

func drawKind(d dice, p *scenarios.Plan, info faults.Info, a anchors, seen observed, targeted float64) []faults.Rule {
	var rules []faults.Rule
	for i := range 1 + d.Weighted(7, 3) {
		drawing := drawing{dice: d, plan: p, anchors: a, seen: seen, targeted: targeted, rule: faults.Rule{
			ID: fmt.Sprintf("%s-%d", info.Kind, i+1), Kind: info.Kind, Probability: 1,
		}}
		drawing.draw(info.Scope)
		rules = append(rules, drawing.rule)
	}
	return rules
}

// drawing is one rule being drawn.
type drawing struct {
	dice
	plan     *scenarios.Plan
	anchors  anchors
	seen     observed
	targeted float64 // how likely the rule is about one kind of call
	rule     faults.Rule
}

func (s *drawing) draw(scope faults.Scope) {
	switch scope {
	case faults.ScopeCall:
		if s.rule.Kind == faults.Overtaken {
			s.overtaken()
			return
		}
		s.target()
		if s.rule.Kind == faults.Hold {
			s.interval(time.Second, 40*time.Second)
		} else {
			s.window(time.Second, 40*time.Second)
		}
		s.chanceAndLimit()
		s.effect()
	case faults.ScopeWatch, faults.ScopeEvent:
		s.watched()
		s.window(time.Second, 40*time.Second)
		s.chanceAndLimit()
		s.effect()
	case faults.ScopeHost:
		s.victim()
		s.window(time.Second, 40*time.Second)
		s.chanceAndLimit()
		s.host()
	case faults.ScopeServer:
		s.server()
	case faults.ScopeLink:
		s.victim()
		s.interval(time.Second, 50*time.Second)
		if s.rule.Kind == faults.FailOver {
			s.rule.Until = 0
			s.replica(0.5)
			return
		}
		s.rule.Direction = sim.Pick(s.dice, faults.BothWays, faults.BothWays, faults.BothWays, faults.ToServer, faults.FromServer)
		if hosts := s.plan.Language.Hosts; len(hosts) > 0 && s.rule.Kind == faults.Partition && s.Chance(0.5) {
			s.rule.Resources = []string{sim.Pick(s.dice, hosts...)} // from that server, and not the API server
		}
	case faults.ScopeProcess:
		s.victim()
		switch s.rule.Kind {
		case faults.Crash:
			s.crash()
		case faults.Pause:
			s.interval(time.Second, time.Minute)
		case faults.Terminate:
			s.interval(time.Second, 2*time.Second)
			s.rule.Until = 0
			s.rule.RestartAfter = s.Scale(100*time.Millisecond, 30*time.Second)
		case faults.ClockSkew:
			s.interval(time.Second, time.Minute)
			skew := s.Scale(100*time.Millisecond, 5*time.Minute)
			s.rule.Delay = faults.Span{Min: skew, Max: skew}
		case faults.CrashLoop:
			s.interval(3*time.Second, 30*time.Second)
			life := min(s.Scale(200*time.Millisecond, 8*time.Second), s.rule.Until-s.rule.From)
			s.rule.Delay = faults.Span{Min: life / 4, Max: life}
			s.rule.RestartAfter = s.Scale(100*time.Millisecond, 5*time.Second)
		}
	}
}

// watched aims at the watches of one resource, or leaves the rule to all.
func (s *drawing) watched() {
	if watched := s.seen.watched(); len(watched) > 0 && s.Chance(0.4) {
		s.rule.Resources = []string{sim.Pick(s.dice, watched...)}
	}
}

// replica concerns one API server, or with the given chance all of them.
func (s *drawing) replica(all float64) {
	one, n := !s.Chance(all), s.Between(1, s.plan.World.APIServer.Replicas)
	if one {
		s.rule.Replica = n
	}
}

// server is what happens to API servers and to what runs beside them.
func (s *drawing) server() {
	switch s.rule.Kind {
	case faults.CacheLag:
		s.interval(time.Second, 40*time.Second)
		s.watched()
		s.replica(0.3)
		if lag := s.Scale(200*time.Millisecond, 20*time.Second); s.Chance(0.6) {
			s.rule.Delay = faults.Span{Min: lag, Max: lag}
		}
	case faults.HistoryForgotten:
		s.interval(time.Second, 2*time.Second)
		s.rule.Until = 0
		s.watched()
		s.replica(0.5)
	case faults.ReplicaDown:
		s.interval(time.Second, 30*time.Second)
		s.replica(0.2)
	case faults.GCLag:
		s.interval(5*time.Second, time.Minute)
		lag := s.Scale(time.Second, 40*time.Second)
		s.rule.Delay = faults.Span{Min: lag, Max: lag}
	}
}

// victim picks one of several replicas, or leaves the rule to all of them.
func (s *drawing) victim() {
	one, names := s.Chance(0.6), s.plan.UnderTest()
	if name := sim.Pick(s.dice, names...); one && len(names) > 1 {
		s.rule.Process = name
	}
}

// target is about all calls, reads or writes, one resource, or one kind of call
// that was seen. What lies between two writes is where much goes wrong, so writes
// are the likelier ones.
func (s *drawing) target() {
	if s.Chance(s.targeted) && s.call(s.seen.calls, 0.6) {
		return
	}
	verb := sim.Pick(s.dice, "read", "write", "")
	switch s.Weighted(8, 5, 3, 5) {
	case 1:
		s.rule.Verbs = []string{"write"}
	case 2:
		s.rule.Verbs = []string{"read"}
	case 3:
		if all := s.seen.resources(); len(all) > 0 {
			s.rule.Resources = []string{sim.Pick(s.dice, all...)}
			if !strings.Contains(s.rule.Resources[0], "/") && verb != "" {
				s.rule.Verbs = []string{verb}
			}
		}
	}
}

// call targets one kind of call of those given, with a chance one that writes,
// and makes its times those that windows gather around. False: there is none.
func (s *drawing) call(among []observedCall, writing float64) bool {
	if writes := s.seen.writes(); len(writes) > 0 && s.Chance(writing) {
		among = writes
	}
	if len(among) == 0 {
		return false
	}
	c := sim.Pick(s.dice, among...)
	s.rule.Verbs, s.rule.Resources = []string{c.verb}, []string{c.resource}
	if underTest := s.plan.UnderTest(); len(underTest) > 1 && slices.Contains(underTest, c.process) {
		s.rule.Process = c.process
	}
	s.anchors.calls = c.at
	return true
}

// overtaken is about one kind of write, oftener than not one that takes something
// away, and about few of them: what is held is not done. In half of the rules its
// sender learns soon that the connection is lost, and does something about it.
func (s *drawing) overtaken() {
	deletes := s.seen.with(func(c *observedCall) bool { return c.verb == "delete" && !passing[c.resource] })
	others := s.seen.with(func(c *observedCall) bool { return faults.IsWrite(c.verb) && !passing[c.resource] })
	if among := [][]observedCall{deletes, others}[s.Weighted(3, 2)]; len(among) == 0 || !s.call(among, 0) {
		s.rule.Verbs = []string{"write"}
	}
	s.window(10*time.Second, time.Minute)
	if s.Chance(0.5) {
		lost := s.Scale(100*time.Millisecond, 8*time.Second)
		s.rule.Delay = faults.Span{Min: lost, Max: lost}
	}
	s.rule.Changes = 1 + s.Weighted(3, 4, 2)
	s.rule.Probability = s.Rate(0.2, 1)
	s.rule.Limit = s.Between(1, 3)
}

// host is what happens to changes that a process makes to its machine.
func (s *drawing) host() {
	switch s.rule.Kind {
	case faults.HostHang:
		long := s.Scale(500*time.Millisecond, 30*time.Second)
		s.rule.Delay = faults.Span{Min: long / 4, Max: long}
	case faults.HostError:
		s.rule.When = sim.Pick(s.dice, faults.AtTime, faults.AtTime, faults.AfterCall)
	case faults.HostCrash:
		s.rule.When = sim.Pick(s.dice, faults.BeforeCall, faults.AfterCall)
		s.rule.RestartAfter = s.Scale(100*time.Millisecond, 30*time.Second)
		s.rule.Limit = s.Between(1, 3)
	}
}

// window is the whole phase, or an interval of it.
func (s *drawing) window(shortest, longest time.Duration) {
	if whole := s.Chance(0.3); !whole {
		s.interval(shortest, longest)
	}
}

// interval lies anywhere, or begins a little before a user acts or at either end of an outage:
// most bugs need something to go wrong while something else is under way.
func (s *drawing) interval(shortest, longest time.Duration) {
	s.rule.From = s.Span(0, s.plan.Safety*9/10)
	lead, where := s.Scale(time.Millisecond, 5*time.Second), s.Weighted(4, 4, 6)
	switch {
	case len(s.anchors.calls) > 0 && where > 0:
		s.rule.From = min(max(sim.Pick(s.dice, s.anchors.calls...)-lead, 0), s.plan.Safety*9/10)
	case where == 1 && len(s.anchors.actions) > 0:
		s.rule.From = max(sim.Pick(s.dice, s.anchors.actions...)-lead, 0)
	case where == 2 && len(s.anchors.outages) > 0:
		s.rule.From = sim.Pick(s.dice, s.anchors.outages...)
	}
	s.rule.Until = min(s.rule.From+s.Scale(shortest, longest), s.plan.Safety)
}

// chanceAndLimit: what lasts is mild, so that the controller gets something
// done; what is short may be total.
func (s *drawing) chanceAndLimit() {
	most := 0.3
	if s.rule.Until != 0 {
		most = 1
	}
	s.rule.Probability = s.Rate(0.02, most)
	if s.rule.Until != 0 && s.Chance(0.4) {
		s.rule.Probability = 1
	}
	if s.Chance(0.2) {
		s.rule.Limit = s.Between(1, 3)
	}
}

func (s *drawing) effect() {
	switch s.rule.Kind {
	case faults.Latency:
		slow := s.Scale(50*time.Millisecond, 10*time.Second)
		s.rule.Delay = faults.Span{Min: slow / 10, Max: slow}
	case faults.TimeoutApplied, faults.TimeoutDropped:
		wait := s.Scale(500*time.Millisecond, 30*time.Second)
		s.rule.Delay = faults.Span{Min: wait, Max: wait}
	case faults.ResponseLost:
		wait := s.Scale(10*time.Millisecond, 2*time.Second)
		s.rule.Delay = faults.Span{Min: wait, Max: wait}
	case faults.SlowBody:
		slow := s.Scale(100*time.Millisecond, 20*time.Second)
		s.rule.Delay = faults.Span{Min: slow, Max: slow}
	case faults.Hold:
		if s.Chance(0.3) {
			s.rule.Direction = faults.FromServer
		}
	case faults.WatchDelayed:
		late := s.Scale(100*time.Millisecond, 20*time.Second)
		s.rule.Delay = faults.Span{Min: late / 10, Max: late}
	case faults.WatchClosed, faults.WatchError, faults.WatchExpired:
		open := s.Scale(500*time.Millisecond, 30*time.Second)
		s.rule.Delay = faults.Span{Min: open / 10, Max: open}
	case faults.TooManyRequests:
		s.rule.RetryAfter = time.Duration(s.Between(1, 5)) * time.Second
	case faults.ServiceUnavailable:
		if s.Chance(0.5) {
			s.rule.RetryAfter = time.Duration(s.Between(1, 5)) * time.Second
		}
	}
}

// crash happens at a time, or before or after a write. A process that crashes
// at a call does so a few times at most, and is then left to recover.
func (s *drawing) crash() {
	s.rule.RestartAfter = s.Scale(100*time.Millisecond, 30*time.Second)
	if s.Chance(0.4) {
		s.rule.From = s.Span(time.Second, s.plan.Safety*9/10)
		return
	}
	s.rule.When = sim.Pick(s.dice, faults.BeforeCall, faults.AfterCall)
	s.rule.Verbs = []string{"write"}
	written := resourcesOf(s.seen.writes())
	switch {
	case s.Chance(s.targeted) && s.call(s.seen.writes(), 0):
	case s.Chance(0.7) && len(written) > 0:
		s.rule.Resources = []string{sim.Pick(s.dice, written...)}
	}
	s.rule.Probability = s.Rate(0.05, 1)
	s.rule.Limit = s.Between(1, 3)
}
