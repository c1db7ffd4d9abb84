package sim

import (
	"math/rand"
	"sync"
	_ "unsafe" // for go:linkname

	utilrand "k8s.io/apimachinery/pkg/util/rand"
)

// namesRand is apimachinery's source of chance, which name suffixes come from.
// utilrand.Seed puts a generator in its place that is seeded at once, at the
// price of two thousand multiplications and 5 kB for each answer of a run, though
// hardly any process ever draws from it. So it gets a generator that is seeded by
// its first draw.
//
//go:linkname namesRand k8s.io/apimachinery/pkg/util/rand.rng
var namesRand struct {
	sync.Mutex
	rand *rand.Rand
}

// lateSource is what rand.NewSource(seed) is, seeded when somebody draws. It is
// as safe for concurrent use as that: not at all.
type lateSource struct {
	seed   int64
	seeded rand.Source64 // nil before the first draw
}

var _ rand.Source64 = (*lateSource)(nil)

// Seed implements [rand.Source].
func (s *lateSource) Seed(seed int64) { *s = lateSource{seed: seed} }

// Int63 implements [rand.Source].
func (s *lateSource) Int63() int64 { return s.source().Int63() }

// Uint64 implements [rand.Source64].
func (s *lateSource) Uint64() uint64 { return s.source().Uint64() }

func (s *lateSource) source() rand.Source64 {
	if s.seeded == nil {
		s.seeded = rand.NewSource(s.seed).(rand.Source64)
	}
	return s.seeded
}

// seedNames does what utilrand.Seed does, late.
func seedNames(seed int64) {
	namesRand.Lock()
	defer namesRand.Unlock()
	namesRand.rand = rand.New(&lateSource{seed: seed})
}

// checkNames panics when apimachinery no longer draws from namesRand.
func checkNames() {
	const seed = 1
	seedNames(seed)
	if utilrand.Int() != rand.New(rand.NewSource(seed)).Int() {
		panic("sim: k8s.io/apimachinery/pkg/util/rand cannot be seeded: it keeps its source elsewhere than in the versions that this was written for")
	}
}
