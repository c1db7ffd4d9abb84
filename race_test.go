//go:build race && !wasip1

package seatrial_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal and method are those of check_test.go; this one needs a test binary that was built
// with -race, which takes minutes: make race RACE=.
func TestADataRaceCostsAWorker(t *testing.T) {
	c := newChecks(t)
	said, passed := c.run("races", "^TestTried$", "-seatrial.seeds=1-2", "-seatrial.shrink=0")
	require.False(t, passed, said)
	assert.Contains(t, said, "crash: TestTried violated no-panic")
	assert.Contains(t, said, "a data race, at which the race detector ends the process")
	assert.Contains(t, said, "seatrial_test.races", "where it is")
	assert.Contains(t, said, "2 run, 2 failed", "the search goes on")
	said, passed = c.run("passes", "^TestTried$", "-seatrial.seeds=1-2")
	assert.True(t, passed, said)
}
