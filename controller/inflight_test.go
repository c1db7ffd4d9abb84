package controller

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// An incarnation ends after what was begun, and nothing begins after its end:
// sync.WaitGroup alone panics when something does while somebody waits.
func TestNothingBeginsOnceAnIncarnationEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f inFlight
		assert.True(t, f.begin())

		drained := false
		go func() {
			f.drain()
			drained = true
		}()
		time.Sleep(time.Second)
		assert.False(t, drained, "one is still at work")
		assert.False(t, f.begin(), "too late")

		f.end()
		synctest.Wait()
		assert.True(t, drained)
		assert.False(t, f.begin(), "for good")
	})
}
