package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/differential/generate"
	"github.com/seatrial/seatrial/sim/apiserver/corpus"
)

// TestFound replays every difference that a fuzz run once found against the
// simulated server. Each file holds what a real kube-apiserver answered, so a
// case passes once its bug is fixed, and stays here so that it stays fixed.
func TestFound(t *testing.T) {
	dir := os.Getenv("FOUND")
	if dir == "" {
		dir = "testdata/found"
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	setup, err := generate.Setup()
	require.NoError(t, err)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c, err := corpus.Load(file)
			require.NoError(t, err)
			j := &judge{setup: setup}
			got, err := j.simulate(context.Background(), c, "replay-1")
			require.NoError(t, err)
			for i, s := range c.Steps {
				assert.Empty(t, corpus.Diff(s.Expect, got[i]), "step %s", s.ID)
			}
		})
	}
}
