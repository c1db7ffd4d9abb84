package trial

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// sighting is a kind of call that the controller was seen to make in fair
// weather, and when.
type sighting struct {
	process, verb, resource string
	at                      []time.Duration
}

// sightings lists what the processes called, in the order of first calls. What
// it was that a controller did in fair weather is what bad weather is aimed at:
// a fault that hits no call is wasted.
func sightings(h *model.History, processes []string) []sighting {
	var out []sighting
	index := map[[3]string]int{}
	for i := range h.Calls {
		c := &h.Calls[i]
		if !slices.Contains(processes, c.Process) || c.Resource == "" {
			continue
		}
		resource := c.Resource
		if c.Subresource != "" {
			resource += "/" + c.Subresource
		}
		key := [3]string{c.Process, c.Verb, resource}
		at, seen := index[key]
		if !seen {
			at = len(out)
			index[key] = at
			out = append(out, sighting{process: c.Process, verb: c.Verb, resource: resource})
		}
		out[at].at = append(out[at].at, c.Called)
	}
	return out
}

// forecast is the weather of one seed being drawn.
type forecast struct {
	processes []string
	seen      []sighting
	writes    []sighting
	safety    time.Duration
}

// drawWeather draws which kinds of fault are on, and how hard, each kind from a
// stream of its own. Only faults that Kubernetes permits are drawn.
func drawWeather(seed sim.Seed, processes []string, fair *model.History, safety time.Duration) []faults.Rule {
	f := forecast{processes: processes, seen: sightings(fair, processes), safety: safety}
	for _, s := range f.seen {
		if faults.IsWrite(s.verb) {
			f.writes = append(f.writes, s)
		}
	}
	sky := newDraws(seed, "weather")
	// Mixtures of few faults find what is hidden when everything fails at once.
	likely := one(sky, 0.1, 0.25, 0.5)
	var rules []faults.Rule
	for _, info := range faults.Kinds() {
		d := newDraws(seed, "fault/"+string(info.Kind))
		if !info.Permitted || !d.chance(likely) {
			continue
		}
		for i := range 1 + d.Intn(2) {
			r := faults.Rule{ID: fmt.Sprintf("%s-%d", info.Kind, i+1), Kind: info.Kind, Probability: 1}
			if f.draw(d, info.Scope, &r) {
				rules = append(rules, r)
			}
		}
	}
	return rules
}

// draw makes a rule of a known scope; a kind of another scope is left out.
func (f *forecast) draw(d draws, scope faults.Scope, r *faults.Rule) bool {
	switch scope {
	case faults.ScopeCall:
		f.aim(d, r)
		f.effect(d, r)
	case faults.ScopeWatch:
		r.Process = one(d, f.processes...)
		f.window(d, r, nil)
		r.Probability = one(d, 0.2, 0.5, 1)
		f.effect(d, r)
	case faults.ScopeLink:
		r.Process = one(d, f.processes...)
		f.interval(d, r, f.times(f.writes))
		r.Direction = one(d, faults.BothWays, faults.BothWays, faults.ToServer, faults.FromServer)
	case faults.ScopeProcess:
		f.crash(d, r)
	default:
		return false
	}
	return true
}

// aim chooses the calls that a fault may hit: one kind of call that was seen,
// three times of four, else all reads or all writes.
func (f *forecast) aim(d draws, r *faults.Rule) {
	r.Process = one(d, f.processes...)
	var times []time.Duration
	if len(f.seen) > 0 && d.chance(0.75) {
		among := f.seen
		if len(f.writes) > 0 && d.chance(0.6) {
			among = f.writes
		}
		s := one(d, among...)
		r.Process, r.Verbs, r.Resources, times = s.process, []string{s.verb}, []string{s.resource}, s.at
	} else {
		r.Verbs = []string{one(d, "read", "write")}
	}
	f.window(d, r, times)
	r.Probability = one(d, 0.05, 0.2, 0.5, 1)
	if r.Until == 0 {
		r.Probability = min(r.Probability, 0.2) // what lasts is mild
	}
	if d.chance(0.3) {
		r.Limit = 1 + d.Intn(3)
	}
}

// window is the whole phase, or an interval of it.
func (f *forecast) window(d draws, r *faults.Rule, times []time.Duration) {
	if d.chance(0.7) {
		f.interval(d, r, times)
	}
}

// interval begins a little before one of the times, or anywhere.
func (f *forecast) interval(d draws, r *faults.Rule, times []time.Duration) {
	r.From = d.between(0, f.safety*9/10)
	if lead := d.scale(time.Millisecond, 5*time.Second); len(times) > 0 && d.chance(0.7) {
		r.From = min(max(one(d, times...)-lead, 0), f.safety*9/10)
	}
	r.Until = min(r.From+d.scale(time.Second, f.safety/2), f.safety)
}

func (f *forecast) effect(d draws, r *faults.Rule) {
	wait := d.scale(50*time.Millisecond, 20*time.Second)
	switch r.Kind {
	case faults.Latency:
		r.Delay = faults.Span{Min: wait / 10, Max: wait}
	case faults.TimeoutApplied, faults.TimeoutDropped, faults.ResponseLost, faults.WatchClosed:
		r.Delay = faults.Span{Min: wait, Max: wait}
	case faults.TooManyRequests, faults.ServiceUnavailable:
		r.RetryAfter = time.Duration(1+d.Intn(5)) * time.Second
	}
}

// crash happens before or after a write that was seen, or at a time. Two bugs of
// three that crashes show are in what lies between two writes.
func (f *forecast) crash(d draws, r *faults.Rule) {
	r.RestartAfter = d.scale(100*time.Millisecond, 30*time.Second)
	if len(f.writes) == 0 || d.chance(0.3) {
		r.Process = one(d, f.processes...)
		r.From = d.between(time.Second, f.safety*9/10)
		return
	}
	s := one(d, f.writes...)
	r.When = one(d, faults.BeforeCall, faults.AfterCall, faults.AfterCall)
	r.Process, r.Verbs, r.Resources = s.process, []string{s.verb}, []string{s.resource}
	r.Probability = one(d, 0.1, 0.3, 1)
	r.Limit = 1 + d.Intn(3)
}

// times of all sightings, in order.
func (f *forecast) times(of []sighting) []time.Duration {
	var out []time.Duration
	for _, s := range of {
		out = append(out, s.at...)
	}
	slices.SortFunc(out, cmp.Compare[time.Duration])
	return out
}
