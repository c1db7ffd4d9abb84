package cluster

import (
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// Draw lets the seed decide how slow the stand-ins are and how often they fail:
// the knobs that are left at zero, of the stand-ins that are there. Each stand-in
// has a stream of its own, so that one more leaves the others as they were. About
// half of the seeds leave a stand-in prompt and without mistakes.
func (o *Options) Draw(seed sim.Seed) {
	if o.Steady {
		return
	}
	for _, c := range o.controllers() {
		if c.pace != nil {
			drawPace(sim.NewDice(seed, "cluster/"+c.field), &c.pace.Delay, &c.pace.FailRate)
		}
	}
	if s := o.Scheduler; s != nil {
		drawPace(sim.NewDice(seed, "cluster/scheduler"), &s.Delay, &s.FailRate)
	}
	if v := o.Volumes; v != nil {
		drawPace(sim.NewDice(seed, "cluster/volumes"), &v.Delay, &v.FailRate)
	}
	if l := o.LoadBalancers; l != nil {
		drawPace(sim.NewDice(seed, "cluster/loadBalancers"), &l.Delay, &l.FailRate)
	}
	if k := o.Kubelet; k != nil {
		k.drawKnobs(sim.NewDice(seed, "cluster/kubelet"))
	}
}

func drawPace(d sim.Dice, delay *faults.Span, failRate *float64) {
	slow, fails := d.Chance(0.5), d.Chance(0.2)
	longest, rate := d.Scale(10*time.Millisecond, 5*time.Second), d.Rate(0.02, 0.3)
	if slow && *delay == (faults.Span{}) {
		delay.Max = longest
	}
	if fails && *failRate == 0 {
		*failRate = rate
	}
}

func (k *Kubelet) drawKnobs(d sim.Dice) {
	span := func(into *faults.Span, low, high time.Duration) {
		a, b := d.Scale(low, high), d.Scale(low, high)
		if *into == (faults.Span{}) {
			*into = faults.Span{Min: min(a, b), Max: max(a, b)}
		}
	}
	rate := func(into *float64, chance, low, high float64) {
		on, p := d.Chance(chance), d.Rate(low, high)
		if on && *into == 0 {
			*into = p
		}
	}
	span(&k.Start, 100*time.Millisecond, 15*time.Second)
	span(&k.Ready, 100*time.Millisecond, 20*time.Second)
	span(&k.Runs, time.Second, 30*time.Second)
	span(&k.Stop, 10*time.Millisecond, 30*time.Second)
	rate(&k.FailRate, 0.4, 0.05, 0.5)
	rate(&k.EvictRate, 0.2, 0.05, 0.3)
	rate(&k.LostRate, 0.2, 0.1, 0.6)
}
