package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/results"
)

// Goal: an aimed sweep that was killed goes on as one over seeds does: nothing is
// lost, nothing is made twice, and it is the same sweep or none. Method: a subject
// that some of the plans break; shards in processes of their own, one killed half
// way, beside a sweep that nobody disturbs.

const brokenByAim = "historical/create-read-error"

// ended are the exit codes of a sweep that came to its end.
var ended = []int{exitPass, exitViolated}

// linesOf are the lines of a results folder, in their order, without what depends
// on the folder.
func linesOf(t *testing.T, dir string) []results.Entry {
	t.Helper()
	_, entries, err := results.Read(dir)
	require.NoError(t, err)
	for i := range entries {
		entries[i].Artifact, entries[i].Replay, entries[i].New = "", "", nil
	}
	return entries
}

func TestAKilledAimedSweepGoesOn(t *testing.T) {
	for _, source := range [][]string{{calmDay}, {"--seeds", "1-4", "--limit", "6"}} {
		t.Run(source[0], func(t *testing.T) {
			dir := t.TempDir()
			aimed := append([]string{"sweep", "--mode", "error-every-read", "--subject", brokenByAim, "--workers", "1"}, source...)
			with := func(more ...string) []string { return append(append([]string{}, aimed...), more...) }
			var want, got [][]results.Entry
			for _, shard := range []string{"0/2", "1/2"} {
				code, _, message := seatrial(t, with("--out", filepath.Join(dir, "whole"), "--shard", shard)...)
				require.Contains(t, ended, code, message)
			}
			shards := filepath.Join(dir, "shards")
			var running []*exec.Cmd
			for _, shard := range []string{"0/2", "1/2"} {
				running = append(running, program(t, with("--resume", shards, "--shard", shard)...))
			}
			waitForRuns(t, filepath.Join(shards, "shard-1-of-2"), 3)
			require.NoError(t, running[1].Process.Signal(syscall.SIGKILL))
			for _, c := range running {
				c.Wait() // how it ended is in the journals
			}
			killed := linesOf(t, filepath.Join(shards, "shard-1-of-2"))
			_, table, _ := seatrial(t, "summarize", shards)
			assert.Contains(t, table, "not ended: 1 aimed sweep; go on with seatrial sweep --resume FOLDER")

			code, _, message := seatrial(t, "sweep", "--resume", filepath.Join(shards, "shard-1-of-2"))
			require.Contains(t, ended, code, message)
			for _, shard := range []string{"shard-0-of-2", "shard-1-of-2"} {
				want = append(want, linesOf(t, filepath.Join(dir, "whole", shard)))
				got = append(got, linesOf(t, filepath.Join(shards, shard)))
			}
			require.Less(t, len(killed), len(want[1]), "it was killed before its end")
			assert.Equal(t, want, got)
			_, table, _ = seatrial(t, "summarize", shards)
			assert.NotContains(t, table, "not ended")
			assert.NotContains(t, table, "more than once")
		})
	}
}

func TestGoingOnWithAnotherAimedSweepIsRefused(t *testing.T) {
	dir := t.TempDir()
	content, err := os.ReadFile(calmDay)
	require.NoError(t, err)
	file, out := filepath.Join(dir, "day.yaml"), filepath.Join(dir, "out")
	require.NoError(t, os.WriteFile(file, content, 0o644))
	code, _, message := seatrial(t, "sweep", "--mode", "error-every-read", file, "--max-failures", "1", "--out", out, "--subject", brokenByAim)
	require.Equal(t, exitViolated, code, message)
	before := linesOf(t, out)

	refused := func(want string, args ...string) {
		t.Helper()
		code, stdout, message := seatrial(t, append([]string{"sweep"}, args...)...)
		assert.Equal(t, exitUsage, code)
		assert.Contains(t, message, want)
		assert.Empty(t, stdout, "nothing was run")
		assert.Equal(t, before, linesOf(t, out))
	}
	refused("it holds a sweep of day.yaml", "--mode", "error-every-read", file, "--out", out, "--subject", brokenByAim)
	refused("at most 7 each", "--resume", out, "--limit", "7")
	refused("this is one of seeds 1-3, aimed: error-every-read", "--mode", "error-every-read", "--seeds", "1-3", "--resume", out)
	refused("this is one of seeds 1-3, of globalingressip", "--seeds", "1-3", "--resume", out)
	refused("of globalingressip", "--resume", out, "--subject", "globalingressip")
	refused("exclude each other", "--mode", "error-every-read", "--seeds", "1-3", file, "--resume", out)

	require.NoError(t, os.WriteFile(file, append(content, "# another\n"...), 0o644))
	refused("this is one of day.yaml", "--resume", out)
	moved := filepath.Join(dir, "elsewhere.yaml")
	require.NoError(t, os.WriteFile(moved, content, 0o644))
	require.NoError(t, os.Remove(file))
	refused("cannot be found from here", "--resume", out)

	code, _, message = seatrial(t, "sweep", "--resume", out, moved)
	require.Equal(t, exitViolated, code, message)
	assert.Greater(t, len(linesOf(t, out)), len(before), "a file that has moved is the same file")
}
