package exact_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/exact"
	"github.com/seatrial/seatrial/sim"
)

// Goal: what a program does in an engine depends on its seed and nothing else,
// and every source of chance does depend on it. Method: a small program that
// prints what chance decides, built with the flags that the docs give to users.

// build makes a module of testdata/chancy.
func build(t *testing.T) string {
	t.Helper()
	return buildFrom(t, "./testdata/chancy")
}

func buildFrom(t *testing.T, folder string, more ...string) string {
	t.Helper()
	return buildKind(t, exact.Wasm, folder, more...)
}

// buildKind makes a module of either kind. It builds as [exact.Builder.Build] does, so
// that the standard library is compiled once for both.
func buildKind(t *testing.T, kind, folder string, more ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "module."+kind)
	cache, err := exact.CacheDir()
	require.NoError(t, err)
	flags, err := exact.Builder{Cache: cache, Kind: kind}.Flags(t.Context(), folder)
	require.NoError(t, err)
	arguments := slices.Concat([]string{"build", "-trimpath"}, flags, more, []string{"-o", file, folder})
	command := exec.CommandContext(t.Context(), "go", arguments...)
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if kind == exact.Fork {
		command.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	}
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return file
}

func open(t *testing.T, file, cache string) exact.Engine {
	return openBy(t, func(ctx context.Context, module []byte, cache string) (exact.Engine, error) {
		return exact.Open(ctx, module, cache, exact.Start{})
	}, file, cache)
}

func openCommand(t *testing.T, file, cache string) exact.Engine {
	return openBy(t, exact.OpenCommand, file, cache)
}

func openBy(t *testing.T, by func(context.Context, []byte, string) (exact.Engine, error), file, cache string) exact.Engine {
	t.Helper()
	module, _, err := exact.Load(file)
	require.NoError(t, err)
	engine, err := by(t.Context(), module, cache)
	require.NoError(t, err)
	t.Cleanup(func() { engine.Close(t.Context()) })
	return engine
}

// lines runs a seed and returns what was printed, by its first word.
func lines(t *testing.T, engine exact.Engine, seed sim.Seed) map[string]string {
	t.Helper()
	out, err := engine.Run(t.Context(), exact.Input{Seed: seed})
	require.NoError(t, err)
	require.Zero(t, out.ExitCode, "%s", out.Stderr)
	got := make(map[string]string)
	for line := range strings.Lines(string(out.Stdout)) {
		word, rest, _ := strings.Cut(line, " ")
		got[word] = rest
	}
	require.Len(t, got, 5)
	return got
}

func TestTheSeedDecidesEverything(t *testing.T) {
	t.Run(exact.Wasm, func(t *testing.T) { testSeed(t, build(t)) })
	t.Run(exact.Fork, func(t *testing.T) {
		if err := exact.CanFork(); err != nil {
			t.Skip(err)
		}
		file := buildKind(t, exact.Fork, "./testdata/chancy")
		testSeed(t, file)
		testTrouble(t, openCommand(t, file, t.TempDir()), trouble{"kill", 2, "the program was ended by signal 9"})
	})
}

func testSeed(t *testing.T, file string) {
	engine := openCommand(t, file, t.TempDir())
	seen := make(map[string]map[string]bool)
	for seed := range sim.Seed(12) {
		first := lines(t, engine, seed)
		assert.Equal(t, first, lines(t, engine, seed), "seed %d", seed)
		for word, rest := range first {
			if seen[word] == nil {
				seen[word] = make(map[string]bool)
			}
			seen[word][rest] = true
		}
	}
	for _, word := range []string{"map", "select", "race"} {
		assert.Greater(t, len(seen[word]), 3, "seeds make a difference to %s", word)
	}
	for rest := range seen["time"] {
		assert.Contains(t, rest, "2000-01-01", "the clock is not the machine's")
		assert.Contains(t, rest, "1h0m0", "sleeping takes no time")
	}

	other := openCommand(t, file, t.TempDir())
	assert.Equal(t, lines(t, engine, 5), lines(t, other, 5), "another engine, another cache, the same run")
}

// trouble is an argument with which the program ends badly.
type trouble struct {
	argument string
	code     uint32
	message  string
}

func TestAProgramsEndIsReported(t *testing.T) {
	engine := openCommand(t, build(t), t.TempDir())
	testTrouble(t, engine, trouble{"dial", 1, "dial tcp 192.0.2.1:80"}) // a module has no network
}

func testTrouble(t *testing.T, engine exact.Engine, more ...trouble) {
	for _, c := range append(more, trouble{"exit", 7, ""}, trouble{"panic", 2, "panic: nobody recovers this"}) {
		out, err := engine.Run(t.Context(), exact.Input{Args: []string{c.argument}})
		require.NoError(t, err)
		assert.Equal(t, c.code, out.ExitCode, c.argument)
		assert.Contains(t, string(out.Stdout)+string(out.Stderr), c.message)
	}
	assert.NotEmpty(t, lines(t, engine, 1), "what went wrong before does not matter")
}

