package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
)

// progress tells how far a sweep has come: a bar on a terminal, a line now and
// then elsewhere.
type progress struct {
	out      io.Writer
	bar      *progressbar.ProgressBar // nil when out is no terminal
	total    uint64                   // 0: nobody knows
	deadline time.Time                // zero: none
	started  time.Time
	shown    time.Time
	before   int                       // runs of an earlier sweep
	count    int                       // runs of this one
	verdicts map[model.VerdictKind]int // without known failures
	known    int
	met      *coverage
	// aim is how far an aimed sweep is with the runs that its plans are derived
	// from; empty while those plans are run.
	aim string
	// marks are when runs were done, thinned out as they become many.
	marks []mark
	every int // a mark for so many runs
}

type mark struct {
	count int
	after time.Duration
}

// between is how often a line is printed where there is no terminal.
const between = 10 * time.Second

func newProgress(out io.Writer, total uint64, lasting time.Duration, met *coverage) *progress {
	p := &progress{
		out: out, total: total, started: time.Now(), shown: time.Now(), every: 1,
		verdicts: make(map[model.VerdictKind]int), met: met,
	}
	if lasting > 0 {
		p.deadline = p.started.Add(lasting)
	}
	length := int64(total)
	if total == 0 {
		length = -1
	}
	p.bar = newBar(out, length, "seeds")
	return p
}

// begin counts the runs of an earlier sweep as done.
func (p *progress) begin(done int) {
	p.before = done
	if p.bar != nil {
		p.bar.Set(done)
	}
}

// over says whether the time given is over.
func (p *progress) over() bool { return !p.deadline.IsZero() && time.Now().After(p.deadline) }

// around lets f print where the bar is.
func (p *progress) around(f func()) {
	if p.bar != nil {
		p.bar.Clear()
	}
	f()
}

const mostMarks = 4096

func (p *progress) done(o sweep.Outcome) {
	p.count++
	if o.Known != "" {
		p.known++
	} else {
		p.verdicts[o.Verdict]++
	}
	if p.count%p.every == 0 {
		p.marks = append(p.marks, mark{p.count, time.Since(p.started)})
	}
	if len(p.marks) >= mostMarks {
		for i := range mostMarks / 2 {
			p.marks[i] = p.marks[2*i+1]
		}
		p.marks, p.every = p.marks[:mostMarks/2], 2*p.every
	}
	p.aim = ""
	p.show()
	if p.bar != nil {
		p.bar.Add(1)
	}
}

// aiming tells of the runs that plans are derived from. They count as nothing else.
func (p *progress) aiming(made, of int) {
	p.aim = fmt.Sprintf("taking aim: %d of %d runs, ", made, of)
	p.show()
}

func (p *progress) show() {
	switch {
	case p.bar != nil:
		p.bar.Describe(p.found() + p.left())
	case time.Since(p.shown) >= between:
		p.shown = time.Now()
		fmt.Fprintln(p.out, p.line())
	}
}

// found is what has been found so far.
func (p *progress) found() string {
	text := p.aim + fmt.Sprintf("%d pass", p.verdicts[model.VerdictPass])
	for _, kind := range []model.VerdictKind{model.VerdictSafety, model.VerdictLiveness, model.VerdictCrash, model.VerdictInconclusive} {
		if n := p.verdicts[kind]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, kind)
		}
	}
	if p.known > 0 {
		text += fmt.Sprintf(", %d known", p.known)
	}
	return text + fmt.Sprintf(", %d covered, %d of them in the last %d", len(p.met.first), p.met.lately(), recently)
}

// line is the progress in one line, for logs.
func (p *progress) line() string {
	text := fmt.Sprintf("seatrial: %d", p.before+p.count)
	if p.total > 0 {
		text += fmt.Sprintf(" of %d", p.total)
	}
	elapsed := time.Since(p.started)
	rate := float64(p.count) / elapsed.Seconds()
	text += fmt.Sprintf(" seeds, %.1f/s, %s", rate, p.found())
	return text + p.left()
}

// left is how long it still takes: to the end of the runs, if their number is known and
// somebody does not tell already, or of the time given.
func (p *progress) left() string {
	left := time.Duration(0)
	if p.total > 0 && p.count > 0 && p.bar == nil {
		left = toGo(p.count, int(p.total)-p.before-p.count, p.started)
	}
	if !p.deadline.IsZero() && (left == 0 || time.Until(p.deadline) < left) {
		left = time.Until(p.deadline)
	}
	if left <= 0 {
		return ""
	}
	return fmt.Sprintf(", %s left", left.Round(time.Second))
}

func (p *progress) end() {
	if p.bar != nil {
		p.bar.Clear()
	}
	p.marks = append(p.marks, mark{p.count, time.Since(p.started)})
}

// rates tells how fast the sweep was, at its start, in its middle and at its
// end: thirds of the runs.
func (p *progress) rates() string {
	whole := p.marks[len(p.marks)-1]
	if whole.after <= 0 {
		return ""
	}
	text := fmt.Sprintf("%.1f seeds/s in %s", float64(whole.count)/whole.after.Seconds(), whole.after.Round(100*time.Millisecond))
	if len(p.marks) < 30 {
		return text
	}
	var from mark
	for i, name := range []string{"start", "middle", "end"} {
		to := p.marks[(i+1)*len(p.marks)/3-1]
		text += fmt.Sprintf(", %s %.1f", name, float64(to.count-from.count)/(to.after-from.after).Seconds())
		from = to
	}
	return text
}
