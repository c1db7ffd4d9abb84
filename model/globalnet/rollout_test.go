package globalnet

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Goal: what becomes of an address when the pools change is judged by what the
// subject was told to do with it. Method: a service that was served from a pool that is
// no more, and what was done about it, judged with and without MoveOutside.
func TestPoolsThatChange(t *testing.T) {
	const before, elsewhere = "10.9.0.6", "10.8.0.6"
	changed := func(to string) func(*story) {
		return func(s *story) {
			s.controller().unroute("ns/a")
			s.controller().claim(to, "ns/a")
			s.controller().route("ns/a", to)
			s.controller().status("ns/a", to)
			s.controller().unclaim(before)
		}
	}
	for _, c := range []struct {
		name, explanation string
		move              bool
		tell              func(*story)
		free, converges   model.Status
	}{
		{"kept", "an address once published is kept", false, func(*story) {}, model.Held, model.Held},
		{"not moved", "who is to move has to", true, func(*story) {}, model.Held, model.Violated},
		{"moved", "it was told to", true, changed(first), model.Held, model.Held},
		{"moved unasked", "nobody told it to", false, changed(first), model.Violated, model.Held},
		{"moved astray", "to an address of no pool", true, changed(elsewhere), model.Violated, model.Violated},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{
				Pools: Pools{testOptions.CIDRs, c.move}, Former: []Pools{{CIDRs: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/29")}}}, Claims: true,
			}
			s := exported("ns/a")
			s.controller().serve("ns/a", before)
			c.tell(s)
			h := s.Done()
			result := modeltest.Check(noFreeWhileExported(o), h)
			assert.Equal(t, c.free, result.Status, "%s: %s", c.explanation, result.Message)
			result = modeltest.Check(allocation(o), h)
			assert.Equal(t, c.free, result.Status, "%s: %s", c.explanation, result.Message)
			result = modeltest.Check(converges(o), h)
			assert.Equal(t, c.converges, result.Status, "%s: %s", c.explanation, result.Message)
		})
	}
}

// MoveOutside is no leave to change an address that is of the pools.
func TestAnAddressOfThePoolsIsNotMoved(t *testing.T) {
	s := served("ns/a")
	s.controller().status("ns/a", second)
	result := modeltest.Check(noFreeWhileExported(Options{Pools: Pools{testOptions.CIDRs, true}, Claims: true}), s.Done())
	assert.Equal(t, model.Violated, result.Status, result.Message)
}
