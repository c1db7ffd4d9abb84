package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/internal/sweep"
)

// Goal: a sweep tells what its runs met, and whether the latest brought anything
// new, also when it was gone on with. Method: outcomes made by hand; then a
// sweep that draws what Kubernetes forbids.

func TestCoverageTellsWhatTheLastThousandRunsBrought(t *testing.T) {
	whole, resumed := coverage{}, coverage{}
	for i := range 1500 {
		o := sweep.Outcome{Covered: []string{"call get services 200", "state service"}, Fired: map[string]int{"latency": 3}}
		switch i {
		case 400:
			o.Covered = append(o.Covered, "state export")
		case 500:
			o.Fired["crash"] = 1
		case 1499:
			o.Covered = append(o.Covered, "call get services 404", "state gip")
		}
		whole.add(o)
		switch fresh := whole.fresh(o); i {
		case 0:
			assert.Equal(t, []string{"call get services 200", "fault latency", "state service"}, fresh)
		case 1:
			assert.Empty(t, fresh)
		}
		if i < 700 {
			resumed.restore(&results.Entry{New: whole.fresh(o)})
		} else {
			resumed.add(o)
		}
	}
	want := fmt.Sprintf("covered: 2 of %d fault kinds, 2 triples of verb, resource and outcome, 3 states of objects\n"+
		"new in the last 1000 runs: 1 fault kind, 1 triple, 1 state\n", permitted())
	for _, c := range []coverage{whole, resumed} {
		var out bytes.Buffer
		c.print(&out)
		assert.Equal(t, want, out.String())
		assert.Equal(t, 3, c.lately())
	}
}

func permitted() int {
	return len(slices.DeleteFunc(faults.Kinds(), func(i faults.Info) bool { return !i.Permitted }))
}

// The default draws only what Kubernetes permits; with --allow-illegal every
// report says what it has drawn.
func TestFaultsThatKubernetesDoesNotPermit(t *testing.T) {
	sweep := func(args ...string) string {
		code, out, message := seatrial(t, append([]string{"sweep", "--seeds", "1-12"}, args...)...)
		require.Contains(t, []int{exitPass, exitViolated}, code, message)
		return out
	}
	assert.NotRegexp(t, "event-lost|event-repeated|does not permit", sweep())
	out := sweep("--allow-illegal")
	assert.Contains(t, out, fmt.Sprintf(" of %d fault kinds", len(faults.Kinds())))
	drawn := regexp.MustCompile(`(?m)^\d+ runs had faults that Kubernetes does not permit$`)
	assert.Regexp(t, drawn, out)
	assert.Contains(t, sweep("--allow-illegal", "--json"), `"illegal":true`)

	dir := t.TempDir() + "/out"
	again := drawn.FindString(sweep("--allow-illegal", "--out", dir))
	assert.Equal(t, drawn.FindString(out), again)
	_, out, _ = seatrial(t, "sweep", "--resume", dir)
	assert.Contains(t, out, again, "what was run before counts")
	_, out, _ = seatrial(t, "summarize", dir)
	assert.Contains(t, out, strings.Replace(again, "runs had", "runs of globalingressip had", 1))
}
