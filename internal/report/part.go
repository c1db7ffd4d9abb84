package report

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// mostShown is how many events a page shows. A browser is fluid with so many; a run that
// loops for hours has a million, and nobody looks at them.
const mostShown = 60_000

// part is which events of a run a page shows: those from first to last, and those that
// the story names.
type part struct {
	first, last  uint64
	named, calls map[uint64]bool
}

// choose takes all events or, of too many, those around what broke the law: nine of ten
// before it. Of a run that broke none the last ones are taken.
func (c *collector) choose(events int) {
	c.part = part{last: ^uint64(0), named: map[uint64]bool{}, calls: map[uint64]bool{}}
	for _, step := range c.data.Why.Steps {
		c.part.named[step.Seq], c.part.calls[step.Call] = true, true
	}
	delete(c.part.calls, 0)
	if events <= mostShown {
		return
	}
	around := uint64(events)
	if culprit := c.data.About.Culprit; culprit != nil && culprit.Seq > 0 {
		around = culprit.Seq
		c.part.named[culprit.Seq], c.part.calls[culprit.Call] = true, culprit.Call != 0
	}
	c.part.last = min(uint64(events), max(around+mostShown/10, mostShown))
	c.part.first = c.part.last - mostShown + 1
}

func (p *part) has(seq uint64) bool {
	return p.first <= seq && seq <= p.last || p.named[seq]
}

// hasCall takes watches, too, which are what the frames in them hang on.
func (p *part) hasCall(c *model.Call) bool {
	return p.has(c.CallSeq) || p.has(c.ReturnSeq) && c.ReturnSeq > 0 || c.Verb == "watch" || p.calls[c.ID]
}

// trace tells the events as text, and what the page leaves out, if it does.
func (c *collector) trace(events []sim.Event) {
	if c.part.first > 0 {
		shown := events[c.part.first-1 : c.part.last]
		c.data.TraceFrom = c.part.first - 1
		c.data.About.Cut = fmt.Sprintf("%d of %d events, from %s to %s", len(shown), len(events),
			shown[0].At.Round(time.Millisecond), shown[len(shown)-1].At.Round(time.Millisecond))
		events = shown
	}
	for _, e := range events {
		c.data.Trace = append(c.data.Trace, e.String())
	}
}
