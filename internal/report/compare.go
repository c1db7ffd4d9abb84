package report

import "time"

// Compare puts another run into a page, lane by lane below the first, and marks
// where the two begin to differ. title says what is different in the other, e.g.
// "without look-up-fails". Neither of the two may have been compared before.
//
// Runs of one seed decide alike whatever they have in common, so all before the
// first difference is the same. Of very long runs only what both pages show is compared.
func Compare(d, other *Data, title string) {
	b := &Beside{
		Title: title, Verdict: other.About.Verdict, Actors: other.Actors, Calls: other.Calls,
		Frames: other.Frames, Commits: other.Commits, Bodies: other.Bodies,
	}
	if b.Verdict != "pass" && other.About.Property != "" {
		b.Verdict += " (" + other.About.Property + ")"
	}
	last := min(d.TraceFrom+uint64(len(d.Trace)), other.TraceFrom+uint64(len(other.Trace)))
	for i := max(d.TraceFrom, other.TraceFrom); i < last; i++ {
		if d.Trace[i-d.TraceFrom] != other.Trace[i-other.TraceFrom] {
			b.Differs = i + 1
			break
		}
	}
	if b.Differs > 0 {
		b.At = d.atEvent(b.Differs)
	}
	d.Beside = b
}

// atEvent is when an event happened, as far as the page knows it: that of the last
// thing that is not later.
func (d *Data) atEvent(seq uint64) (at time.Duration) {
	see := func(s uint64, t time.Duration) {
		if s <= seq && t > at {
			at = t
		}
	}
	for i := range d.Calls {
		see(d.Calls[i].Seq, d.Calls[i].From)
	}
	for i := range d.Frames {
		see(d.Frames[i].Seq, d.Frames[i].At)
	}
	for i := range d.Commits {
		see(d.Commits[i].Seq, d.Commits[i].At)
	}
	for _, r := range d.Faults {
		for _, h := range r.Hits {
			see(h.Seq, h.At)
		}
	}
	return at
}