func TestAReactorBeginsEachRunAsItWasWhenWarm(t *testing.T) {
	t.Run(exact.Wasm, func(t *testing.T) {
		testReactor(t, buildFrom(t, "./testdata/warm", "-buildmode=c-shared"))
	})
	t.Run(exact.Fork, func(t *testing.T) {
		if err := exact.CanFork(); err != nil {
			t.Skip(err)
		}
		file := buildKind(t, exact.Fork, "./testdata/warm")
		testReactor(t, file)
		testEnds(t, file)
	})
}

// testEnds ends the host's interest in a run that would never end.
func testEnds(t *testing.T, program string) {
	cache := t.TempDir()
	engine := open(t, program, cache)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := engine.Run(ctx, exact.Input{Stdin: []byte("spin\n")})
	assert.ErrorContains(t, err, "the program of exact mode is gone")
	assert.Eventually(t, func() bool {
		processes, err := filepath.Glob("/proc/[0-9]*/exe")
		require.NoError(t, err)
		return !slices.ContainsFunc(processes, func(exe string) bool {
			target, _ := os.Readlink(exe)
			return strings.HasPrefix(target, cache)
		})
	}, time.Minute, 10*time.Millisecond, "neither the program nor its run is left")
}

func testReactor(t *testing.T, file string) {
	cache := t.TempDir()
	engine := open(t, file, cache)
	assert.Equal(t, "warm\n", string(engine.Greeting()))
	for _, c := range []struct {
		word    string
		code    uint32
		message string
	}{
		{"one", 0, "1 1 99 one\n"}, {"memory", 0, "1 1 99 memory\n"}, {"two", 0, "1 1 99 two\n"},
		{"panic", 2, "panic: nobody recovers this"}, {"exit", 9, ""}, {"two", 0, "1 1 99 two\n"},
	} {
		out, err := engine.Run(t.Context(), exact.Input{Stdin: []byte(c.word + "\n")})
		require.NoError(t, err)
		assert.Equal(t, c.code, out.ExitCode, "%s: %s", c.word, out.Stderr)
		assert.Contains(t, string(out.Stdout)+string(out.Stderr), c.message)
	}

	machine := exact.Input{Stdin: []byte("machine\n")}
	told, err := engine.Run(t.Context(), machine)
	require.NoError(t, err)
	t.Setenv("HOME", t.TempDir())
	t.Chdir(t.TempDir())
	other, err := open(t, file, cache).Run(t.Context(), machine)
	require.NoError(t, err)
	assert.Contains(t, string(told.Stdout), "2000-01-01", "the clock is not the machine's")
	assert.Equal(t, string(told.Stdout), string(other.Stdout), "the machine, its clock and its chance, tells nothing")
}

// What package wasm rewrites does what it did before: the same as natively.
func TestAProgramComputesWhatItComputesNatively(t *testing.T) {
	native := exec.CommandContext(t.Context(), "go", "run", "./testdata/shapes")
	want, err := native.Output()
	require.NoError(t, err)
	engine := open(t, buildFrom(t, "./testdata/shapes"), t.TempDir())
	for seed := range sim.Seed(5) { // each another rate of preemption
		out, err := engine.Run(t.Context(), exact.Input{Seed: seed})
		require.NoError(t, err)
		assert.Zero(t, out.ExitCode, "%s", out.Stderr)
		assert.Equal(t, string(want), string(out.Stdout))
	}

	out, err := engine.Run(t.Context(), exact.Input{Args: []string{"panic"}})
	require.NoError(t, err)
	assert.EqualValues(t, 2, out.ExitCode)
	assert.Contains(t, string(out.Stderr), "nil pointer dereference")
	assert.Contains(t, string(out.Stderr), "testdata/shapes/main.go:35")
}

func TestADamagedCacheIsMadeAgain(t *testing.T) {
	file, cache := build(t), t.TempDir()
	before := lines(t, open(t, file, cache), 3)
	damaged := 0
	require.NoError(t, filepath.WalkDir(cache, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		damaged++
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		data[len(data)/2] ^= 0xff
		return os.WriteFile(path, data, 0o600)
	}))
	require.Positive(t, damaged)
	assert.Equal(t, before, lines(t, open(t, file, cache), 3))
}

func TestWhatIsNoModuleIsRefused(t *testing.T) {
	module, _, err := exact.Load(build(t))
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"empty": nil, "text": []byte("#!/bin/sh\n"), "cut off": module[:len(module)/2], "header only": module[:8],
	} {
		_, err := exact.Open(t.Context(), content, t.TempDir(), exact.Start{})
		assert.ErrorContains(t, err, "not a WebAssembly module", name)
	}
	file := filepath.Join(t.TempDir(), "text.wasm")
	require.NoError(t, os.WriteFile(file, []byte("text"), 0o644))
	_, _, err = exact.Compile(t.Context(), file, t.TempDir(), io.Discard)
	assert.ErrorContains(t, err, "text.wasm: not a WebAssembly module")
}
