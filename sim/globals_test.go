package sim

import (
	"testing"

	"github.com/stretchr/testify/assert"
	utilrand "k8s.io/apimachinery/pkg/util/rand"
)

// Seeded late, apimachinery's source must give what utilrand.Seed would have made
// it give, in every kind of draw and from the first one on. What is drawn after
// utilrand.Seed is taken for the truth.
func TestNamesAreDrawnAsIfSeededAtOnce(t *testing.T) {
	draw := func() []any {
		return []any{utilrand.String(12), utilrand.Int(), utilrand.Intn(1000), utilrand.Perm(9), utilrand.Int63nRange(5, 1<<40)}
	}
	for _, seed := range []int64{0, 1, 7, 1<<63 - 1} {
		utilrand.Seed(seed)
		want := draw()
		seedNames(seed)
		assert.Equal(t, want, draw(), "seed %d", seed)
		seedNames(seed)
		assert.Equal(t, want, draw(), "seed %d, again", seed)
	}
}

// A generator that is seeded anew must forget what it drew.
func TestALateSourceCanBeSeededAgain(t *testing.T) {
	s := &lateSource{seed: 3}
	first := s.Uint64()
	s.Int63()
	s.Seed(3)
	assert.Equal(t, first, s.Uint64())
}
