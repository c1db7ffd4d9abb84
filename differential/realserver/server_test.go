package realserver

import (
	"context"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// With binaries at hand, a started server answers with its version and is gone
// after Stop. Without, building them takes too long for a test.
func TestStartAndStop(t *testing.T) {
	dir := os.Getenv(BinariesEnv)
	if dir == "" {
		t.Skipf("%s names no folder of binaries", BinariesEnv)
	}
	dir, err := Binaries(context.Background(), io.Discard, Etcd, APIServer)
	require.NoError(t, err)
	s, err := Start(context.Background(), Options{Binaries: dir})
	require.NoError(t, err)
	r, err := http.NewRequest(http.MethodGet, s.URL+"/version", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+Token)
	resp, err := s.Transport.RoundTrip(r)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Contains(t, string(body), Version)
	require.NoError(t, s.Stop())
	_, err = s.Transport.RoundTrip(r)
	assert.Error(t, err, "nobody listens any more")
	assert.NoDirExists(t, s.dir)
}

// A server that cannot start says why and leaves nothing behind.
func TestStartFails(t *testing.T) {
	_, err := Start(context.Background(), Options{Binaries: t.TempDir()})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "etcd")
}

func TestLinkerFlags(t *testing.T) {
	assert.Contains(t, linkerFlags(), "gitMajor=1 ")
	assert.Contains(t, linkerFlags(), "gitMinor=37 ")
}
