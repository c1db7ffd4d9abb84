package globalingressip

import (
	"cmp"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// drawHeadless draws, for one plan in five, a headless service with pods that
// come, get ready or not, move, finish and go, in the namespace and by the hands of
// the plan's users. What its pods hold comes on top of what the services hold: the
// pool may be too small for both, for a time or for good. In two of five of these
// plans that have several namespaces, another one has a service of the same name with pods of the
// same names.
func drawHeadless(d dice, s sizes, h profile) []scenarios.Step {
	if !d.Chance(0.2) {
		return nil
	}
	home := d.Intn(s.namespaces)
	steps := headlessIn(d, s, h, namespace(home))
	if s.namespaces > 1 && d.Chance(0.4) {
		steps = append(steps, headlessIn(d, s, h, namespace((home+1)%s.namespaces))...)
	}
	return steps
}

func headlessIn(d dice, s sizes, h profile, namespace string) []scenarios.Step {
	l := newServiceTraffic(d, h, 0)
	l.ref = scenarios.ObjectRef{Namespace: namespace, Name: "headless"}
	l.at = l.Span(500*time.Millisecond, h.safety/2)
	l.step(&CreateService{ObjectRef: l.ref, Headless: true})
	l.wait(s.extra + 2)
	l.export()
	if d.Chance(0.2) {
		l.wait(s.extra + 2)
		l.patch(map[string]any{"publishNotReadyAddresses": true})
	}
	pods := podTraffic{serviceTraffic: l, up: map[int]bool{}, where: map[int]string{}}
	for n := d.Between(2, 10); n > 0; n-- {
		l.wait(n)
		pods.act()
	}
	if d.Chance(0.3) {
		l.wait(1)
		if d.Chance(0.5) {
			l.unexport()
		} else {
			l.remove()
		}
	}
	return l.steps
}

// podTraffic is what happens to the pods behind one service.
type podTraffic struct {
	*serviceTraffic
	up      map[int]bool // exist
	made    int
	address int
	where   map[int]string // each is, or was last
	vacant  string         // an address that one of them had
}

// act does one thing to one of at most three pods.
func (p *podTraffic) act() {
	i := p.Intn(3)
	if !p.up[i] {
		p.createPod(i)
		return
	}
	switch p.Weighted(4, 2, 2, 1, 3, 2, 2, 2) {
	case 0:
		p.report(i, map[string]any{"phase": "Running", "conditions": readyCondition("True")}, true)
	case 1:
		p.report(i, map[string]any{"conditions": readyCondition("False")}, false)
	case 2: // its sandbox was made anew
		p.report(i, map[string]any{"phase": "Running", "conditions": readyCondition("True")}, true)
	case 3:
		p.report(i, map[string]any{"phase": sim.Pick(p.dice, "Succeeded", "Failed")}, false)
	case 4:
		p.up[i] = false
		p.step(deletePod(p.pod(i)))
	case 5:
		p.flap(i)
	case 6:
		p.relabel(i)
	case 7:
		p.unlocate(i)
	}
}

// unlocate: the pod's sandbox is gone, and until there is another it has no address.
// Its former one may be given to another pod at once.
func (p *podTraffic) unlocate(i int) {
	p.vacant = p.where[i]
	p.report(i, map[string]any{"phase": "Pending", "conditions": readyCondition("False"), "podIP": nil, "podIPs": nil}, false)
	if p.Chance(0.6) {
		p.wait(2)
		p.report(i, map[string]any{"phase": "Running", "conditions": readyCondition("True")}, true)
	}
}

// flap: the pod fails its probe for a moment, and is ready again where it is, up to
// three times.
func (p *podTraffic) flap(i int) {
	for n := p.Between(1, 3); n > 0; n-- {
		p.report(i, map[string]any{"conditions": readyCondition("False")}, false)
		p.soon()
		p.report(i, map[string]any{"conditions": readyCondition("True")}, false)
		p.soon()
	}
}

// relabel takes a pod out of the service, as to look into it, and three times in four
// puts it back.
func (p *podTraffic) relabel(i int) {
	label := func(app string) {
		p.step(&scenarios.Patch{
			ResourceRef: scenarios.ResourceRef{Resource: "pods", ObjectRef: p.pod(i)},
			Body:        map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": app}}},
		})
	}
	label("quarantine")
	if p.Chance(0.75) {
		p.soon()
		label(p.ref.Name)
	}
}

func (p *podTraffic) pod(i int) scenarios.ObjectRef {
	return scenarios.ObjectRef{Namespace: p.ref.Namespace, Name: fmt.Sprintf("%s-%d", p.ref.Name, i)}
}

func (p *podTraffic) createPod(i int) {
	p.up[i] = true
	p.made++
	p.named(fmt.Sprintf("create-pod-%s-%d", p.ref.Namespace, p.made), pod(p.pod(i), p.ref.Name))
	p.wait(2)
	p.report(i, map[string]any{"phase": "Running", "conditions": readyCondition("True")}, true)
}

// report is what a kubelet says of a pod.
func (p *podTraffic) report(i int, status map[string]any, moves bool) {
	if moves {
		p.address++
		ip := fmt.Sprintf("10.1.%d.%d", i, p.address)
		if p.vacant != "" && p.Chance(0.5) {
			ip, p.vacant = p.vacant, ""
		}
		p.where[i] = ip
		located(status, ip)
	}
	p.step(podReport(p.pod(i), status))
}

// pod creates a pod with a label app.
func pod(ref scenarios.ObjectRef, app string) *scenarios.Apply {
	return &scenarios.Apply{Manifest: scenarios.Manifest{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{
			"namespace": ref.Namespace, "name": ref.Name, "labels": map[string]any{"app": app},
		},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "db", "image": "db"}}},
	}}}
}

