package cluster

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// Problems says everything that is wrong with the options, by field; see
// [sim.StandInOptions].
func (o *Options) Problems() []faults.Problem {
	complete := o.withDefaults(&sim.Config{})
	return complete.problems()
}

// validate says everything that is wrong with options that have their defaults.
func (o *Options) validate() error {
	var errs []error
	for _, p := range o.problems() {
		errs = append(errs, fmt.Errorf("cluster.%s: %s (want %s)", p.Field, p.Problem, p.Want))
	}
	return errors.Join(errs...)
}

// problems are those of options that have their defaults.
func (o *Options) problems() []faults.Problem {
	var v validation
	if o.Calm < 0 {
		v.wrong("calm", fmt.Sprintf("%s is negative", o.Calm), "a time since the start")
	}
	for _, c := range o.controllers() {
		if c.pace != nil {
			v.pace(c.field, *c.pace)
		}
	}
	if k := o.Kubelet; k != nil {
		v.kubelet(k)
	}
	if s := o.Scheduler; s != nil {
		v.pace("scheduler", Controller(*s))
	}
	if b := o.Volumes; b != nil {
		v.pace("volumes", Controller{b.Delay, b.FailRate})
	}
	if l := o.LoadBalancers; l != nil {
		v.pace("loadBalancers", Controller(*l))
	}
	return v.problems
}

type validation struct{ problems []faults.Problem }

func (v *validation) wrong(field, problem, want string) {
	v.problems = append(v.problems, faults.Problem{Field: field, Problem: problem, Want: want})
}

func (v *validation) pace(field string, c Controller) {
	v.span(field+".delay", c.Delay)
	v.rate(field+".failRate", c.FailRate)
}

func (v *validation) span(field string, s faults.Span) {
	if s.Min < 0 || s.Max < s.Min {
		v.wrong(field, fmt.Sprintf("min %s, max %s", s.Min, s.Max), "a min of 0s or more and a max of at least min")
	}
}

func (v *validation) rate(field string, p float64) {
	if !(p >= 0 && p <= 1) {
		v.wrong(field, fmt.Sprintf("%v is no probability", p), "at least 0 and at most 1")
	}
}

func (v *validation) kubelet(k *Kubelet) {
	if k.Nodes < 0 || k.Nodes > 1000 {
		v.wrong("kubelet.nodes", fmt.Sprintf("%d is out of range", k.Nodes), "1 to 1000")
	}
	if k.Pods < 0 {
		v.wrong("kubelet.pods", fmt.Sprintf("%d is negative", k.Pods), "a count from 1")
	}
	if k.Untainted < 0 || k.Untainted > k.Nodes {
		v.wrong("kubelet.untainted", fmt.Sprintf("%d is out of range", k.Untainted), fmt.Sprintf("0 to %d, the nodes there are", k.Nodes))
	}
	for _, q := range []struct{ field, text string }{{"kubelet.cpu", k.CPU}, {"kubelet.memory", k.Memory}} {
		if _, err := resource.ParseQuantity(q.text); err != nil {
			v.wrong(q.field, fmt.Sprintf("%q is no quantity", q.text), "such as 8 or 16Gi")
		}
	}
	for _, s := range []struct {
		field string
		span  faults.Span
	}{{"start", k.Start}, {"ready", k.Ready}, {"runs", k.Runs}, {"stop", k.Stop}, {"lives", k.Lives}, {"lost", k.Lost}} {
		v.span("kubelet."+s.field, s.span)
	}
	v.rate("kubelet.failRate", k.FailRate)
	v.rate("kubelet.evictRate", k.EvictRate)
	v.rate("kubelet.lostRate", k.LostRate)
}
