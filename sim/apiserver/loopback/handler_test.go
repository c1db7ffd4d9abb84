package loopback_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
	"github.com/seatrial/seatrial/sim/apiserver/loopback"
)

// TestHandler talks to the server over a real socket: the bearer token, a
// watch that is streamed while it lasts and cleaned up when the client leaves,
// and the one path outside Kubernetes.
func TestHandler(t *testing.T) {
	host, err := loopback.New(apiserver.Config{Kinds: registry.New(kinds.Options{}), Replicas: 2})
	require.NoError(t, err)
	server := httptest.NewServer(host.Handler(2, loopback.Options{Token: "secret", Compact: true}))
	defer server.Close()
	do := func(ctx context.Context, method, path, token, body string) *http.Response {
		req, err := http.NewRequestWithContext(ctx, method, server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		return resp
	}
	read := func(resp *http.Response) string {
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(b)
	}

	refused := do(t.Context(), "GET", "/api/v1/namespaces", "wrong", "")
	assert.Equal(t, http.StatusUnauthorized, refused.StatusCode)
	assert.Contains(t, read(refused), `"reason":"Unauthorized"`)
	assert.Equal(t, "no-cache, private", refused.Header.Get("Cache-Control"))
	assert.Len(t, refused.Header.Get("Audit-Id"), 36)
	assert.NotContains(t, refused.Header, "Www-Authenticate")
	lower, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/version", nil)
	require.NoError(t, err)
	lower.Header.Set("Authorization", "bearer secret")
	accepted, err := http.DefaultClient.Do(lower)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, accepted.StatusCode, read(accepted))

	ctx, leave := context.WithCancel(t.Context())
	watch := do(ctx, "GET", "/api/v1/namespaces/default/configmaps?watch=1", "secret", "")
	require.Equal(t, http.StatusOK, watch.StatusCode)
	created := do(t.Context(), "POST", "/api/v1/namespaces/default/configmaps", "secret", `{"metadata":{"name":"a"}}`)
	assert.Equal(t, http.StatusCreated, created.StatusCode, read(created))
	line, err := bufio.NewReader(watch.Body).ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, line, `"type":"ADDED"`)
	leave()
	watch.Body.Close()

	compacted := do(t.Context(), "POST", "/seatrial/compact", "secret", "")
	assert.Contains(t, read(compacted), "compacted up to revision")
	assert.Equal(t, http.StatusNotFound, do(t.Context(), "GET", "/nowhere", "secret", "").StatusCode)
	tooBig := do(t.Context(), "POST", "/api/v1/namespaces/default/configmaps", "secret", `{"data":{"k":"`+strings.Repeat("x", 4<<20)+`"}}`)
	assert.Equal(t, http.StatusRequestEntityTooLarge, tooBig.StatusCode)
}
