package sim

import (
	"cmp"
	"slices"
	"time"

	"github.com/seatrial/seatrial/model"
)

// restless notices a world that will not come to rest: for a whole minute after
// faults have ended, the subjects write the same few objects again and again,
// several times a second. Nothing that is still to happen would end that, so the
// rest of the run, which costs most, can be left out.
//
// A long backlog is no such thing: it is worked off object by object. Neither is
// what retries with back-off, however often at first.
type restless struct {
	begin   time.Duration
	buckets []bucket // of bucketLength each, from begin
	over    []model.Repetition
}

// bucket counts the writes that took effect in a stretch of time.
type bucket struct {
	writes int
	of     map[model.Repetition]int // Times being 0
}

// When a world counts as restless: windowBuckets in a row of leastWrites each, of
// which all but one in ten are of objects that were written leastTimes in them.
const (
	bucketLength  = 10 * time.Second
	windowBuckets = 6
	leastWrites   = 30
	leastTimes    = 12
	mostNamed     = 4
)

// note counts a write of a subject's that took effect.
func (r *restless) note(c *model.Call, at time.Duration) {
	i := int((at - r.begin) / bucketLength)
	if i >= len(r.buckets) {
		r.judge(i)
		for len(r.buckets) <= i {
			r.buckets = append(r.buckets, bucket{of: map[model.Repetition]int{}})
		}
	}
	r.buckets[i].writes++
	r.buckets[i].of[model.Repetition{Process: c.Process, Verb: c.Verb, Resource: c.ResourcePath(), Namespace: c.Namespace, Name: c.Name}]++
}

// judge looks at the buckets before the i-th when that is begun.
func (r *restless) judge(i int) {
	if r.over != nil || i != len(r.buckets) || i < windowBuckets {
		return
	}
	all, times := 0, map[model.Repetition]int{}
	for _, b := range r.buckets[i-windowBuckets:] {
		if b.writes < leastWrites {
			return
		}
		all += b.writes
		for what, n := range b.of { // sums: no order
			times[what] += n
		}
	}
	repeated := 0
	var named []model.Repetition
	for what, n := range times { // sorted below
		if n >= leastTimes {
			repeated += n
			what.Times = n
			named = append(named, what)
		}
	}
	if repeated*10 < all*9 {
		return
	}
	slices.SortFunc(named, func(a, b model.Repetition) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.String(), b.String()))
	})
	r.over = named[:min(len(named), mostNamed)]
}
