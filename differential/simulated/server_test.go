package simulated

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func send(t *testing.T, s *Server, method, path, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(method, "http://simulated"+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	resp, err := s.RoundTrip(r)
	require.NoError(t, err)
	return resp
}

// A read of a resourceVersion that does not exist yet takes three seconds of
// the server's time and none of ours.
func TestWaitingTakesNoTime(t *testing.T) {
	s, err := New(1)
	require.NoError(t, err)
	before, began := s.clock.Now(), time.Now()
	resp := send(t, s, "GET", "/api/v1/configmaps?resourceVersion=999999", "")
	assert.Equal(t, http.StatusGatewayTimeout, resp.StatusCode)
	assert.GreaterOrEqual(t, s.clock.Now().Sub(before), 3*time.Second)
	assert.Less(t, time.Since(began), 2*time.Second)
}

// After Settle a reader has seen every event of the writes before it.
func TestSettle(t *testing.T) {
	s, err := New(1)
	require.NoError(t, err)
	watch := send(t, s, "GET", "/api/v1/namespaces/default/configmaps?watch=1", "")
	require.Equal(t, http.StatusOK, watch.StatusCode)
	var seen strings.Builder
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 16)
		for {
			n, err := watch.Body.Read(buf)
			seen.Write(buf[:n])
			if err == io.EOF {
				watch.Body.Close()
				return
			}
		}
	}()
	created := send(t, s, "POST", "/api/v1/namespaces/default/configmaps", `{"metadata":{"name":"a"}}`)
	require.Equal(t, http.StatusCreated, created.StatusCode)
	s.Settle()
	assert.Contains(t, seen.String(), `"type":"ADDED"`)
	require.NoError(t, watch.Body.Close())
	<-done
}
