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

func TestTooLargeRevisionWithoutCache(t *testing.T) {
	w := newWorld(t, apiserver.Config{DisableWatchCache: true})
	for _, path := range []string{"?resourceVersion=999999", "?resourceVersion=999999&resourceVersionMatch=Exact", "/a?resourceVersion=999999"} {
		r := w.do(0, "GET", widgetsPath+path, "")
		assert.Equal(t, 504, r.code, path)
		assert.Contains(t, string(r.body), "Too large resource version", path)
		assert.NotContains(t, r.header, "Retry-After", path)
		assert.NotContains(t, string(r.body), "retryAfterSeconds", path)
	}
}
