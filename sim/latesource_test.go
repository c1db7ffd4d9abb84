package sim

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"
	utilrand "k8s.io/apimachinery/pkg/util/rand"
)

// Goal: seeding late changes no draw, and apimachinery draws from what we seed,
// which is linked to by name. Method: the same draws from it and from a source of
// the standard library, seeded anew after none, one and several draws.

func TestApimachineryDrawsAsIfSeededAtOnce(t *testing.T) {
	replaceSuffixes()
	for seed, draws := range []int{0, 1, 0, 0, 3, 1} {
		seedSuffixes(int64(seed))
		want := rand.New(rand.NewSource(int64(seed)))
		for range draws {
			assert.Equal(t, want.Intn(1_000_000), utilrand.Intn(1_000_000))
			assert.Equal(t, want.Perm(9), utilrand.Perm(9))
		}
	}
}

// A subject that seeds apimachinery's source itself puts another in its place.
func TestASubjectMaySeedApimachineryItself(t *testing.T) {
	utilrand.Seed(1)
	seedSuffixes(2)
	assert.Equal(t, rand.New(rand.NewSource(2)).Intn(1_000_000), utilrand.Intn(1_000_000))
}
