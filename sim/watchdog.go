package sim

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

// exitOnHang is what Config.OnHang is by default.
func exitOnHang(seed Seed, stacks []byte) {
	fmt.Fprintf(os.Stderr, "seatrial: seed %d hangs: a goroutine blocks virtual time\n%s\n", seed, stacks)
	os.Exit(3)
}

// watch starts the watchdog, the only user of the wall clock. The returned
// function stops it.
func watch(config Config, progress *atomic.Uint64) (stop func()) {
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(config.Watchdog)
		defer ticker.Stop()
		last := progress.Load()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			select {
			case <-done: // both at once
				return
			default:
			}
			current := progress.Load()
			if current == last {
				config.OnHang(config.Seed, describeHang(stacks()))
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
