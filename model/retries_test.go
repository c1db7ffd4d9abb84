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
