package globalingressip

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// sizes of a plan. Each service is created and exported, which makes two
// actions; extra is how many more there are in all. fixed: no more than these,
// so nobody meddles, and the pool has an address for every service, so that none
// has to be unexported in the end.
type sizes struct {
	services, namespaces, users, extra int
	safety, settle                     time.Duration
	fixed                              bool
}

// drawSizes draws those of a seed.
func drawSizes(seed sim.Seed) sizes {
	d := newDice(seed, "sizes")
	s := sizes{
		services:   d.Between(1, 8),
		namespaces: d.Between(1, 3),
		users:      1 + d.Weighted(5, 3, 2),
		extra:      d.Between(0, 24),
		safety:     sim.Pick(d, 30*time.Second, time.Minute, 90*time.Second, 2*time.Minute),
		settle:     2 * time.Minute,
	}
	if d.Chance(0.05) { // a crowd now and then
		s.services = d.Between(9, 24)
		s.settle = 4 * time.Minute // one worker, and up to a second for each call
	}
	return s
}

// drawWorld draws the world of a seed: pools, replicas, latency, API servers. In
// some plans the pool is too small for a time, in a few for good; in some, what promises
// to keep addresses is deployed anew.
func (v Variant) drawWorld(seed sim.Seed, extras scenarios.Extras) scenarios.Plan {
	p := drawSizes(seed).world(seed, extras)
	if v.Claims {
		settings(&p).Rollouts = drawRollouts(newDice(seed, "rollouts"), settings(&p).CIDRs, p.Safety)
	}
	p.Name = fmt.Sprintf("seed-%d", seed)
	p.Description = fmt.Sprintf("Drawn from seed %d.", seed)
	return p
}

// drawTraffic draws what users do in the world of a seed.
func drawTraffic(seed sim.Seed, p *scenarios.Plan, outages []scenarios.Outage, _ scenarios.Extras) []scenarios.Step {
	return drawSizes(seed).traffic(seed, p, outages)
}

// Size of the reference plan, which benchmarks use.
const (
	ReferenceServices = 8
	ReferenceActions  = 20
)

// Reference is a subject whose plans have a fixed size: 8 services, 20 user
// actions, 40s of safety and 2m to settle (client-go's informers back off for up
// to a minute), faults by swarm. Plans of different seeds differ in everything
// else. Benchmarks use seed 1.
func Reference(v Variant) scenarios.Subject {
	fixed := sizes{
		services: ReferenceServices, namespaces: 2, users: 2,
		extra:  ReferenceActions - 2*ReferenceServices,
		safety: 40 * time.Second, settle: 2 * time.Minute, fixed: true,
	}
	s := v.Subject()
	s.World = func(seed sim.Seed, extras scenarios.Extras) scenarios.Plan {
		p := fixed.world(seed, extras)
		p.Name = fmt.Sprintf("reference-%d", seed)
		p.Description = fmt.Sprintf("The reference plan for benchmarks, drawn from seed %d.", seed)
		return p
	}
	s.Traffic = func(seed sim.Seed, p *scenarios.Plan, outages []scenarios.Outage, _ scenarios.Extras) []scenarios.Step {
		return fixed.traffic(seed, p, outages)
	}
	return s
}

// ordinaryDay is what the generator looks at to learn what GlobalIngressIP
// controllers call and make: the shipped one, with leases, services of each kind
// that come, change and go, and what is behind them: a pod, and Endpoints that
// somebody writes.
func ordinaryDay() (scenarios.Subject, scenarios.Plan) {
	ref := func(name string) scenarios.ObjectRef { return scenarios.ObjectRef{Namespace: "default", Name: name} }
	step := func(at int, a scenarios.Action) scenarios.Step {
		return scenarios.Step{At: time.Duration(at) * time.Second, Action: a}
	}
	p := scenarios.Plan{
		Name: "ordinary-day", Safety: 40 * time.Second, Settle: time.Minute,
		Settings: &Settings{Controller: Controller{LeaderElection: true}},
		Steps: []scenarios.Step{
			step(1, &CreateService{ObjectRef: ref("web")}), step(2, &Export{ref("web")}),
			step(3, &CreateService{ObjectRef: ref("api")}), step(4, &Export{ref("api")}),
			step(5, &CreateService{ObjectRef: ref("db"), Headless: true}), step(6, &Export{ref("db")}),
			step(7, &CreateService{ObjectRef: ref("old"), Selector: map[string]string{}}), step(8, &Export{ref("old")}),
			step(9, endpoints(ref("old"), "10.2.0.1")), step(10, pod(ref("db-0"), "db")), step(11, podReport(ref("db-0"), podReady("10.1.0.1"))),
			step(12, &UpdateService{ObjectRef: ref("web"), Ports: []Port{{Port: 81}}}),
			step(15, &Unexport{ref("api")}), step(18, endpoints(ref("old"), "10.2.0.2")),
			step(20, &DeleteService{ref("web")}), step(22, deletePod(ref("db-0"))), step(25, &DeleteService{ref("db")}),
			step(26, &scenarios.Delete{ResourceRef: scenarios.ResourceRef{Resource: "endpoints", ObjectRef: ref("old")}}),
		},
	}
	shipped := Variants()[0].Subject()
	p.Language = shipped.Language
	p.Default()
	return shipped, p
}

