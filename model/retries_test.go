package model_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// tries makes calls at a steady pace that all end alike.
func tries(n int, pace time.Duration, change func(i int, c *model.Call)) *model.History {
	h := &model.History{}
	for i := range n {
		c := model.Call{ID: uint64(i + 1), Process: "controller", Verb: "update", Resource: "services", Name: "a", CallSeq: uint64(2*i + 1), ReturnSeq: uint64(2*i + 2), Called: time.Duration(i) * pace, Outcome: model.Failed}
		change(i, &c)
		h.Calls = append(h.Calls, c)
	}
	return h
}

func TestBoundedRetries(t *testing.T) {
	same := func(int, *model.Call) {}
	for _, c := range []struct {
		name, explanation string
		h                 *model.History
		want              model.Status
	}{
		{"storm", "301 tries in 60 s less a little", tries(301, 199*time.Millisecond, same), model.Violated},
		{"at the bound", "300 tries are allowed, however fast", tries(300, time.Millisecond, same), model.Held},
		{"just slow enough", "the 301st comes a minute after the first", tries(1000, 200*time.Millisecond, same), model.Held},
		{"unknown outcomes", "time-outs are no success", tries(301, time.Millisecond, func(_ int, c *model.Call) { c.Outcome = model.Unknown }), model.Violated},
		{"successes", "work is not a retry", tries(1000, time.Millisecond, func(_ int, c *model.Call) { c.Outcome = model.OK }), model.Held},
		{"many objects", "each object has its own count", tries(1000, time.Millisecond, func(i int, c *model.Call) { c.Name = string(rune('a' + i%10)) }), model.Held},
		{"users", "not under test", tries(1000, time.Millisecond, func(_ int, c *model.Call) { c.User = true }), model.Held},
		{"lease", "its retries have their own period", tries(1000, time.Millisecond, func(_ int, c *model.Call) { c.Group, c.Resource = "coordination.k8s.io", "leases" }), model.Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := modeltest.Check(generic(t, "bounded-retries"), c.h)
			assert.Equal(t, c.want, result.Status, c.explanation)
			if c.want == model.Violated {
				assert.EqualValues(t, 301, result.Culprit.CallID)
			}
		})
	}
}

// attempts are calls at given moments that all get no answer.
func attempts(moments ...time.Duration) *model.History {
	h := &model.History{}
	for i, at := range moments {
		h.Calls = append(h.Calls, model.Call{ID: uint64(i + 1), Process: "controller", Verb: "get", Resource: "services", Name: "a", CallSeq: uint64(2*i + 1), ReturnSeq: uint64(2*i + 2), Called: at, Outcome: model.Failed})
	}
	return h
}

// doubling are moments with pauses that double up to a longest one.
func doubling(n int, pause, longest time.Duration) (moments []time.Duration) {
	for at := time.Duration(0); len(moments) < n; pause = min(2*pause, longest) {
		moments = append(moments, at)
		at += pause
	}
	return moments
}

func steady(n int, pace time.Duration) (moments []time.Duration) { return doubling(n, pace, pace) }

func TestRetriesFall(t *testing.T) {
	answered := attempts(steady(1000, 100*time.Millisecond)...)
	for i := range answered.Calls {
		answered.Calls[i].Code = 404
	}
	broken := attempts(steady(1000, 200*time.Millisecond)...)
	for i := 0; i < len(broken.Calls); i += 50 {
		broken.Calls[i].Outcome = model.OK
	}
	woken := attempts(steady(70, 140*time.Millisecond)...)
	for i := range 12 {
		woken.Commits = append(woken.Commits, model.Commit{User: true, At: time.Duration(i) * time.Second, Resource: "services", Name: "a"})
	}
	elsewhere := attempts(steady(70, 140*time.Millisecond)...)
	for _, c := range woken.Commits {
		c.Namespace = "other"
		elsewhere.Commits = append(elsewhere.Commits, c)
		c.Namespace, c.User = "", false
		elsewhere.Commits = append(elsewhere.Commits, c)
	}
	for _, c := range []struct {
		name, explanation string
		h                 *model.History
		want              model.Status
	}{
		{"users change things", "each change is a reason to try once more", woken, model.Held},
		{"others' things", "what changes in another namespace is none, nor what the subject changes", elsewhere, model.Violated},
		{"doubling to half a minute", "as our work queue does", attempts(doubling(100, 50*time.Millisecond, 30*time.Second)...), model.Held},
		{"doubling from 5 ms", "as controller-runtime does", attempts(doubling(100, 5*time.Millisecond, 1000*time.Second)...), model.Held},
		{"five a second for long", "61 in ten seconds less than that", attempts(steady(61, 160*time.Millisecond)...), model.Violated},
		{"six a second", "60 are allowed, if it ends there", attempts(steady(60, 160*time.Millisecond)...), model.Held},
		{"every second", "not for longer than five minutes", attempts(steady(345, time.Second)...), model.Violated},
		{"every second for five minutes", "until then it may", attempts(steady(300, time.Second)...), model.Held},
		{"every two seconds", "30 a minute are allowed, for ever", attempts(steady(1000, 2*time.Second)...), model.Held},
		{"answers", "that something is not there is an answer", answered, model.Held},
		{"now and then a success", "every success begins a new row", broken, model.Held},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, modeltest.Check(generic(t, "retries-fall"), c.h).Status, c.explanation)
		})
	}
}
