package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
)

// Goal: a sweep that is under way can be seen to be, also while an aimed one makes
// the runs that its plans are derived from. Method: what is written where there is
// no terminal, with the last line long ago.
func TestProgressTellsOfTakingAim(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, 0, 0, &coverage{})
	line := func(tell func()) string {
		out.Reset()
		p.shown = p.shown.Add(-between)
		tell()
		return out.String()
	}
	assert.Regexp(t, `^seatrial: 0 seeds, 0\.0/s, taking aim: 3 of 16 runs, 0 pass`, line(func() { p.aiming(3, 16) }))
	assert.Zero(t, p.count, "nothing of the sweep has been done")
	assert.Regexp(t, `^seatrial: 1 seeds, [0-9.]+/s, 1 pass`, line(func() { p.done(outcome(model.VerdictPass)) }))
	assert.Regexp(t, `, taking aim: 1 of 2 runs, 1 pass`, line(func() { p.aiming(1, 2) }))

	out.Reset()
	p.shown = time.Now()
	p.aiming(2, 2)
	assert.Empty(t, out.String(), "one line in a while is enough")
}
