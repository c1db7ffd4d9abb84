package scenarios

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/sim"
)

// meddlerName is the user who edits and deletes what belongs to the controller.
const meddlerName = "mallory"

// drawMeddling draws, for one plan in four, a user who lays hands on what the
// controller owns: with kubectl everybody may, and a backup that is restored does
// the same. steps are what the other users do.
func drawMeddling(d dice, p *Plan, habits habits, steps []Step) []Step {
	var victims []ObjectRef
	for _, s := range steps {
		if s.Export != nil && !slices.Contains(victims, *s.Export) {
			victims = append(victims, *s.Export)
		}
	}
	if !d.Chance(0.25) || len(victims) == 0 {
		return nil
	}
	m := meddler{dice: d, pool: p.World.CIDRs}
	for range d.Between(1, 3) {
		at := d.Span(p.Safety/5, p.Safety*9/10)
		if len(habits.outages) > 0 && d.Chance(0.5) {
			o := sim.Pick(d, habits.outages...)
			at = min(d.Span(o.from, o.until), p.Safety*9/10)
		}
		m.act(at, sim.Pick(d, victims...))
	}
	slices.SortStableFunc(m.steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return m.steps
}

type meddler struct {
	dice
	pool  []netip.Prefix
	steps []Step
}

// act does one thing to what belongs to a service's global IP.
func (m *meddler) act(at time.Duration, service ObjectRef) {
	s := Step{At: at, User: meddlerName}
	internal := ObjectRef{Namespace: service.Namespace, Name: v1.InternalServiceName(service.Name)}
	switch m.Weighted(3, 2, 2, 2, 1) {
	case 0:
		s.Patch = &Patch{
			ResourceRef: ResourceRef{Resource: "globalingressips/status", ObjectRef: service},
			Body:        map[string]any{"status": map[string]any{"allocatedIP": sim.Pick(m.dice, "", "203.0.113.7", m.address())}},
		}
	case 1:
		s.Delete = &ResourceRef{Resource: "globalingressips", ObjectRef: service}
	case 2:
		s.Delete = &ResourceRef{Resource: "services", ObjectRef: internal}
	case 3:
		s.Patch = &Patch{
			ResourceRef: ResourceRef{Resource: "services", ObjectRef: internal},
			Body:        map[string]any{"spec": map[string]any{"externalIPs": []any{sim.Pick(m.dice, "203.0.113.7", m.address())}}},
		}
	case 4:
		s.Delete = &ResourceRef{Resource: "ipaddresses", ObjectRef: ObjectRef{Name: m.address()}}
	}
	m.steps = append(m.steps, s)
}

// address is one of the pool's, at its end, where the controller begins.
func (m *meddler) address() string {
	cidr := sim.Pick(m.dice, m.pool...)
	last := cidr.Masked().Addr().As4()
	last[3] += byte(1<<(32-cidr.Bits())-1) - byte(m.Between(1, min(capacity(cidr), 8)))
	return fmt.Sprint(netip.AddrFrom4(last))
}
