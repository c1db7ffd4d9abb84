package sim

import (
	"math"
	"time"
)

// Dice is one sequential random stream. Each purpose of the generator has one
// of its own, so that drawing more for one purpose (a kind of fault that did
// not exist before, say) leaves what the others draw as it was.
type Dice struct{ *Rand }

// NewDice are the dice of [Stream] of that name.
func NewDice(seed Seed, name string) Dice { return Dice{Stream(seed, name)} }

// Chance is true with probability p.
func (d Dice) Chance(p float64) bool { return d.Float64() < p }

// Between draws a whole number in [low, high].
func (d Dice) Between(low, high int) int { return low + d.Intn(high-low+1) }

// Span draws a duration in [low, high], every length equally likely, in whole
// steps of 10ms.
func (d Dice) Span(low, high time.Duration) time.Duration {
	return roundTime(low + time.Duration(d.Float64()*float64(high-low)))
}

// Scale draws a duration in [low, high], every order of magnitude equally
// likely: short and long ones show different bugs. low must be positive.
func (d Dice) Scale(low, high time.Duration) time.Duration {
	return roundTime(time.Duration(d.logUniform(float64(low), float64(high))))
}

func (d Dice) logUniform(low, high float64) float64 {
	return low * math.Exp(d.Float64()*math.Log(high/low))
}

// Rate draws a probability in [low, high] of two significant digits, every
// order of magnitude equally likely.
func (d Dice) Rate(low, high float64) float64 {
	p := d.logUniform(low, high)
	unit := math.Pow(10, math.Floor(math.Log10(p))-1)
	// Division by a whole number gives the closest float to the decimal, so
	// that it is written as it is meant: 0.07, not 0.07000000000000001.
	return math.Min(math.Round(p/unit)/math.Round(1/unit), 1)
}

// Weighted draws an index, each in proportion to its weight.
func (d Dice) Weighted(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := d.Intn(sum)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	panic("sim: the draw is past the sum of weights")
}

// Pick draws one of what it is given, each equally likely.
func Pick[T any](d Dice, from ...T) T { return from[d.Intn(len(from))] }

// roundTime keeps written plans short. Times of one second or more lose
// nothing by it; what is shorter keeps milliseconds.
func roundTime(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(10 * time.Millisecond)
}
