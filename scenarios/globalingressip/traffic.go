package globalingressip

import (
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// profile is what the users of one plan have in common.
type profile struct {
	users      []string
	namespaces int
	safety     time.Duration
	// bursts are moments at which several things happen at once, as when
	// somebody applies a whole directory.
	bursts []time.Duration
	// hasty is how likely an action follows the one before it within 20ms.
	hasty float64
	// outages are times in which the controller notices little. patient is how
	// likely the next action waits for one: comes in the middle of it, soon after
	// others at its beginning, or so shortly before it that the controller is
	// interrupted at work.
	outages []scenarios.Outage
	patient float64
	// namesakes: services of different namespaces share names.
	namesakes bool
	// headless is how likely a service is created without a cluster IP.
	headless float64
	// meddles is how likely an action is done by another user than the
	// service's owner.
	meddles float64
	// plain: each thing that is done is one step, about a service or its export.
	plain bool
}

func drawProfile(d dice, s sizes, outages []scenarios.Outage) profile {
	h := profile{
		users: []string{"alice", "bob", "carol"}[:s.users], namespaces: s.namespaces, safety: s.safety,
		hasty: sim.Pick(d, 0.1, 0.3, 0.6), meddles: sim.Pick(d, 0, 0.1, 0.3), outages: outages, plain: s.fixed,
	}
	if s.users == 1 {
		h.users = []string{scenarios.DefaultUser}
	}
	h.namesakes, h.headless = d.Chance(0.3), sim.Pick(d, 0, 0, 0.1, 0.3)
	if len(h.outages) > 0 {
		h.patient = sim.Pick(d, 0, 0.3, 0.6)
	}
	for range d.Between(0, 3) {
		h.bursts = append(h.bursts, d.Span(time.Second, s.safety*3/4))
	}
	return h
}

// serviceTraffic is what happens to one service, in order of time.
type serviceTraffic struct {
	dice
	profile
	ref              scenarios.ObjectRef
	owner            string
	at               time.Duration
	exists, exported bool
	none             bool   // it has no cluster IP
	unselected       bool   // it selects no pods, and somebody writes its Endpoints
	listed           bool   // these are there
	written          int    // and how often they were written
	ports            []Port // that it has
	steps            []scenarios.Step
}

func newServiceTraffic(d dice, h profile, i int) *serviceTraffic {
	l := &serviceTraffic{
		dice: d, profile: h, owner: h.users[i%len(h.users)],
		ref: scenarios.ObjectRef{Namespace: namespace(d.Intn(h.namespaces)), Name: fmt.Sprintf("svc-%d", i+1)},
	}
	if h.namesakes {
		l.ref = scenarios.ObjectRef{Namespace: namespace(i % h.namespaces), Name: fmt.Sprintf("svc-%d", i/h.namespaces+1)}
	}
	l.at = l.Span(500*time.Millisecond, h.safety/2)
	if len(h.bursts) > 0 && l.Chance(0.5) {
		l.at = sim.Pick(d, h.bursts...) + l.Span(0, 20*time.Millisecond)
	}
	return l
}

// end is when it has to be over: a little before faults end, so that
// the last actions still happen while they are in force.
func (l *serviceTraffic) end() time.Duration { return l.safety - 500*time.Millisecond }

// live creates and exports the service, in either order, and then does n more
// things to it.
func (l *serviceTraffic) live(n int) {
	first, second := l.create, l.export
	if l.Chance(0.15) {
		first, second = second, first
	}
	first()
	l.wait(n + 1)
	second()
	for ; n > 0; n-- {
		l.wait(n)
		l.act()
	}
}

// wait lets time pass before the next action, such that those still to come
// have room.
func (l *serviceTraffic) wait(toCome int) {
	gap := l.Scale(2*time.Second, 25*time.Second)
	switch {
	case l.Chance(l.hasty):
		gap = l.Span(0, 20*time.Millisecond)
	case l.Chance(0.5):
		gap = l.Scale(20*time.Millisecond, 2*time.Second)
	}
	room := (l.end() - l.at) / time.Duration(toCome)
	if next, ok := l.nextOutage(); ok && l.Chance(l.patient) {
		when := l.Span(next.From, next.Until)
		switch l.Weighted(4, 2, 4) {
		case 1:
			when = next.From - l.Scale(time.Millisecond, 500*time.Millisecond)
		case 2:
			when = min(next.From+l.Span(0, 5*time.Second), next.Until)
		}
		when = max(when, l.at)
		gap, room = when-l.at, l.end()-l.at
	}
	l.at += min(gap, room.Truncate(time.Millisecond))
}

// nextOutage is the first that is not over yet, and whether there is one.
func (l *serviceTraffic) nextOutage() (scenarios.Outage, bool) {
	i := slices.IndexFunc(l.outages, func(o scenarios.Outage) bool { return o.Until > l.at })
	if i < 0 {
		return scenarios.Outage{}, false
	}
	return l.outages[i], true
}

// act does one thing that makes sense in the service's present state.
func (l *serviceTraffic) act() {
	switch {
	case l.exists && l.unselected && !l.plain && l.Chance(0.6):
		l.moveEndpoints()
	case l.exists && l.exported && !l.plain && l.Chance(0.3):
		[]func(){l.flip, l.change}[l.Weighted(1, 2)]()
	case l.exists && l.exported:
		[]func(){l.update, l.remove, l.unexport}[l.Weighted(3, 3, 2)]()
	case l.exists && !l.plain && l.Chance(0.1):
		l.change()
	case l.exists:
		[]func(){l.export, l.update, l.remove}[l.Weighted(5, 1, 2)]()
	case l.exported:
		[]func(){l.create, l.unexport}[l.Weighted(5, 2)]()
	default:
		[]func(){l.create, l.export}[l.Weighted(4, 1)]()
	}
}

// change is one that seldom comes alone in life: of a type, of the port that packets
// are sent on to. A service without a cluster IP keeps its type.
func (l *serviceTraffic) change() {
	if l.none || l.Chance(0.4) {
		l.retarget()
		return
	}
	l.retype()
}

func (l *serviceTraffic) create() {
	c := &CreateService{ObjectRef: l.ref}
	l.ports = []Port{{Port: 80}}
	if l.Chance(0.3) {
		c.Ports = l.drawPorts()
		l.ports = c.Ports
	}
	c.Headless = l.Chance(l.headless)
	// A service whose endpoints somebody else manages. A headless one gets two IP
	// families of the API server, which then refuses every change of it.
	if l.Chance(0.1) && !c.Headless {
		c.Selector = map[string]string{}
	}
	l.exists, l.none, l.unselected = true, c.Headless, c.Selector != nil
	l.step(c)
}

func (l *serviceTraffic) update() {
	u := &UpdateService{ObjectRef: l.ref}
	what := l.Intn(3)
	if what != 0 {
		u.Ports = l.drawPorts()
		l.ports = u.Ports
	}
	if what != 1 {
		l.unselected = false
		u.Selector = map[string]string{"app": l.ref.Name, "version": fmt.Sprintf("v%d", len(l.steps))}
	}
	l.step(u)
}

func (l *serviceTraffic) remove() {
	l.exists = false
	l.step(&DeleteService{l.ref})
}

func (l *serviceTraffic) export() {
	l.exported = true
	l.step(&Export{l.ref})
}

func (l *serviceTraffic) unexport() {
	l.exported = false
	l.step(&Unexport{l.ref})
}

// holdsAddress: the service has, or waits for, a global IP when the plan is over.
func (l *serviceTraffic) holdsAddress() bool { return l.exists && l.exported }

func (l *serviceTraffic) drawPorts() []Port {
	ports := []Port{{Port: l.Between(1, 65535)}}
	if l.Chance(0.3) {
		ports[0].Name = "main"
		ports = append(ports, Port{Name: "more", Port: l.Between(1, 65535), TargetPort: 8080, Protocol: "UDP"})
	}
	return ports
}

// step appends an action. Users other than the owner keep a distance, so that
// what a plan says happens in the order in which it says it.
func (l *serviceTraffic) step(a scenarios.Action) { l.named("", a) }

// named is step with an ID of its own.
func (l *serviceTraffic) named(id string, a scenarios.Action) {
	s := scenarios.Step{ID: id, At: l.at, User: l.owner, Action: a}
	meddles := l.Chance(l.profile.meddles)
	stranger := sim.Pick(l.dice, l.users...)
	if n := len(l.steps); n > 0 {
		last := l.steps[n-1]
		if apart := s.At-last.At >= time.Second; !apart {
			s.User = last.User
		} else if meddles {
			s.User = stranger
		}
	}
	l.steps = append(l.steps, s)
}
