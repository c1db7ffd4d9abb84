package sim

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

// OnHang is called, outside the bubble, when a run made no progress for
// Config.Watchdog of real time: a goroutine of the subject blocks on something
// that is not of the bubble, so virtual time cannot pass. The bubble cannot be
// ended from outside; the function must end the process. stacks begins with the
// goroutines to blame, with advice, and then has all of them. A worker process
// replaces it with one that reports the seed first.
var OnHang = func(seed Seed, stacks []byte) {
	fmt.Fprintf(os.Stderr, "seatrial: seed %d hangs: a goroutine blocks virtual time\n%s\n", seed, stacks)
	os.Exit(3)
}

// watch starts the watchdog, the only user of the wall clock. The returned
// function stops it.
func watch(seed Seed, patience time.Duration, progress *atomic.Uint64) (stop func()) {
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(patience)
		defer ticker.Stop()
		last := progress.Load()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			current := progress.Load()
			if current == last {
				OnHang(seed, describeHang(stacks()))
			}
			last = current
		}
	}()
	return func() { close(done) }
}

func stacks() []byte {
	buffer := make([]byte, 4<<20)
	return buffer[:runtime.Stack(buffer, true)]
}
