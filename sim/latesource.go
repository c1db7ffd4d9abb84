package sim

import (
	"math/rand"
	"sync"
	_ "unsafe" // go:linkname

	_ "k8s.io/apimachinery/pkg/util/rand" // has what is linked to
)

// suffixes is apimachinery's own source of chance, which names are completed
// from. Its Seed makes a new source of 5 kB each time. Worlds seed it at the end
// of every call and subjects hardly ever draw from it: that was 7 % of a run. So it
// is given a [lateSource]; there is no other way to it than its name.
//
//go:linkname suffixes k8s.io/apimachinery/pkg/util/rand.rng
var suffixes struct {
	sync.Mutex
	rand *rand.Rand
}

// replaceSuffixes takes suffixes over, once per process.
var replaceSuffixes = sync.OnceFunc(func() {
	suffixes.Lock()
	defer suffixes.Unlock()
	suffixes.rand = rand.New(&lateSource{})
})

func seedSuffixes(seed int64) {
	suffixes.Lock()
	defer suffixes.Unlock()
	suffixes.rand.Seed(seed)
}

// lateSource gives the numbers that [rand.NewSource] gives, but does the work of
// seeding, some 5 µs, at the first draw.
type lateSource struct {
	seed   int64
	source rand.Source64 // nil: nothing was drawn since the seeding
}

var _ rand.Source64 = (*lateSource)(nil)

// Seed implements [rand.Source].
func (s *lateSource) Seed(seed int64) { s.seed, s.source = seed, nil }

// Int63 implements [rand.Source].
func (s *lateSource) Int63() int64 { return s.seeded().Int63() }

// Uint64 implements [rand.Source64].
func (s *lateSource) Uint64() uint64 { return s.seeded().Uint64() }

func (s *lateSource) seeded() rand.Source64 {
	if s.source == nil {
		s.source = rand.NewSource(s.seed).(rand.Source64) // it says that it is one
	}
	return s.source
}
