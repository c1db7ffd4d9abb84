package globalingressip

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Users who lay hands on what belongs to the controller.
const (
	editorName   = "mallory" // edits and deletes
	restorerName = "velero"  // puts back what a backup has
)

// drawUserEdits draws, for one plan in four, a user who lays hands on what the
// controller owns: with kubectl everybody may. And when the network is away,
// somebody may well restore a backup. steps are what the other users do.
func drawUserEdits(d dice, p *scenarios.Plan, profile profile, steps []scenarios.Step) []scenarios.Step {
	m := userEdits{dice: d, pool: settings(p).CIDRs, others: steps, end: p.Safety - time.Millisecond}
	last := p.Safety * 9 / 10
	if victims := m.victims(p.Safety); d.Chance(0.25) && len(victims) > 0 {
		for range d.Between(1, 3) {
			at := d.Span(p.Safety/5, last)
			if len(profile.outages) > 0 && d.Chance(0.5) {
				o := sim.Pick(d, profile.outages...)
				at = min(d.Span(o.From, o.Until), last)
			}
			m.act(at, sim.Pick(d, victims...))
		}
	}
	for _, o := range profile.outages {
		at := min(d.Span(o.From, o.Until), last)
		if victims := m.served(o.From-time.Second, at); o.Relists && d.Chance(0.5) && len(victims) > 0 {
			m.restore(at, sim.Pick(d, victims...))
		}
	}
	slices.SortStableFunc(m.steps, func(a, b scenarios.Step) int { return cmp.Compare(a.At, b.At) })
	return m.steps
}

type userEdits struct {
	dice
	pool   []netip.Prefix
	others []scenarios.Step // what the other users do, service by service
	steps  []scenarios.Step
	end    time.Duration // of the time in which users act
}

// victims are the services that were ever exported until a time.
func (m *userEdits) victims(until time.Duration) []scenarios.ObjectRef {
	var refs []scenarios.ObjectRef
	for _, s := range m.others {
		if e, ok := s.Action.(*Export); ok && s.At < until && !slices.Contains(refs, e.ObjectRef) {
			refs = append(refs, e.ObjectRef)
		}
	}
	return refs
}

// served are the services, other than headless ones, that were there and exported
// from one time until another.
func (m *userEdits) served(from, until time.Duration) []scenarios.ObjectRef {
	made, exported := map[scenarios.ObjectRef]bool{}, map[scenarios.ObjectRef]bool{}
	for _, s := range m.others {
		if s.At >= until {
			continue
		}
		switch a := s.Action.(type) {
		case *CreateService:
			made[a.ObjectRef] = s.At < from && !a.Headless
		case *Export:
			exported[a.ObjectRef] = s.At < from
		case *DeleteService:
			made[a.ObjectRef] = false
		case *Unexport:
			exported[a.ObjectRef] = false
		}
	}
	return slices.DeleteFunc(m.victims(from), func(r scenarios.ObjectRef) bool { return !made[r] || !exported[r] })
}

// act does one thing to what belongs to a service's global IP.
func (m *userEdits) act(at time.Duration, service scenarios.ObjectRef) {
	gip := func(resource string) scenarios.ResourceRef {
		return scenarios.ResourceRef{Resource: resource, ObjectRef: service}
	}
	internal := scenarios.ResourceRef{Resource: "services", ObjectRef: scenarios.ObjectRef{
		Namespace: service.Namespace, Name: v1.InternalServiceName(service.Name),
	}}
	var action scenarios.Action
	switch m.Weighted(3, 2, 2, 2, 1, 2, 3, 3) {
	case 0:
		action = &scenarios.Patch{
			ResourceRef: gip("globalingressips/status"),
			Body:        map[string]any{"status": map[string]any{"allocatedIP": sim.Pick(m.dice, "", "203.0.113.7", m.address())}},
		}
	case 1:
		action = &scenarios.Delete{ResourceRef: gip("globalingressips")}
	case 2:
		action = &scenarios.Delete{ResourceRef: internal}
	case 3:
		action = &scenarios.Patch{
			ResourceRef: internal,
			Body:        map[string]any{"spec": map[string]any{"externalIPs": []any{sim.Pick(m.dice, "203.0.113.7", m.address())}}},
		}
	case 4:
		action = &scenarios.Delete{ResourceRef: scenarios.ResourceRef{Resource: "ipaddresses", ObjectRef: scenarios.ObjectRef{Name: m.address()}}}
	case 5:
		action = &scenarios.Patch{ResourceRef: gip("globalingressips"), MayBeRefused: true, Body: map[string]any{"spec": sim.Pick(m.dice,
			map[string]any{"serviceRef": map[string]any{"name": "svc-9"}},
			map[string]any{"target": string(v1.HeadlessServicePod), "podRef": map[string]any{"name": "nobody"}})}}
	case 6:
		m.hold(at, sim.Pick(m.dice, gip("globalingressips"), internal))
		return
	case 7:
		m.uproot(at, editorName, service)
		return
	}
	m.steps = append(m.steps, scenarios.Step{At: at, User: editorName, Action: action})
}

