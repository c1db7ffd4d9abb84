package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/exact/host"
	"github.com/seatrial/seatrial/internal/realcluster"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/version"
)

// Goal: the command line keeps its contract: exit codes, what --json prints,
// where messages go, that bad input leaves nothing behind. Method: run commands
// in process; this test binary is its own worker.

func TestMain(m *testing.M) {
	realcluster.ServeIfSubject(registry())
	sweep.ServeIfWorker(registry(), host.Engine{}, realcluster.Engine{})
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// asProgram makes this test binary the program, for tests that kill it.
const asProgram = "SEATRIAL_AS_PROGRAM"

const (
	incident = "../../scenarios/globalingressip/library/incident-3336.yaml"
	calmDay  = "../../scenarios/globalingressip/library/calm-day.yaml"
)

// seatrial runs a command and returns its exit code, standard output and error message.
func seatrial(t *testing.T, args ...string) (code int, out, message string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := root()
	c.SetArgs(goStyle(args))
	c.SetOut(&stdout)
	c.SetErr(&stderr)
	err := c.ExecuteContext(t.Context())
	if err != nil {
		message = err.Error()
	}
	return exitCode(err), stdout.String(), message
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
	}{
		{"passed", []string{"run", calmDay}, 0},
		{"violated", []string{"run", incident, "--subject", "historical/3336"}, 1},
		{"one of two violated", []string{"run", calmDay, incident, "--subject", "historical/3336"}, 1},
		{"a seed that passes", []string{"replay", "--seed", "1"}, 0},
		{"subjects", []string{"subjects"}, 0},
		{"version", []string{"version"}, 0},
		{"no such command", []string{"sail"}, 2},
		{"no file", []string{"run"}, 2},
		{"unknown flag", []string{"run", calmDay, "--fast"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, message := seatrial(t, c.args...)
			assert.Equal(t, c.code, code, "%s\n%s", out, message)
		})
	}
}

func TestJSONIsOneObjectPerSeedAndNothingElse(t *testing.T) {
	code, out, _ := seatrial(t, "run", incident, calmDay, "--seeds", "3-4", "--subject", "historical/3336", "--json")
	assert.Equal(t, 1, code)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	require.Len(t, lines, 4)
	var seeds []float64
	for _, text := range lines {
		var object map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &object), text)
		keys := make(map[string]bool)
		for key := range object {
			keys[key] = true
		}
		delete(keys, "signature") // of a failure
		delete(keys, "unfired")
		for _, ofFailure := range []string{"message", "culprit", "why"} {
			assert.Equal(t, object["verdict"] != "pass", keys[ofFailure], "%s: %s", ofFailure, text)
			delete(keys, ofFailure)
		}
		assert.Equal(t, map[string]bool{"seed": true, "scenario": true, "subject": true, "verdict": true, "property": true,
			"hash": true, "requests": true, "virtual_seconds": true, "reproduced": true}, keys)
		seeds = append(seeds, object["seed"].(float64))
	}
	assert.Equal(t, []float64{3, 4, 3, 4}, seeds)
	var failed line
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &failed))
	assert.Equal(t, "no-free-while-exported", failed.Property)
	assert.Equal(t, "3/3", failed.Reproduced)
	assert.Equal(t, 240.0, failed.VirtualSeconds)
}

// full is standard output on a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestOutcomesThatCannotBePrintedAreAnError(t *testing.T) {
	for _, args := range [][]string{{"run", calmDay}, {"run", calmDay, "--json"}, {"sweep", "--seeds", "1"}} {
		c := root()
		c.SetArgs(args)
		c.SetOut(full{})
		c.SetErr(io.Discard)
		err := c.ExecuteContext(t.Context())
		assert.ErrorIs(t, err, syscall.ENOSPC, "%v", args)
		assert.Equal(t, exitUsage, exitCode(err), "%v", args)
	}
}