func (s sizes) world(seed sim.Seed, extras scenarios.Extras) scenarios.Plan {
	w := &Settings{}
	p := scenarios.Plan{Language: Language(), Settings: w, Safety: s.safety, Settle: s.settle}
	for i := range s.namespaces {
		p.World.Namespaces = append(p.World.Namespaces, namespace(i))
	}
	d := newDice(seed, "world")
	w.CIDRs = drawPool(d, s)
	if d.Chance(0.25) {
		w.Controller.Replicas, w.Controller.LeaderElection = 2+d.Weighted(3, 1), true
	}
	p.World.Latency = sim.Pick(d,
		faults.Span{Min: time.Millisecond, Max: 10 * time.Millisecond},
		faults.Span{Min: time.Millisecond, Max: 10 * time.Millisecond},
		faults.Span{Min: 200 * time.Microsecond, Max: time.Millisecond},
		faults.Span{Min: 20 * time.Millisecond, Max: 80 * time.Millisecond},
		faults.Span{Min: time.Millisecond, Max: 400 * time.Millisecond})
	p.World.APIServer.CompactEvery = sim.Pick(d, 0, 0, 0, 20*time.Second, 45*time.Second)
	p.World.APIServer.Replicas = 1 + d.Weighted(6, 3, 1)
	if d.Chance(0.3) {
		w.Consumers = 1
	}
	if extras.Contention {
		contend(newDice(seed, "contention"), &p.World, w)
	}
	if !s.fixed && p.World.Latency.Max >= 100*time.Millisecond {
		p.Settle += time.Minute // a start takes many round trips
	}
	p.Default()
	return p
}

// contend draws what makes goroutines of a controller meet.
func contend(d dice, w *scenarios.World, s *Settings) {
	if d.Chance(0.4) {
		s.Controller.Workers = d.Between(2, 8)
	}
	w.APIServer.WatchList = d.Chance(0.4)
}

func (s sizes) traffic(seed sim.Seed, p *scenarios.Plan, outages []scenarios.Outage) []scenarios.Step {
	profile := drawProfile(newDice(seed, "habits"), s, outages)
	steps := drawSteps(seed, s, profile, settings(p).capacity())
	if s.fixed {
		return steps
	}
	edits := drawUserEdits(newDice(seed, "meddling"), p, profile, steps)
	return slices.Concat(steps, edits, drawHeadless(newDice(seed, "headless"), s, profile), drawUnselected(newDice(seed, "unselected"), s, profile))
}

// drawPool draws a pool that is roomy, just large enough, too small for all
// services at a time, or in two parts.
func drawPool(d dice, s sizes) []netip.Prefix {
	prefix := func(third byte, bits int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{242, 1, third, 0}), bits)
	}
	bits := 30 // the smallest that has an address for each service
	for capacity(prefix(0, bits)) < s.services {
		bits--
	}
	switch d.Weighted(9, 6, 2, 3) {
	case 0:
		return []netip.Prefix{prefix(0, 24)}
	case 1:
		return []netip.Prefix{prefix(0, bits)}
	case 2:
		return []netip.Prefix{prefix(0, smallestPrefix), prefix(1, bits)}
	}
	if s.fixed {
		return []netip.Prefix{prefix(0, bits)}
	}
	return []netip.Prefix{prefix(0, min(bits+1, smallestPrefix))}
}

// capacity is how many addresses of a range are given out: all but the first
// and the last.
func capacity(c netip.Prefix) int { return 1<<(32-c.Bits()) - 2 }

// capacity is how many addresses there are at least, whatever is deployed.
func (s *Settings) capacity() int {
	least := capacityOf(s.CIDRs)
	for _, r := range s.Rollouts {
		if r.CIDRs != nil {
			least = min(least, capacityOf(r.CIDRs))
		}
	}
	return least
}

func capacityOf(pools []netip.Prefix) int {
	sum := 0
	for _, c := range pools {
		sum += capacity(c)
	}
	return sum
}

// drawSteps draws what happens to each service from a stream of its own.
func drawSteps(seed sim.Seed, s sizes, profile profile, capacity int) []scenarios.Step {
	share := newDice(seed, "share")
	extra := make([]int, s.services)
	for range s.extra {
		extra[share.Intn(s.services)]++
	}
	forGood := share.Chance(0.3)
	var steps []scenarios.Step
	left := 0
	for i := range s.services {
		service := newServiceTraffic(newDice(seed, fmt.Sprintf("service/%d", i)), profile, i)
		service.live(extra[i])
		if service.holdsAddress() {
			if left++; left > capacity && !forGood {
				service.unexport()
			}
		}
		steps = append(steps, service.steps...)
	}
	return steps
}

func namespace(i int) string { return "ns-" + string(rune('a'+i)) }

// dice are those of the generator.
type dice = sim.Dice

func newDice(seed sim.Seed, purpose string) dice { return sim.NewDice(seed, "plan/"+purpose) }
