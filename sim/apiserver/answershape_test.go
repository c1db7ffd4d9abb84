package apiserver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// What a real kube-apiserver 1.37.1 answers to requests that no recorded case
// makes: these tests send one request each and look at how the answer is made.

func TestWatchWithNegativeTimeout(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	w.create("a")
	watch := w.do(0, "GET", widgetsPath+"?watch=1&resourceVersion=0&timeoutSeconds=-1", "")
	assert.Equal(t, 200, watch.code)
	assert.Empty(t, watch.events())
	assert.True(t, watch.closed)
}
