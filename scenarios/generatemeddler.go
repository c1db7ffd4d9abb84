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

// Users who lay hands on what belongs to the controller.
const (
	meddlerName  = "mallory" // edits and deletes
	restorerName = "velero"  // puts back what a backup has
)

// drawMeddling draws, for one plan in four, a user who lays hands on what the
// controller owns: with kubectl everybody may. And when the network is away,
// somebody may well restore a backup. steps are what the other users do.
func drawMeddling(d dice, p *Plan, habits habits, steps []Step) []Step {
	m := meddler{dice: d, pool: p.World.CIDRs, others: steps}
	last := p.Safety * 9 / 10
	if victims := m.victims(p.Safety); d.Chance(0.25) && len(victims) > 0 {
		for range d.Between(1, 3) {
			at := d.Span(p.Safety/5, last)
			if len(habits.outages) > 0 && d.Chance(0.5) {
				o := sim.Pick(d, habits.outages...)
				at = min(d.Span(o.from, o.until), last)
			}
			m.act(at, sim.Pick(d, victims...))
		}
	}
	for _, o := range habits.outages {
		at := min(d.Span(o.from, o.until), last)
		if victims := m.served(o.from-time.Second, at); o.relists && d.Chance(0.5) && len(victims) > 0 {
			m.restore(at, sim.Pick(d, victims...))
		}
	}
	slices.SortStableFunc(m.steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return m.steps
}

type meddler struct {
	dice
	pool   []netip.Prefix
	others []Step // what the other users do, service by service
	steps  []Step
}

// victims are the services that were ever exported until a time.
func (m *meddler) victims(until time.Duration) []ObjectRef {
	var refs []ObjectRef
	for _, s := range m.others {
		if s.Export != nil && s.At < until && !slices.Contains(refs, *s.Export) {
			refs = append(refs, *s.Export)
		}
	}
	return refs
}

// served are the services, other than headless ones, that were there and exported
// from one time until another.
func (m *meddler) served(from, until time.Duration) []ObjectRef {
	made, exported := map[ObjectRef]bool{}, map[ObjectRef]bool{}
	for _, s := range m.others {
		switch {
		case s.At >= until:
		case s.CreateService != nil:
			made[s.CreateService.ObjectRef] = s.At < from && !s.CreateService.Headless
		case s.Export != nil:
			exported[*s.Export] = s.At < from
		case s.DeleteService != nil:
			made[*s.DeleteService] = false
		case s.Unexport != nil:
			exported[*s.Unexport] = false
		}
	}
	return slices.DeleteFunc(m.victims(from), func(r ObjectRef) bool { return !made[r] || !exported[r] })
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

// restore takes the GlobalIngressIP of a service away, finalizers or not, and
// creates it again as a backup has it: without a status.
func (m *meddler) restore(at time.Duration, service ObjectRef) {
	gip := ResourceRef{Resource: "globalingressips", ObjectRef: service}
	m.steps = append(m.steps,
		Step{At: at, User: restorerName, Delete: &gip},
		Step{At: at, User: restorerName, Patch: &Patch{
			ResourceRef: gip, Body: map[string]any{"metadata": map[string]any{"finalizers": nil}},
		}},
		Step{At: at + m.Scale(10*time.Millisecond, 2*time.Second), User: restorerName, Apply: &Manifest{Object: map[string]any{
			"apiVersion": v1.GroupVersion.String(), "kind": "GlobalIngressIP",
			"metadata": map[string]any{"namespace": service.Namespace, "name": service.Name},
			"spec":     map[string]any{"target": string(v1.ClusterIPService), "serviceRef": map[string]any{"name": service.Name}},
		}}},
	)
}

// address is one of the pool's, at its end, where the controller begins.
func (m *meddler) address() string {
	cidr := sim.Pick(m.dice, m.pool...)
	last := cidr.Masked().Addr().As4()
	last[3] += byte(1<<(32-cidr.Bits())-1) - byte(m.Between(1, min(capacity(cidr), 8)))
	return fmt.Sprint(netip.AddrFrom4(last))
}
