package globalnet

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
)

// Goal: what people are shown of who held an address says when each hold began and
// ended. Method: an address that goes from one owner to the next, hold by hold.
func TestAssignmentsBeginAndEnd(t *testing.T) {
	s := exported("ns/a", "ns/b")
	c := s.controller()
	c.serve("ns/a", first)
	s.user().unexport("ns/a")
	c.retire("ns/a", first)
	c.claim(first, "ns/b")
	h := s.Done()
	var lines []string
	for _, x := range Assignments(h) {
		begins, ends := commitOf(h, x.FromSeq), commitOf(h, x.UntilSeq)
		assert.Equal(t, begins.At, x.From)
		if ends == nil {
			assert.Equal(t, h.Ended, x.Until)
			lines = append(lines, x.Owner+" "+x.Via+" "+x.IP+" to the end")
			continue
		}
		assert.Equal(t, ends.At, x.Until)
		assert.Less(t, x.From, x.Until)
		lines = append(lines, x.Owner+" "+x.Via+" "+x.IP+" ended by "+ends.Resource)
	}
	assert.Equal(t, []string{
		"ns/a claim 10.1.0.6 ended by ipaddresses",
		"ns/a internal Service 10.1.0.6 ended by services",
		"ns/a status 10.1.0.6 ended by globalingressips",
		"ns/b claim 10.1.0.6 to the end",
	}, lines)
}

func commitOf(h *model.History, seq uint64) *model.Commit {
	for i := range h.Commits {
		if h.Commits[i].Seq == seq && seq != 0 {
			return &h.Commits[i]
		}
	}
	return nil
}
