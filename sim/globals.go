package sim

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/binary"
	"io"
	"math/rand"
	"sync"
	"sync/atomic"

	"github.com/go-logr/logr"
	utilrand "k8s.io/apimachinery/pkg/util/rand"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

// Controllers draw from process-wide sources: client-go jitters with the
// global math/rand, apimachinery has a source of its own for name suffixes,
// uuids come from crypto/rand. seedGlobals seeds all three and returns what
// puts crypto/rand back. It panics when the global source cannot be seeded,
// because then no run of the program can be replayed.
func seedGlobals(seed Seed) (restore func()) {
	s := int64(hashOf(seed, "math/rand") >> 1)
	rand.Seed(s)
	first := rand.Int63()
	rand.Seed(s)
	if rand.Int63() != first {
		panic("sim: the global math/rand source cannot be seeded; add the line `godebug randseednop=0` to go.mod, or set GODEBUG=randseednop=0")
	}
	rand.Seed(s)
	utilrand.Seed(int64(hashOf(seed, "apimachinery") >> 1))

	previous := cryptorand.Reader
	cryptorand.Reader = &lockedReader{source: Stream(seed, "crypto/rand")}
	return func() { cryptorand.Reader = previous }
}

type lockedReader struct {
	mu     sync.Mutex
	source *Rand
}

// Read implements [io.Reader]; it never fails.
func (r *lockedReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := 0; i < len(p); i += 8 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], r.source.Uint64())
		copy(p[i:], word[:])
	}
	return len(p), nil
}

var _ io.Reader = (*lockedReader)(nil)

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
})
