package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim/apiserver"
)

// replicas is the state of the API servers, by number from 0.
type replicas struct {
	down []int // how many rules keep it down
	// lagging is the rule that decides about a cache.
	lagging map[cacheOf]*faults.Rule
}

// cacheOf names the watch cache of one resource, or of all, at one replica.
type cacheOf struct {
	replica  int
	resource schema.GroupResource
}

func newReplicas(n int) replicas {
	return replicas{down: make([]int, n), lagging: map[cacheOf]*faults.Rule{}}
}

// of lists the replicas that a rule concerns.
func (s *replicas) of(r *faults.Rule) []int {
	if r.Replica > 0 {
		return []int{r.Replica - 1}
	}
	all := make([]int, len(s.down))
	for i := range all {
		all[i] = i
	}
	return all
}

// nextUp is the replica that a load balancer chooses instead of one that is
// down: the next one that is not, or the same when there is none.
func (s *replicas) nextUp(replica int) int {
	for i := range s.down {
		if next := (replica + i) % len(s.down); s.down[next] == 0 {
			return next
		}
	}
	return replica
}

// connect chooses the API server that a new incarnation talks to.
func (w *world) connect(i *incarnation) {
	if p := i.of; !p.pinned {
		p.replica = int(Draw(w.seedNow(), "replica", p.Name, strconv.Itoa(i.number)) * float64(len(w.replicas.down)))
	}
	i.of.replica = w.replicas.nextUp(i.of.replica)
}

// reach is the replica that a request made now is sent to.
func (w *world) reach(p *process) int {
	p.replica = w.replicas.nextUp(p.replica)
	return p.replica
}

// failOver moves a process to another replica. It stays there when it is
// started anew. The result is false when it is there already.
func (w *world) failOver(p *process, r *faults.Rule) bool {
	to := r.Replica - 1
	if r.Replica == 0 {
		to = (p.replica + 1) % len(w.replicas.down)
	}
	p.pinned = true
	if to == p.replica {
		return false
	}
	w.event(Event{Type: EventSchedule, Process: p.Name, Detail: fmt.Sprintf("%s %s to API server %d", r.Kind, r.ID, to+1)})
	w.breakConnection(p, false)
	p.replica = to
	return true
}

// breakConnection fails what is under way on a process's connection. A request
// that has not arrived may still do so, by a draw, unless nobody is there any more.
func (w *world) breakConnection(p *process, down bool) {
	for _, i := range p.living {
		for _, c := range i.callsUnderway() {
			if c.server != nil {
				continue
			}
			if !c.arrived {
				c.dropped = down || Draw(w.seedNow(), "in flight at a reset", c.key) < 0.5
			}
			// One entry each, as when a connection is lost in silence.
			w.queue.add(w.now(), c.key+" reset", func() { w.fail(c, errReset) })
		}
	}
}

// takeDown stops API servers. When one is back its watch cache is new.
func (w *world) takeDown(r *faults.Rule) {
	w.schedule.Happened(r)
	concerned := w.replicas.of(r)
	w.until(r, func() {
		for _, n := range concerned {
			w.replicas.down[n]--
			w.server.ForgetWatchHistory(n, schema.GroupResource{})
		}
	})
	for _, n := range concerned {
		w.replicas.down[n]++
	}
	for _, p := range w.processes {
		if slices.Contains(concerned, p.replica) {
			w.breakConnection(p, true)
			p.replica = w.replicas.nextUp(p.replica)
		}
	}
}

// groupResources are those that a rule names by plural; the zero one stands for all.
func (w *world) groupResources(r *faults.Rule) []schema.GroupResource {
	if len(r.Resources) == 0 || slices.Contains(r.Resources, "*") {
		return []schema.GroupResource{{}}
	}
	var out []schema.GroupResource
	for _, gr := range w.server.Resources() {
		if slices.Contains(r.Resources, gr.Resource) {
			out = append(out, gr)
		}
	}
	return out
}

// lagCaches makes watch caches run behind, or stand still when the rule names
// no delay. Of two rules about one cache the later one decides.
func (w *world) lagCaches(r *faults.Rule) {
	w.schedule.Happened(r)
	lag := apiserver.Frozen
	if r.Delay.Max > 0 {
		lag = max(r.DelayOf(w.drawFor("")), time.Millisecond)
	}
	var caches []cacheOf
	for _, n := range w.replicas.of(r) {
		for _, gr := range w.groupResources(r) {
			caches = append(caches, cacheOf{n, gr})
		}
	}
	w.until(r, func() {
		for _, c := range caches {
			if w.replicas.lagging[c] == r {
				delete(w.replicas.lagging, c)
				w.server.SetLag(c.replica, c.resource, 0)
			}
		}
	})
	for _, c := range caches {
		w.replicas.lagging[c] = r
		w.server.SetLag(c.replica, c.resource, lag)
	}
}

// forgetHistory makes watch caches forget, and when it is about everything,
// etcd too.
func (w *world) forgetHistory(r *faults.Rule) {
	w.schedule.Happened(r)
	w.event(Event{Type: EventSchedule, Detail: fmt.Sprintf("%s %s", r.Kind, r.ID)})
	resources := w.groupResources(r)
	for _, n := range w.replicas.of(r) {
		for _, gr := range resources {
			w.server.ForgetWatchHistory(n, gr)
		}
	}
	if r.Replica == 0 && resources[0] == (schema.GroupResource{}) {
		w.server.Compact(w.server.Revision())
	}
}

func (w *world) lagControllers(r *faults.Rule) {
	w.schedule.Happened(r)
	w.until(r, func() { w.server.SetControllerLag(0) })
	w.server.SetControllerLag(r.DelayOf(w.drawFor("")))
}
