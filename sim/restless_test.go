package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
)

// Goal: what will never come to rest is told from what takes long. Method: streams
// of writes, a minute and more of each, and whether the world counts as restless.
func TestWhatIsRestless(t *testing.T) {
	call := func(name string) *model.Call {
		return &model.Call{Process: "controller", Verb: "update", Resource: "pods", Namespace: "a", Name: name}
	}
	for _, c := range []struct {
		name     string
		every    time.Duration
		lasts    time.Duration
		object   func(i int) string
		restless bool
	}{
		{"one object, ten times a second", 100 * time.Millisecond, 2 * time.Minute, func(int) string { return "x" }, true},
		{"two objects by turns", 200 * time.Millisecond, 2 * time.Minute, func(i int) string { return fmt.Sprint(i % 2) }, true},
		{"a backlog, object by object", 100 * time.Millisecond, 5 * time.Minute, func(i int) string { return fmt.Sprint(i) }, false},
		{"a backlog, each object in five writes", 100 * time.Millisecond, 5 * time.Minute, func(i int) string { return fmt.Sprint(i / 5) }, false},
		{"a heartbeat", time.Second, 10 * time.Minute, func(int) string { return "x" }, false},
		{"a burst", 10 * time.Millisecond, 30 * time.Second, func(int) string { return "x" }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &restless{begin: time.Minute}
			for i := 0; time.Duration(i)*c.every < c.lasts; i++ {
				r.note(call(c.object(i)), r.begin+time.Duration(i)*c.every)
			}
			assert.Equal(t, c.restless, r.over != nil)
			if c.restless {
				assert.Contains(t, r.over[0].String(), "controller update pods a/")
			}
		})
	}
}
