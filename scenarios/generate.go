package scenarios

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// Generate draws a plan from a seed. The same seed always gives the same plan,
// for one version of the generator ([sim.GeneratorName]).
//
// It is a swarm: each seed draws its own sizes, users' habits, make-up of the
// cluster and choice of faults, so that the seeds together cover far more than
// any one mixture would. Only faults that Kubernetes permits are drawn. In some
// plans the pool is too small for a time, in a few for good.
func Generate(seed sim.Seed) Plan { return GenerateWith(seed, Extras{}) }

// Extras are what plans have only if that is asked for. All else is drawn as without.
type Extras struct {
	// Illegal: the faults that Kubernetes does not permit are among those that may be drawn.
	Illegal bool `json:"illegal,omitempty"`
	// Contention: some controllers have several workers, and some API servers serve
	// WatchLists. What several goroutines do at one instant, and the map in which
	// client-go keeps what a watch begins with, only exact mode can repeat.
	Contention bool `json:"contention,omitempty"`
}

// GenerateWith is [Generate] with extras.
func GenerateWith(seed sim.Seed, extras Extras) Plan {
	d := newDice(seed, "sizes")
	sizes := sizes{
		services:   d.Between(1, 8),
		namespaces: d.Between(1, 3),
		users:      1 + d.Weighted(5, 3, 2),
		extra:      d.Between(0, 24),
		safety:     sim.Pick(d, 30*time.Second, time.Minute, 90*time.Second, 2*time.Minute),
		settle:     2 * time.Minute,
		Extras:     extras,
	}
	if d.Chance(0.05) { // a crowd now and then
		sizes.services = d.Between(9, 24)
		sizes.settle = 4 * time.Minute // one worker, and up to a second for each call
	}
	p := generate(seed, sizes)
	p.Name = fmt.Sprintf("seed-%d", seed)
	p.Description = fmt.Sprintf("Drawn from seed %d.", seed)
	return p
}

// Size of the reference plan, which benchmarks use.
const (
	ReferenceServices = 8
	ReferenceActions  = 20
)

// Reference is [ReferencePlan] of seed 1.
func Reference() Plan { return ReferencePlan(1) }

// ReferencePlan draws a plan of fixed size: 8 services, 20 user actions, 40s of
// safety and 2m to settle (client-go's informers back off for up to a minute),
// faults by swarm. Plans of different seeds differ in everything else.
func ReferencePlan(seed sim.Seed) Plan {
	p := generate(seed, sizes{
		services: ReferenceServices, namespaces: 2, users: 2,
		extra:  ReferenceActions - 2*ReferenceServices,
		safety: 40 * time.Second, settle: 2 * time.Minute, fixed: true,
	})
	p.Name = fmt.Sprintf("reference-%d", seed)
	p.Description = fmt.Sprintf("The reference plan for benchmarks, drawn from seed %d.", seed)
	return p
}

// sizes of a plan. Each service is created and exported, which makes two
// actions; extra is how many more there are in all. fixed: no more than these,
// so nobody meddles, and the pool has an address for every service, so that none
// has to be unexported in the end.
type sizes struct {
	services, namespaces, users, extra int
	safety, settle                     time.Duration
	fixed                              bool
	Extras
}

func generate(seed sim.Seed, s sizes) Plan {
	p := Plan{Seed: seed, Safety: s.safety, Settle: s.settle}
	for i := range s.namespaces {
		p.World.Namespaces = append(p.World.Namespaces, namespace(i))
	}
	p.World.draw(newDice(seed, "world"), s)
	if s.Contention {
		p.World.contend(newDice(seed, "contention"))
	}
	outages := drawOutages(newDice(seed, "outages"), &p)
	habits := drawHabits(newDice(seed, "habits"), s, outages)
	p.Steps = drawSteps(seed, s, habits, p.World.capacity())
	if !s.fixed {
		if p.World.Latency.Max >= 100*time.Millisecond {
			p.Settle += time.Minute // a start takes many round trips
		}
		p.Steps = append(p.Steps, drawMeddling(newDice(seed, "meddling"), &p, habits, p.Steps)...)
		p.Steps = append(p.Steps, drawHeadless(newDice(seed, "headless"), s, habits)...)
	}
	slices.SortStableFunc(p.Steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	p.Default()
	nameTwins(p.Steps)
	for _, o := range outages {
		p.Faults = append(p.Faults, o.rules...)
	}
	p.Faults = append(p.Faults, drawFaults(seed, &p, outages, s.Illegal)...)
	return p
}

func namespace(i int) string { return "ns-" + string(rune('a'+i)) }

func (w *World) draw(d dice, s sizes) {
	w.CIDRs = drawPool(d, s)
	if d.Chance(0.25) {
		w.Controller.Replicas, w.Controller.LeaderElection = 2+d.Weighted(3, 1), true
	}
	w.Latency = sim.Pick(d,
		faults.Span{Min: time.Millisecond, Max: 10 * time.Millisecond},
		faults.Span{Min: time.Millisecond, Max: 10 * time.Millisecond},
		faults.Span{Min: 200 * time.Microsecond, Max: time.Millisecond},
		faults.Span{Min: 20 * time.Millisecond, Max: 80 * time.Millisecond},
		faults.Span{Min: time.Millisecond, Max: 400 * time.Millisecond})
	w.APIServer.CompactEvery = sim.Pick(d, 0, 0, 0, 20*time.Second, 45*time.Second)
	w.APIServer.Replicas = 1 + d.Weighted(6, 3, 1)
	if d.Chance(0.3) {
		w.Consumers = 1
	}
}

// contend draws what makes goroutines of a controller meet.
func (w *World) contend(d dice) {
	if d.Chance(0.4) {
		w.Controller.Workers = d.Between(2, 8)
	}
	w.APIServer.WatchList = d.Chance(0.4)
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

func (w *World) capacity() int {
	sum := 0
	for _, c := range w.CIDRs {
		sum += capacity(c)
	}
	return sum
}

// drawSteps draws each service's life from a stream of its own and merges
// them by time.
func drawSteps(seed sim.Seed, s sizes, habits habits, capacity int) []Step {
	share := newDice(seed, "share")
	extra := make([]int, s.services)
	for range s.extra {
		extra[share.Intn(s.services)]++
	}
	forGood := share.Chance(0.3)
	var steps []Step
	left := 0
	for i := range s.services {
		life := newLife(newDice(seed, fmt.Sprintf("service/%d", i)), habits, i)
		life.live(extra[i])
		if life.holdsAddress() {
			if left++; left > capacity && !forGood {
				life.unexport()
			}
		}
		steps = append(steps, life.steps...)
	}
	return steps
}

// nameTwins gives steps that would share an ID, because the same user does the
// same thing twice at the same millisecond, IDs that differ.
func nameTwins(steps []Step) {
	seen := map[string]int{}
	for i := range steps {
		id := steps[i].ID
		if seen[id]++; seen[id] > 1 {
			steps[i].ID = fmt.Sprintf("%s-again-%d", id, seen[id])
		}
	}
}

// dice are those of the generator.
type dice = sim.Dice

func newDice(seed sim.Seed, purpose string) dice { return sim.NewDice(seed, "plan/"+purpose) }
