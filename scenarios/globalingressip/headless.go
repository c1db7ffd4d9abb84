package globalingressip

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// drawHeadless draws, for one plan in five, a headless service with pods that
// come, get ready or not, move, finish and go, in the namespace and by the hands of
// the plan's users. What its pods hold comes on top of what the services hold: the
// pool may be too small for both, for a time or for good.
func drawHeadless(d dice, s sizes, h profile) []scenarios.Step {
	if !d.Chance(0.2) {
		return nil
	}
	l := newServiceTraffic(d, h, 0)
	l.ref.Name = "headless"
	l.at = l.Span(500*time.Millisecond, h.safety/2)
	l.step(&CreateService{ObjectRef: l.ref, Headless: true})
	l.wait(s.extra + 2)
	l.export()
	pods := podTraffic{serviceTraffic: l, up: map[int]bool{}}
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
}

// act does one thing to one of at most three pods.
func (p *podTraffic) act() {
	i := p.Intn(3)
	if !p.up[i] {
		p.createPod(i)
		return
	}
	switch p.Weighted(4, 2, 2, 1, 3) {
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
		p.step(&scenarios.Delete{ResourceRef: scenarios.ResourceRef{Resource: "pods", ObjectRef: p.pod(i)}})
	}
}

func (p *podTraffic) pod(i int) scenarios.ObjectRef {
	return scenarios.ObjectRef{Namespace: p.ref.Namespace, Name: fmt.Sprintf("%s-%d", p.ref.Name, i)}
}

func (p *podTraffic) createPod(i int) {
	p.up[i] = true
	p.made++
	ref := p.pod(i)
	p.named(fmt.Sprintf("create-pod-%d", p.made), &scenarios.Apply{Manifest: scenarios.Manifest{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{
			"namespace": ref.Namespace, "name": ref.Name, "labels": map[string]any{"app": p.ref.Name},
		},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "db", "image": "db"}}},
	}}})
	p.wait(2)
	p.report(i, map[string]any{"phase": "Running", "conditions": readyCondition("True")}, true)
}

// report is what a kubelet says of a pod.
func (p *podTraffic) report(i int, status map[string]any, moves bool) {
	if moves {
		p.address++
		ip := fmt.Sprintf("10.1.%d.%d", i, p.address)
		status["podIP"] = ip
		status["podIPs"] = []any{map[string]any{"ip": ip}}
	}
	p.step(&scenarios.Patch{
		ResourceRef: scenarios.ResourceRef{Resource: "pods/status", ObjectRef: p.pod(i)},
		Body:        map[string]any{"status": status},
	})
}

func readyCondition(status string) []any {
	return []any{map[string]any{"type": "Ready", "status": status}}
}
