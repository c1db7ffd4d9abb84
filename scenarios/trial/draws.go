package trial

import (
	"math"
	"time"

	"github.com/seatrial/seatrial/sim"
)

// draws is one sequential random stream; each purpose has one of its own, so
// that drawing more for one leaves the others as they were.
type draws struct{ *sim.Rand }

func newDraws(seed sim.Seed, purpose string) draws {
	return draws{sim.Stream(seed, "trial/"+purpose)}
}

func (d draws) chance(p float64) bool { return d.Float64() < p }

// between draws from [low, high), in whole steps of 10ms, every length equally likely.
func (d draws) between(low, high time.Duration) time.Duration {
	return (low + time.Duration(d.Float64()*float64(high-low))).Round(10 * time.Millisecond)
}

// scale draws from [low, high], every order of magnitude equally likely.
func (d draws) scale(low, high time.Duration) time.Duration {
	return time.Duration(float64(low) * math.Pow(float64(high)/float64(low), d.Float64())).Round(time.Millisecond)
}

func one[T any](d draws, from ...T) T { return from[d.Intn(len(from))] }
