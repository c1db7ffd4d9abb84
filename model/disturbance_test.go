package model_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
)

// Goal: laws about how soon something happens judge only moments at which nothing
// stood in the way. Method: short histories of a start, a fault and a call.

func TestLongestIdle(t *testing.T) {
	at := func(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
	work := model.Call{Process: "controller", Verb: "get", Resource: "services", Called: at(70), Returned: at(72), ReturnSeq: 2}
	for _, c := range []struct {
		name, explanation string
		disturbances      []model.Disturbance
		calls             []model.Call
		from, until       int
		want              model.Disturbance
	}{
		{"nothing recorded", "whoever knows of no start knows of no fault either", nil, nil, 0, 200, model.Disturbance{}},
		{"after the start", "45 s later nothing of it is left", []model.Disturbance{{}}, nil, 0, 200, model.Disturbance{From: at(45), Until: at(200)}},
		{"asked about less", "within what was asked", []model.Disturbance{{}}, nil, 50, 60, model.Disturbance{From: at(50), Until: at(60)}},
		{"at work", "the longer part counts", []model.Disturbance{{}}, []model.Call{work}, 60, 120, model.Disturbance{From: at(72), Until: at(120)}},
		{"a fault", "as long as it lasts, and 45 s", []model.Disturbance{{}, {From: at(50), Until: at(100)}}, nil, 0, 200, model.Disturbance{From: at(145), Until: at(200)}},
		{"for good", "nobody is left to act", []model.Disturbance{{}, {From: at(50), Until: math.MaxInt64}}, nil, 60, 200, model.Disturbance{}},
		{"unanswered", "ten seconds, then it is given up", []model.Disturbance{{}}, []model.Call{{Verb: "get", Called: at(70)}}, 60, 120, model.Disturbance{From: at(80), Until: at(120)}},
		{"a watch", "is no work", []model.Disturbance{{}}, []model.Call{{Verb: "watch", Called: at(50)}}, 45, 120, model.Disturbance{From: at(45), Until: at(120)}},
		{"a user", "is no process under test", []model.Disturbance{{}}, []model.Call{{User: true, Verb: "get", Called: at(50)}}, 45, 120, model.Disturbance{From: at(45), Until: at(120)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &model.History{Disturbances: c.disturbances, Calls: c.calls, Ended: at(200)}
			assert.Equal(t, c.want, h.LongestIdle(at(c.from), at(c.until)), c.explanation)
		})
	}
}

func TestUndisturbed(t *testing.T) {
	h := &model.History{Disturbances: []model.Disturbance{{}, {From: 100 * time.Second, Until: 110 * time.Second}}}
	for seconds, want := range map[int]bool{0: false, 45: false, 46: true, 100: false, 155: false, 156: true} {
		assert.Equal(t, want, h.Undisturbed(time.Duration(seconds)*time.Second), "%d s", seconds)
	}
	assert.False(t, (&model.History{}).Undisturbed(time.Hour), "nothing recorded, nothing known")
}
