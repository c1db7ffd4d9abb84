package globalingressip

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// retarget changes where the first port leads and nothing else.
func (l *serviceTraffic) retarget() {
	ports := append([]Port(nil), l.ports...)
	ports[0].TargetPort = l.Between(1, 65535)
	l.ports = ports
	l.step(&UpdateService{ObjectRef: l.ref, Ports: ports})
}

// retype makes a service one of another type and, four times in five, back. One that
// was an ExternalName may come back without a cluster IP: the only way there is from
// one to the other.
func (l *serviceTraffic) retype() {
	kind := sim.Pick(l.dice, "NodePort", "NodePort", "LoadBalancer", "ExternalName")
	spec := map[string]any{"type": kind}
	if kind == "ExternalName" {
		spec["externalName"] = "elsewhere.example.org"
	}
	l.patch(spec)
	if l.Chance(0.3) {
		l.touch()
	}
	if l.Chance(0.2) {
		return
	}
	l.wait(2)
	back := map[string]any{"type": "ClusterIP", "externalName": nil}
	if kind == "ExternalName" && l.Chance(0.2) {
		back["clusterIP"], l.none = "None", true
		// Left to itself, the server gives one without a selector two families, and refuses
		// it a selector from then on.
		back["ipFamilyPolicy"], back["ipFamilies"] = "SingleStack", []any{"IPv4"}
	}
	l.patch(back)
}

// touch edits what nobody has to follow, again and again: whoever looks at the
// service finds what was there before.
func (l *serviceTraffic) touch() {
	for n := l.Between(3, 10); n > 0; n-- {
		l.soon()
		l.step(&scenarios.Patch{
			ResourceRef: scenarios.ResourceRef{Resource: "services", ObjectRef: l.ref}, MayBeRefused: true,
			Body: map[string]any{"metadata": map[string]any{"annotations": map[string]any{"example.org/note": fmt.Sprint(len(l.steps))}}},
		})
	}
}

// flip takes an export away and brings it back, up to three times.
func (l *serviceTraffic) flip() {
	for n := l.Between(1, 3); n > 0; n-- {
		l.unexport()
		l.soon()
		l.export()
		l.soon()
	}
}

// soon lets a little time pass, and seldom a few seconds.
func (l *serviceTraffic) soon() {
	l.at = min(l.at+l.Scale(5*time.Millisecond, 4*time.Second), l.end())
}

// patch changes the spec of the service, if the server lets it.
func (l *serviceTraffic) patch(spec map[string]any) {
	l.step(&scenarios.Patch{
		ResourceRef: scenarios.ResourceRef{Resource: "services", ObjectRef: l.ref},
		Body:        map[string]any{"spec": spec}, MayBeRefused: true,
	})
}

// moveEndpoints writes the Endpoints of a service that selects no pods, as somebody
// who runs what is behind it: they move, become unready and ready, come in one group
// or in two with ports of their own, and go.
func (l *serviceTraffic) moveEndpoints() {
	if l.listed && l.Chance(0.15) {
		l.listed = false
		l.step(&scenarios.Delete{ResourceRef: scenarios.ResourceRef{Resource: "endpoints", ObjectRef: l.ref}})
		return
	}
	subsets := make([]subset, 1+l.Weighted(2, 1))
	for i := range subsets {
		subsets[i].port = 80 + i
		for host := range l.Between(1, 3) {
			ip := fmt.Sprintf("10.2.%d.%d", i, host+1+l.Intn(2)*3)
			if l.Chance(0.3) {
				subsets[i].notReady = append(subsets[i].notReady, ip)
			} else {
				subsets[i].ready = append(subsets[i].ready, ip)
			}
		}
	}
	l.listed = true
	l.written++
	l.named(fmt.Sprintf("endpoints-%s-%s-%d", l.ref.Namespace, l.ref.Name, l.written), writeEndpoints(l.ref, subsets...))
}

// drawUnselected draws, for one plan in ten, a headless service whose Endpoints
// somebody writes: each of its addresses has a global IP. The API server gives such a
// service two IP families and refuses changes of it, so it is only made and removed.
func drawUnselected(d dice, s sizes, h profile) []scenarios.Step {
	if !d.Chance(0.1) {
		return nil
	}
	l := newServiceTraffic(d, h, 0)
	l.ref.Name = "outside"
	l.at = l.Span(500*time.Millisecond, h.safety/2)
	l.step(&CreateService{ObjectRef: l.ref, Headless: true, Selector: map[string]string{}})
	l.wait(s.extra + 2)
	l.export()
	for n := d.Between(2, 8); n > 0; n-- {
		l.wait(n)
		l.moveEndpoints()
	}
	if d.Chance(0.3) {
		l.wait(1)
		l.unexport()
	}
	return l.steps
}
