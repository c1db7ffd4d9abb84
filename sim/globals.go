package sim

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/binary"
	"errors"
	"math/rand"
	"sync"
	"sync/atomic"

	"github.com/go-logr/logr"
	"github.com/google/uuid"
	utilrand "k8s.io/apimachinery/pkg/util/rand"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// Controllers draw from process-wide sources: client-go jitters with the global
// math/rand, apimachinery has a source of its own for name suffixes, uuids come
// from crypto/rand. chance controls them for one run.
//
// Seeding them once would not do. The goroutines of a killed process draw a few
// times more or less before they are gone, which nobody fixes, and every later
// draw in the world would shift. So whatever wakes a process, a start or the
// end of a call, seeds the sources anew by its identity first.
type chance struct{ crypto *cryptoSource }

// Seedable is nil when the global math/rand source, from which client-go draws, can be
// seeded. Since Go 1.24 it cannot unless go.mod or GODEBUG says so; the error tells how.
func Seedable() error {
	//lint:ignore SA1019 client-go draws from the global source: it has to be seeded
	rand.Seed(1)
	first := rand.Int63()
	//lint:ignore SA1019 as above
	rand.Seed(1)
	if rand.Int63() != first {
		return errors.New("sim: the global math/rand source cannot be seeded; add the line `godebug randseednop=0` to go.mod, or set GODEBUG=randseednop=0")
	}
	return nil
}

// takeChance takes the sources over and returns what gives crypto/rand back.
// It panics when the global source cannot be seeded, because then no run of
// the program can be replayed.
func takeChance() (*chance, func()) {
	if err := Seedable(); err != nil {
		panic(err.Error())
	}
	c := &chance{&cryptoSource{}}
	previous := cryptorand.Reader
	cryptorand.Reader = c.crypto
	uuid.SetRand(c.crypto) // it keeps the reader that it found when the program began
	return c, func() {
		cryptorand.Reader = previous
		uuid.SetRand(nil)
	}
}

// wakes makes the next draws depend on a seed and on the identity of what wakes a process.
// A program has sources of its own; what talks to it here draws from crypto/rand alone.
func (c *chance) wakes(p *process, seed Seed, identity string) {
	if p.Program {
		c.crypto.set(hashOf(seed, "chance", identity))
		return
	}
	c.reseed(seed, identity)
}

func (c *chance) reseed(seed Seed, identity string) {
	h := hashOf(seed, "chance", identity)
	//lint:ignore SA1019 as in takeChance
	rand.Seed(int64(h >> 1))
	utilrand.Seed(int64(h >> 1))
	c.crypto.set(h)
}

// cryptoSource stands in for crypto/rand's reader: splitmix64 from a given state.
type cryptoSource struct {
	mu    sync.Mutex
	state uint64
}

func (s *cryptoSource) set(state uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
}

// Read implements [io.Reader]; it never fails.
func (s *cryptoSource) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; i < len(p); i += 8 {
		s.state += 0x9e3779b97f4a7c15
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], mix(s.state))
		copy(p[i:], word[:])
	}
	return len(p), nil
}

// onPanic is where recovered panics of the current run go.
var onPanic atomic.Pointer[func(any)]

// replaceHandlers takes over what client-go does with errors and panics, once
// per process. The default error handler keeps the time of the last error from
// process start and sleeps when errors come close together: a bubble starts in
// the year 2000, so it would sleep for decades of virtual time. Recovered
// panics are reported instead of thrown again, so that one seed's panic does
// not end the sweep.
var replaceHandlers = sync.OnceFunc(func() {
	utilruntime.ErrorHandlers = []utilruntime.ErrorHandler{
		func(context.Context, error, string, ...any) {},
	}
	utilruntime.ReallyCrash = false
	utilruntime.PanicHandlers = []func(context.Context, any){
		func(_ context.Context, r any) {
			if report := onPanic.Load(); report != nil {
				(*report)(r)
			}
		},
	}
	klog.SetLogger(logr.Discard())
	ctrllog.SetLogger(logr.Discard())
})