func TestAFailureEndsWithVerdictAndReplayCommand(t *testing.T) {
	_, out, _ := seatrial(t, "run", incident, "--subject", "historical/3336")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.GreaterOrEqual(t, len(lines), 2)
	assert.Equal(t, "safety: historical/3336 violated no-free-while-exported in incident-3336, seed 0 (reproduced 3/3)", lines[len(lines)-2])
	command := strings.Fields(lines[len(lines)-1])
	assert.Equal(t, os.Args[0], command[0])
	code, again, _ := seatrial(t, command[1:]...)
	assert.Equal(t, 1, code, "the printed command shows the failure again")
	assert.Contains(t, again, lines[len(lines)-2])
}

func TestAnArtifactReplays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	code, out, _ := seatrial(t, "run", incident, "--subject", "historical/3336", "--out", dir)
	require.Equal(t, 1, code)
	folders, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, folders, 1)
	assert.Contains(t, out, "replay "+folders[0])
	for _, name := range []string{"plan.yaml", "verdict.json", "trace.jsonl", "controller.log", "README.md", "report.html"} {
		assert.FileExists(t, filepath.Join(folders[0], name))
	}

	code, out, _ = seatrial(t, "replay", folders[0])
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "reproduced: same verdict, same events")

	t.Run("its plan reproduces it alone", func(t *testing.T) {
		code, out, _ := seatrial(t, "run", filepath.Join(folders[0], "plan.yaml"), "--subject", "historical/3336", "--json")
		assert.Equal(t, 1, code)
		var got line
		require.NoError(t, json.Unmarshal([]byte(out), &got))
		verdict, err := os.ReadFile(filepath.Join(folders[0], "verdict.json"))
		require.NoError(t, err)
		assert.Contains(t, string(verdict), got.Hash)
	})
	t.Run("an event that differs is shown", func(t *testing.T) {
		trace := filepath.Join(folders[0], "trace.jsonl")
		data, err := os.ReadFile(trace)
		require.NoError(t, err)
		changed := bytes.Replace(data, []byte(`"code":503`), []byte(`"code":500`), 1)
		require.NoError(t, os.WriteFile(trace, changed, 0o644))
		code, _, message := seatrial(t, "replay", folders[0])
		assert.Equal(t, exitUsage, code)
		assert.Contains(t, message, "trace.jsonl is not what was written: it is damaged, truncated or changed")

		verdict := filepath.Join(folders[0], "verdict.json")
		text, err := os.ReadFile(verdict)
		require.NoError(t, err)
		text = bytes.Replace(text, []byte(`"hash": "`), []byte(`"hash": "0`), 1)
		text = bytes.Replace(text, fmt.Appendf(nil, "%x", sha256.Sum256(data)), fmt.Appendf(nil, "%x", sha256.Sum256(changed)), 1)
		require.NoError(t, os.WriteFile(verdict, text, 0o644))
		code, out, message = seatrial(t, "replay", folders[0])
		assert.Equal(t, exitInconclusive, code)
		assert.Contains(t, out, "first difference:")
		assert.Contains(t, message, "not reproduced")
	})
	t.Run("another version is an error that names both", func(t *testing.T) {
		verdict := filepath.Join(folders[0], "verdict.json")
		text, err := os.ReadFile(verdict)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(verdict, bytes.Replace(text, []byte(`"version": "`), []byte(`"version": "v0.0.1-`), 1), 0o644))
		for _, command := range [][]string{{"replay"}, {"shrink", "-o", os.DevNull}, {"report", "-o", os.DevNull}} {
			code, _, message := seatrial(t, append(command, folders[0])...)
			assert.Equal(t, exitUsage, code)
			assert.Contains(t, message, "made with seatrial v0.0.1-"+version.String()+" and this is "+version.String()+": use that one, or --any-version")
		}
		code, _, message := seatrial(t, "replay", folders[0], "--any-version")
		assert.Equal(t, exitInconclusive, code)
		assert.Contains(t, message, "not reproduced", "it is tried all the same")
		require.NoError(t, os.WriteFile(verdict, text, 0o644))
	})
	t.Run("another generator is an error that names both", func(t *testing.T) {
		verdict := filepath.Join(folders[0], "verdict.json")
		data, err := os.ReadFile(verdict)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(verdict, bytes.Replace(data, []byte(`"generator": "`), []byte(`"generator": "older-`), 1), 0o644))
		code, _, message := seatrial(t, "replay", folders[0])
		assert.Equal(t, exitUsage, code)
		assert.Regexp(t, `"older-([^"]+)" .* "swarm/.*--any-version`, message)
		code, _, message = seatrial(t, "replay", folders[0], "--any-version")
		assert.Equal(t, exitInconclusive, code)
		assert.Contains(t, message, "not reproduced", "it is tried all the same")
	})
	t.Run("a damaged one is an error", func(t *testing.T) {
		require.NoError(t, os.WriteFile(filepath.Join(folders[0], "verdict.json"), []byte("{"), 0o644))
		code, _, message := seatrial(t, "replay", folders[0])
		assert.Equal(t, 2, code)
		assert.Contains(t, message, "verdict.json is damaged")
	})
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("apiVersion: seatrial.dev/v1alpha1\nkind: Scenario\nname: bad\nfaults:\n- {kind: latency, verbs: [gett], from: -3s}\n"), 0o644))
	file := filepath.Join(dir, "a-file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"malformed scenario", []string{"run", bad}, []string{"bad.yaml:5:", "faults[0].verbs[0]", `"gett"`, "want", "faults[0].from"}},
		{"a good one before a bad one", []string{"run", calmDay, bad}, []string{"bad.yaml:5:"}},
		{"missing file", []string{"run", filepath.Join(dir, "none.yaml")}, []string{"none.yaml"}},
		{"unknown subject", []string{"run", calmDay, "--subject", "nobody"}, []string{`"nobody"`, "seatrial subjects"}},
		{"range backwards", []string{"sweep", "--seeds", "9-3"}, []string{`"9-3"`, "ends before it begins"}},
		{"range of words", []string{"sweep", "--seeds", "a-b"}, []string{`"a-b"`, "want A-B"}},
		{"range too large", []string{"sweep", "--seeds", "1-99999999999999999999"}, []string{"--seeds"}},
		{"negative", []string{"sweep", "--seeds=-4"}, []string{"--seeds"}},
		{"no range", []string{"sweep"}, []string{"seeds"}},
		{"no workers", []string{"sweep", "--seeds", "1-2", "--workers", "0"}, []string{"--workers 0", "at least 1"}},
		{"shard out of range", []string{"sweep", "--seeds", "1-2", "--shard", "4/4"}, []string{`"4/4"`, "0 <= I < N"}},
		{"output folder is a file", []string{"run", calmDay, "--out", file}, []string{"output folder"}},
		{"nothing to replay", []string{"replay"}, []string{"--seed N"}},
		{"replay of nothing", []string{"replay", filepath.Join(dir, "gone")}, []string{"gone"}},
		{"replay of an empty folder", []string{"replay", dir}, []string{"verdict.json"}},
		{"server on the network", []string{"apiserver", "--listen", "0.0.0.0:0"}, []string{"loopback"}},
		{"server on nothing", []string{"apiserver", "--listen", "here"}, []string{"want 127.0.0.1:PORT"}},
		{"no replicas", []string{"apiserver", "--replicas", "0"}, []string{"--replicas 0"}},
		{"a CRD that is none", []string{"apiserver", "--crd", calmDay}, []string{"calm-day.yaml"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(dir, "out")
			args := c.args
			if args[0] == "run" && !strings.Contains(c.name, "output folder") {
				args = append(args, "--out", out)
			}
			code, stdout, message := seatrial(t, args...)
			assert.Equal(t, 2, code)
			assert.Empty(t, stdout, "nothing was run")
			assert.NoDirExists(t, out, "nothing is left behind")
			for _, part := range c.want {
				assert.Contains(t, message, part)
			}
		})
	}
}
