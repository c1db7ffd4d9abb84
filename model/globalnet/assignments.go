package globalnet

import (
	"time"

	"github.com/seatrial/seatrial/model"
)

// Assignment is one way in which an owner had an IP for a time.
type Assignment struct {
	IP    string
	Owner string // namespace/name
	Via   string // claim, internal Service or status
	// The commits that began and ended it: [From, Until). UntilSeq 0: it lasted
	// to the end of the run.
	FromSeq, UntilSeq uint64
	From, Until       time.Duration
}

// Assignments lists who held which IP when, in the order in which assignments began.
// It is what people are shown; the properties judge by more than this.
func Assignments(h *model.History) []Assignment {
	var out []Assignment
	open := map[hold]int{}
	for _, c := range changesOf(h) {
		before, after := c.holds()
		for _, gone := range without(before, after) {
			if i, known := open[gone]; known {
				out[i].Until, out[i].UntilSeq = c.At, c.Seq
				delete(open, gone)
			}
		}
		for _, begun := range without(after, before) {
			if _, known := open[begun]; known {
				continue
			}
			open[begun] = len(out)
			out = append(out, Assignment{IP: begun.ip, Owner: string(begun.owner), Via: string(begun.via), FromSeq: c.Seq, From: c.At, Until: h.Ended})
		}
	}
	return out
}