func podReport(ref scenarios.ObjectRef, status map[string]any) *scenarios.Patch {
	return &scenarios.Patch{
		ResourceRef: scenarios.ResourceRef{Resource: "pods/status", ObjectRef: ref},
		Body:        map[string]any{"status": status},
	}
}

func deletePod(ref scenarios.ObjectRef) *scenarios.Delete {
	return &scenarios.Delete{ResourceRef: scenarios.ResourceRef{Resource: "pods", ObjectRef: ref}}
}

// podReady is the status of a pod that is ready at an address.
func podReady(ip string) map[string]any {
	return located(map[string]any{"phase": "Running", "conditions": readyCondition("True")}, ip)
}

// located adds an address to the status of a pod.
func located(status map[string]any, ip string) map[string]any {
	status["podIP"], status["podIPs"] = ip, []any{map[string]any{"ip": ip}}
	return status
}

func readyCondition(status string) []any {
	return []any{map[string]any{"type": "Ready", "status": status}}
}

// endpoints writes the Endpoints of a service that selects no pods: ready
// addresses, all with port 80.
func endpoints(ref scenarios.ObjectRef, ready ...string) *scenarios.Apply {
	return writeEndpoints(ref, subset{ready: ready})
}

// subset is one of the groups of addresses that Endpoints are made of.
type subset struct {
	ready, notReady []string
	port            int // default 80
}

func writeEndpoints(ref scenarios.ObjectRef, subsets ...subset) *scenarios.Apply {
	var list []any
	for _, s := range subsets {
		group := map[string]any{"ports": []any{map[string]any{"port": int64(cmp.Or(s.port, 80)), "protocol": "TCP"}}}
		for field, ips := range map[string][]string{"addresses": s.ready, "notReadyAddresses": s.notReady} {
			var addresses []any
			for _, ip := range ips {
				addresses = append(addresses, map[string]any{"ip": ip})
			}
			if addresses != nil {
				group[field] = addresses
			}
		}
		list = append(list, group)
	}
	return &scenarios.Apply{Manifest: scenarios.Manifest{Object: map[string]any{
		"apiVersion": "v1", "kind": "Endpoints",
		"metadata": map[string]any{"namespace": ref.Namespace, "name": ref.Name},
		"subsets":  list,
	}}}
}
