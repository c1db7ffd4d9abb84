package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What the go command prints for benchmarks is read, with further figures and
// without those of memory; all else is left alone.
func TestParse(t *testing.T) {
	assert.Equal(t, []result{
		{name: "BenchmarkCall", n: 4000, seconds: 94e-6},
		{name: "BenchmarkSweep/workers=2", n: 3, seconds: 0.25, other: "48.5 seeds/s"},
	}, parse(`goos: linux
BenchmarkCall 	    4000	     94000 ns/op	   26000 B/op	     310 allocs/op
BenchmarkSweep/workers=2 	       3	 250000000 ns/op	        48.5 seeds/s
BenchmarkBroken --- FAIL: 2 3 4
PASS
`))
}

func TestSamples(t *testing.T) {
	assert.InDelta(t, 2.0, samples{3, 1, 2}.median(), 0)
	assert.InDelta(t, 2.5, samples{4, 1, 2, 3}.median(), 0)
	assert.Equal(t, "2.50 (1.00 to 4.00)", samples{4, 1, 2, 3}.String())
	assert.Empty(t, samples{}.String())
}

func TestDuration(t *testing.T) {
	for want, seconds := range map[string]float64{"1.5 s": 1.5, "36.2 ms": 0.0362, "94 µs": 94e-6, "5 ns": 5e-9, "0 ns": -1} {
		assert.Equal(t, want, duration(seconds))
	}
}
