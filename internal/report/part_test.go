//go:build !wasip1

package report_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/report"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Goal: records that are not as most are make pages all the same. Method: one of a
// million events, with the violation in its middle, and one that ends within a call.

func TestAMillionEvents(t *testing.T) {
	const calls = 250_000
	record := &sim.Record{}
	h := &record.History
	for i := range uint64(calls) {
		seq, at := 4*i+1, time.Duration(i)*time.Millisecond
		h.Calls = append(h.Calls, model.Call{ID: i + 1, Process: "controller", Incarnation: 1, Verb: "update", Resource: "services", Namespace: "shop", Name: fmt.Sprintf("svc-%d", i%7),
			CallSeq: seq, ReturnSeq: seq + 3, Called: at, Arrived: at, Returned: at, Outcome: model.OK, Code: 200, Server: 1, Response: []byte(fmt.Sprintf(`{"n": %d}`, i))})
		for n, kind := range []sim.EventType{sim.EventSent, sim.EventCommitted, sim.EventArrived, sim.EventReturned} {
			record.Events = append(record.Events, sim.Event{Seq: seq + uint64(n), At: at, Type: kind, Process: "controller-1", Call: i + 1})
		}
		h.Commits = append(h.Commits, model.Commit{Seq: seq + 1, Revision: i + 1, At: at, CallID: i + 1, Process: "controller", Version: "v1", Resource: "services", Namespace: "shop", Name: fmt.Sprintf("svc-%d", i%7)})
	}
	h.Ended = calls * time.Millisecond
	culprit := h.Commits[100_000].Culprit()
	d := report.Collect(scenarios.Result{Record: record, Verdict: model.Verdict{Kind: model.VerdictSafety, Property: "p", Culprit: culprit}}, scenarios.Subject{})

	assert.Len(t, d.Trace, 60_000)
	assert.Equal(t, uint64(346_002), d.TraceFrom, "nine of ten are before the violation, of number 400,002")
	assert.Contains(t, d.Trace[0], "346003 ")
	assert.Equal(t, "60000 of 1000000 events, from 1m26.5s to 1m41.5s", d.About.Cut)
	assert.InDelta(t, 15_000, len(d.Calls), 2)
	assert.InDelta(t, 15_000, len(d.Commits), 2)
	assert.InDelta(t, 15_000, len(d.Bodies), 2, "and only what they sent and got")
	require.NotEmpty(t, d.Why.Steps)
	var page bytes.Buffer
	require.NoError(t, report.Write(&page, d))
	assert.Less(t, page.Len(), 20<<20)
}

// A run that ends within a call, as one does that is cut off, and one whose trace nobody
// kept.
func TestARunThatIsCutOff(t *testing.T) {
	record := &sim.Record{Events: []sim.Event{{Seq: 1, Type: sim.EventStarted, Process: "controller-1"}, {Seq: 2, Type: sim.EventSent, Process: "controller-1", Call: 1}}}
	record.History.Calls = []model.Call{{ID: 1, Process: "controller", Incarnation: 1, Verb: "get", Resource: "services", Name: "web", CallSeq: 2}}
	record.History.Ended = time.Second
	verdict := model.Verdict{Kind: model.VerdictCrash, Property: "no-exit", Message: "it ended", Culprit: model.Culprit{Seq: 9, CallID: 7, Revision: 3, Text: "what is not in the record"}}
	d := report.Collect(scenarios.Result{Record: record, Verdict: verdict}, scenarios.Subject{})
	require.Len(t, d.Calls, 1)
	assert.Equal(t, "open", d.Calls[0].Outcome)
	assert.Equal(t, time.Second, d.Calls[0].Until)
	b := open(t, write(t, d))
	assert.Contains(t, eval[string](b, `document.body.innerText`), "it ended")

	record.Events = nil
	bare := report.Collect(scenarios.Result{Record: record, Verdict: verdict}, scenarios.Subject{})
	assert.Empty(t, bare.Trace)
	var page bytes.Buffer
	assert.NoError(t, report.Write(&page, bare))
}
