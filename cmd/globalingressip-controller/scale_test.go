// What it takes to allocate for many Services, and to restart with them, in
// calls and in virtual time, in which a call takes two milliseconds:
//
//	go test ./cmd/globalingressip-controller -run TestScale -v -services 10000
package main

import (
	"flag"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/controller"
)

const sixteen = "242.0.0.0/16"

// writesEach is what an allocation takes: GlobalIngressIP, claim, internal Service,
// its address, status. The fourth is apart from the third because a creation that
// arrives late could put to use what has become another's.
const writesEach = 5

var services = flag.Int("services", 300, "how many Services TestScale exports")

func TestScale(t *testing.T) {
	count := *services

	sail(t, func(v *voyage) {
		wide := func(o *controller.Options) {
			o.CIDRs, o.Workers = []netip.Prefix{netip.MustParsePrefix(sixteen)}, 4
		}
		for i := range count {
			v.export(fmt.Sprintf("s%05d", i))
		}

		kill := v.start(wide)
		virtual := waitFor(v, count)
		writes := len(v.takeWrites())
		t.Logf("%d Services: allocated after %s of virtual time, %s each, %d writes", count, virtual, virtual/time.Duration(count), writes)
		assert.Equal(t, writesEach*count, writes)

		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		t.Logf("heap in use, API server and law included: %d MiB", memory.HeapInuse>>20)
		kill()

		kill = v.start(wide)
		time.Sleep(time.Minute)
		assert.Empty(t, v.takeWrites(), "a restart with everything in order writes nothing")

		v.export("last")
		began := time.Now()
		waitFor(v, count+1)
		t.Logf("one more after a restart: %s", time.Since(began))
		kill()
	})
}

func waitFor(v *voyage, count int) time.Duration {
	began := time.Now()

	for {
		published := 0

		for _, address := range v.law.published {
			if address != "" {
				published++
			}
		}

		if published == count {
			require.Empty(v, v.law.broken)

			return time.Since(began)
		}

		require.Less(v, time.Since(began), time.Hour)
		time.Sleep(10 * time.Millisecond)
	}
}