// finalizer is that of somebody who wants to look at things before they go.
const finalizer = "example.org/audit"

// mostHeld is how many finalizers an object has at most: two of a controller's and
// somebody else's, several times.
const mostHeld = 5

// hold gives an object a finalizer of somebody else's, and takes it away some time
// later, wherever in the list it is by then and as often as it is there: an add whose
// answer was lost is made again. What the controller deletes meanwhile stays.
func (m *userEdits) hold(at time.Duration, ref scenarios.ResourceRef) {
	edit := func(at time.Duration, id string, operations ...any) {
		m.steps = append(m.steps, scenarios.Step{
			ID: id, At: at, User: editorName, Action: &scenarios.Patch{ResourceRef: ref, Media: "json", Body: operations, MayBeRefused: true},
		})
	}
	name := fmt.Sprintf("audit-%d", len(m.steps)+1)
	edit(at, name, map[string]any{"op": "add", "path": "/metadata/finalizers/-", "value": finalizer})
	until := min(at+m.Scale(100*time.Millisecond, 30*time.Second), m.end)
	for i := mostHeld - 1; i >= 0; i-- {
		path := fmt.Sprintf("/metadata/finalizers/%d", i)
		edit(until, fmt.Sprintf("%s-ends-%d", name, i),
			map[string]any{"op": "test", "path": path, "value": finalizer}, map[string]any{"op": "remove", "path": path})
	}
}

// uproot takes the GlobalIngressIP of a service away, finalizers or not: whoever looks
// for it finds nothing, and what it held is still there.
func (m *userEdits) uproot(at time.Duration, user string, service scenarios.ObjectRef) {
	gip := scenarios.ResourceRef{Resource: "globalingressips", ObjectRef: service}
	m.steps = append(m.steps,
		scenarios.Step{At: at, User: user, Action: &scenarios.Delete{ResourceRef: gip}},
		scenarios.Step{At: at, User: user, Action: &scenarios.Patch{
			ResourceRef: gip, Body: map[string]any{"metadata": map[string]any{"finalizers": nil}},
		}},
	)
}

// restore takes the GlobalIngressIP of a service away, finalizers or not, and
// creates it again as a backup has it: without a status.
func (m *userEdits) restore(at time.Duration, service scenarios.ObjectRef) {
	again := at + m.Scale(10*time.Millisecond, 2*time.Second)
	m.uproot(at, restorerName, service)
	m.steps = append(m.steps,
		scenarios.Step{At: again, User: restorerName, Action: &scenarios.Apply{Manifest: scenarios.Manifest{Object: map[string]any{
			"apiVersion": v1.GroupVersion.String(), "kind": "GlobalIngressIP",
			"metadata": map[string]any{"namespace": service.Namespace, "name": service.Name},
			"spec":     map[string]any{"target": string(v1.ClusterIPService), "serviceRef": map[string]any{"name": service.Name}},
		}}}},
	)
}

// address is one of the pool's, at its end, where the controller begins.
func (m *userEdits) address() string {
	cidr := sim.Pick(m.dice, m.pool...)
	last := cidr.Masked().Addr().As4()
	last[3] += byte(1<<(32-cidr.Bits())-1) - byte(m.Between(1, min(capacity(cidr), 8)))
	return fmt.Sprint(netip.AddrFrom4(last))
}
