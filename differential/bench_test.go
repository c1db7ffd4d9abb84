package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/differential/realserver"
	"github.com/seatrial/seatrial/differential/simulated"
)

// BenchmarkServer is the cost of one request, for the same loop of create, get,
// update and delete of a Service over plain HTTP: at the simulated server, and
// at a real kube-apiserver with etcd on loopback.
func BenchmarkServer(b *testing.B) {
	b.Run("simulated", func(b *testing.B) {
		s, err := simulated.New(1)
		require.NoError(b, err)
		loop(b, s, "http://simulated", "")
	})
	b.Run("real", func(b *testing.B) {
		binaries, err := realserver.Binaries(b.Context(), io.Discard, realserver.Etcd, realserver.APIServer)
		require.NoError(b, err)
		s, err := realserver.Start(b.Context(), realserver.Options{Binaries: binaries})
		require.NoError(b, err)
		defer s.Stop()
		loop(b, s.Transport, s.URL, realserver.Token)
	})
}

func loop(b *testing.B, server http.RoundTripper, base, token string) {
	services := base + "/api/v1/namespaces/default/services"
	do := func(method, url, body string) string {
		r, err := http.NewRequestWithContext(b.Context(), method, url, strings.NewReader(body))
		require.NoError(b, err)
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := server.RoundTrip(r)
		require.NoError(b, err)
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		require.NoError(b, err)
		require.Less(b, response.StatusCode, 300, string(answer))
		return string(answer)
	}
	b.ResetTimer()
	for i := 0; i < b.N; i += 4 {
		name := fmt.Sprintf("s%d", i)
		do("POST", services, `{"apiVersion":"v1","kind":"Service","metadata":{"name":"`+name+`"},"spec":{"ports":[{"port":80}]}}`)
		object := do("GET", services+"/"+name, "")
		do("PUT", services+"/"+name, strings.Replace(object, `"port":80`, `"port":81`, 1))
		do("DELETE", services+"/"+name, "")
	}
}
