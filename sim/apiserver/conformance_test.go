package apiserver_test

import (
	"context"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/corpus"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
	"github.com/seatrial/seatrial/sim/apiserver/loopback"
)

// TestConformance replays what a real kube-apiserver 1.37.1 answered: every
// recorded request must get the recorded answer. Each case has a server and a
// bubble of its own, so waits cost nothing.
func TestConformance(t *testing.T) {
	cases, err := corpus.LoadAll(filepath.Join("testdata", "conformance"))
	require.NoError(t, err)
	var setup *corpus.Case
	for _, c := range cases {
		if c.Name == "setup" {
			setup = c
		}
	}
	require.NotNil(t, setup)
	for _, c := range cases {
		if c == setup {
			continue
		}
		t.Run(strings.ReplaceAll(c.Name, "/", "-"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { replay(t, setup, c) })
		})
	}
}

func replay(t *testing.T, setup, c *corpus.Case) {
	host, err := loopback.New(apiserver.Config{
		Seed: 1,
		Kinds: registry.New(kinds.Options{
			ServiceCIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")},
		}),
		WatchList:           true,
		ManagedFields:       true,
		ServiceIPAddresses:  true,
		GarbageCollector:    true,
		NamespaceController: true,
	})
	require.NoError(t, err)
	target := &corpus.Target{
		Transport: host.Transport(0),
		Base:      "http://apiserver",
		Steady:    true,
		// As the recorder called itself: it names the field manager.
		Headers: map[string]string{"Accept": "application/json", "User-Agent": "corpus/v1"},
		Compact: func(context.Context) error {
			host.Do(func(s *apiserver.Server) { s.Compact(s.Revision()) })
			return nil
		},
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	answers, err := corpus.Run(ctx, target, setup, "setup")
	require.NoError(t, err)
	for i, got := range answers {
		require.Equal(t, setup.Steps[i].Expect.Status, got.Status, "setup step %s", setup.Steps[i].ID)
	}
	answers, err = corpus.Run(ctx, target, c, "t1-000")
	require.NoError(t, err)
	for i, got := range answers {
		for _, d := range corpus.Diff(c.Steps[i].Expect, got) {
			t.Errorf("%s: %s", c.Steps[i].ID, d)
		}
	}
}
