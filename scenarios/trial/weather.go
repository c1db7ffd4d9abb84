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
		if !slices.Contains(processes, c.Process) || discovers(c.Resource) {
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

// discovers tells a call for no resource from others: what stands in the resource's place
// is the path, and rules do not strike it.
func discovers(resource string) bool { return resource == "" || resource[0] == '/' }

// forecast is the weather of one seed being drawn.
type forecast struct {
	processes  []string
	seen       []sighting
	writes     []sighting
	watches    []sighting
	apiServers int
	safety     time.Duration
}

// drawWeather draws which kinds of fault are on, and how hard, each kind from a
// stream of its own. Only faults that Kubernetes permits are drawn.
func (tr *Trial) drawWeather(seed sim.Seed, fair *model.History) []faults.Rule {
	f := forecast{processes: tr.underTest(), apiServers: tr.apiServers(seed), safety: tr.Safety}
	f.seen = sightings(fair, f.processes)
	for _, s := range f.seen {
		switch {
		case faults.IsWrite(s.verb):
			f.writes = append(f.writes, s)
		case s.verb == "watch":
			f.watches = append(f.watches, s)
		}
	}
	sky := sim.NewDice(seed, "trial/weather")
	// Mixtures of few faults find what is hidden when everything fails at once.
	likely := sim.Pick(sky, 0.05, 0.15, 0.3)
	var rules []faults.Rule
	for _, info := range faults.Kinds() {
		d := sim.NewDice(seed, "trial/fault/"+string(info.Kind))
		if !info.Permitted || !d.Chance(likely) {
			continue
		}
		for i := range 1 + d.Intn(2) {
			r := faults.Rule{ID: fmt.Sprintf("%s-%d", info.Kind, i+1), Kind: info.Kind, Probability: 1}
			f.draw(d, &r)
			rules = append(rules, r)
		}
	}
	return rules
}

// apiServers is how many there are: two in half of the seeds, unless the trial
// says. With two, a process can meet one whose cache is behind the other's.
func (tr *Trial) apiServers(seed sim.Seed) int {
	if tr.Server.Replicas > 0 {
		return tr.Server.Replicas
	}
	return 1 + sim.NewDice(seed, "trial/API servers").Intn(2)
}

// draw fills in the fields that rules of the kind have.
func (f *forecast) draw(d sim.Dice, r *faults.Rule) {
	if r.Kind == faults.Crash {
		f.crash(d, r)
		return
	}
	has := func(field string) bool { return slices.Contains(faults.Fields(r.Kind, r.When), field) }
	if has(faults.FieldProcess) {
		r.Process = sim.Pick(d, f.processes...)
	}
	var times []time.Duration
	switch {
	case has(faults.FieldVerbs):
		times = f.aim(d, r)
	case has(faults.FieldResources) && len(f.watches) > 0 && d.Chance(0.5):
		r.Resources = []string{sim.Pick(d, f.watches...).resource}
	}
	if times == nil {
		times = f.times(f.writes)
	}
	switch {
	case r.Momentary():
		f.interval(d, r, times)
		r.Until = 0
	case r.Lasting() || r.Kind == faults.Hold || d.Chance(0.7):
		f.interval(d, r, times)
	}
	if has(faults.FieldProbability) {
		f.chance(d, r)
	}
	if has(faults.FieldReplica) && f.apiServers > 1 && d.Chance(0.7) {
		r.Replica = 1 + d.Intn(f.apiServers)
	}
	f.effect(d, r)
}

// aim chooses the calls that a fault may hit: one kind of call that was seen,
// three times of four, else all reads or all writes. The result is when such
// calls were made.
func (f *forecast) aim(d sim.Dice, r *faults.Rule) []time.Duration {
	if len(f.seen) == 0 || d.Chance(0.25) {
		r.Verbs = []string{sim.Pick(d, "read", "write")}
		return nil
	}
	among := f.seen
	if len(f.writes) > 0 && d.Chance(0.6) {
		among = f.writes
	}
	s := sim.Pick(d, among...)
	r.Process, r.Verbs, r.Resources = s.process, []string{s.verb}, []string{s.resource}
	return s.at
}

// chance: what lasts is mild, so that the controller gets something done.
func (f *forecast) chance(d sim.Dice, r *faults.Rule) {
	r.Probability = sim.Pick(d, 0.05, 0.2, 0.5, 1)
	if r.Until == 0 {
		r.Probability = min(r.Probability, 0.2)
	}
	if d.Chance(0.3) {
		r.Limit = 1 + d.Intn(3)
	}
}

// interval begins a little before one of the times, or anywhere.
func (f *forecast) interval(d sim.Dice, r *faults.Rule, times []time.Duration) {
	r.From = d.Span(0, f.safety*9/10)
	if lead := d.Scale(time.Millisecond, 5*time.Second); len(times) > 0 && d.Chance(0.7) {
		r.From = min(max(sim.Pick(d, times...)-lead, 0), f.safety*9/10).Round(time.Millisecond)
	}
	r.Until = min(r.From+d.Scale(time.Second, f.safety/2), f.safety)
}

func (f *forecast) effect(d sim.Dice, r *faults.Rule) {
	wait := d.Scale(50*time.Millisecond, 20*time.Second)
	switch r.Kind {
	case faults.Latency, faults.WatchDelayed:
		r.Delay = faults.Span{Min: wait / 10, Max: wait}
	case faults.TimeoutApplied, faults.TimeoutDropped, faults.ResponseLost, faults.SlowBody,
		faults.WatchClosed, faults.WatchError, faults.WatchExpired, faults.CacheLag, faults.GCLag:
		r.Delay = faults.Span{Min: wait, Max: wait}
	case faults.TooManyRequests, faults.ServiceUnavailable:
		r.RetryAfter = time.Duration(1+d.Intn(5)) * time.Second
	case faults.Partition:
		r.Direction = sim.Pick(d, faults.BothWays, faults.BothWays, faults.ToServer, faults.FromServer)
	case faults.Hold:
		r.Direction = sim.Pick(d, faults.BothWays, faults.FromServer)
	case faults.CrashLoop:
		r.Delay = faults.Span{Min: wait / 4, Max: wait}
		r.RestartAfter = d.Scale(500*time.Millisecond, 5*time.Second)
	}
}

// crash happens before or after a write that was seen, or at a time: what lies
// between two writes is where a crash hurts.
func (f *forecast) crash(d sim.Dice, r *faults.Rule) {
	r.RestartAfter = d.Scale(100*time.Millisecond, 30*time.Second)
	if len(f.writes) == 0 || d.Chance(0.3) {
		r.Process = sim.Pick(d, f.processes...)
		r.From = d.Span(time.Second, f.safety*9/10)
		return
	}
	s := sim.Pick(d, f.writes...)
	r.When = sim.Pick(d, faults.BeforeCall, faults.AfterCall, faults.AfterCall)
	r.Process, r.Verbs, r.Resources = s.process, []string{s.verb}, []string{s.resource}
	r.Probability = sim.Pick(d, 0.1, 0.3, 1)
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
