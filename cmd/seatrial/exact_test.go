package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/exact"
)

// Goal: exact mode from the command line: what cannot be used is refused with
// advice, and what the native mode cannot repeat is handed over. Method: small
// modules built for the test, and a scenario whose runs all differ natively.

const contended = "../../internal/sweep/testdata/contended.yaml"

// module builds a program of this or another folder for wasip1.
func module(t *testing.T, folder string, more ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), filepath.Base(folder)+".wasm")
	c := exec.CommandContext(t.Context(), "go", append(append([]string{"build"}, more...), "-o", file, folder)...)
	c.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return file
}

func TestAModuleThatCannotBeUsedIsRefused(t *testing.T) {
	older := module(t, "./testdata/older", "-buildmode=c-shared")
	command := module(t, "../../internal/exact/testdata/chancy")
	text := filepath.Join(t.TempDir(), "text.wasm")
	require.NoError(t, os.WriteFile(text, []byte("text"), 0o644))
	program, err := os.Executable() // as good as any
	require.NoError(t, err)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"of another version", older, []string{"older.wasm was built from another version of seatrial", "protocol 0", `"x-exp-pcg/older/1"`,
			"use the seatrial of that version, or leave out --module to build the module anew"}},
		{"of another program", command, []string{"chancy.wasm is not a module of exact mode", "build one with seatrial replay --exact"}},
		{"no module at all", text, []string{"text.wasm", "not a WebAssembly module"}},
		{"another native program", program, []string{"is not a program of exact mode: build one with seatrial replay --exact --engine fork"}},
		{"missing", text + "x", []string{"--module", "text.wasmx", "no such file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, args := range [][]string{{"replay", "--seed", "1"}, {"sweep", "--seeds", "1-2"}, {"run", calmDay}} {
				code, out, message := seatrial(t, append(args, "--exact", "--module", c.file)...)
				assert.Equal(t, exitUsage, code, "%s: %s%s", args[0], out, message)
				for _, want := range c.want {
					assert.Contains(t, message, want, args[0])
				}
			}
		})
	}
}

// needExact skips the test where exact mode has never been built, which takes
// minutes. `make test` has built it before.
func needExact(t *testing.T, kind string) {
	t.Helper()
	cache, err := exact.CacheDir()
	require.NoError(t, err)
	if !(exact.Builder{Cache: cache, Kind: kind}).Built(t.Context()) {
		t.Skip("the modules of exact mode have never been built here: make modules")
	}
}

// replayOnly replays the one artifact of a results folder and returns it.
func replayOnly(t *testing.T, dir string) string {
	t.Helper()
	artifacts, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, artifacts, 1)
	code, out, message := seatrial(t, "replay", artifacts[0])
	assert.Equal(t, exitViolated, code, message)
	assert.Contains(t, out, "reproduced: same verdict, same events")
	return artifacts[0]
}

func TestAForkingProgramIsChosenAndRemembered(t *testing.T) {
	if err := exact.CanFork(); err != nil {
		t.Skip(err)
	}
	needExact(t, exact.Fork)
	failing := []string{"run", incident, "--subject", "historical/3336", "--exact", "--engine", "fork"}
	code, out, message := seatrial(t, failing...)
	require.Equal(t, exitViolated, code, "%s%s", out, message)
	assert.Contains(t, out, "--seed 0 --exact --engine fork")
	dir := filepath.Join(t.TempDir(), "out")
	code, out, message = seatrial(t, append(failing, "--out", dir)...)
	require.Equal(t, exitViolated, code, "%s%s", out, message)
	kept := replayOnly(t, dir)

	code, _, message = seatrial(t, "replay", kept, "--engine", "wasm")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "an artifact has a schedule and an engine of its own")
	code, _, message = seatrial(t, "replay", "--seed", "1", "--exact", "--engine", "spoon")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, `--engine: want wasm or fork, got "spoon"`)
	code, _, message = seatrial(t, "replay", "--seed", "1", "--engine", "fork")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "--engine goes with --exact")
	program, err := os.Executable()
	require.NoError(t, err)
	code, _, message = seatrial(t, "exec", program)
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "a test, with the flags that seatrial exec --build-flags --engine fork prints")
}

func TestAFailureThatDependsOnSchedulingIsHandedOver(t *testing.T) {
	needExact(t, exact.Wasm)
	plan, err := os.ReadFile(contended)
	require.NoError(t, err)
	// Ten workers start at once, and whichever asks first is told a lie.
	file := filepath.Join(t.TempDir(), "contended.yaml")
	require.NoError(t, os.WriteFile(file, append(plan,
		"- {id: look-up-fails, kind: service-unavailable, verbs: [get], resources: [services], from: 22s, until: 26s, limit: 1}\n"...), 0o644))

	// Which it is natively is a matter of chance, and so whether three runs differ.
	const handedOver = `seed 1: no-free-while-exported, but natively the same run in only \d of 3: it depends on in-process scheduling`
	var out string
	for range 5 {
		var message string
		var code int
		code, out, message = seatrial(t, "run", file, "--seed", "1", "--subject", "historical/3336")
		require.Equal(t, exitViolated, code, "%s%s", out, message)
		if regexp.MustCompile(handedOver).MatchString(out) {
			break
		}
	}
	assert.Regexp(t, handedOver, out)
	found := regexp.MustCompile(`exact mode shows it in the \d+\. interleaving tried, the same run in 3 of 3: (.*)`).FindStringSubmatch(out)
	require.NotNil(t, found, out)

	dir := filepath.Join(t.TempDir(), "out")
	again := strings.Fields(found[1])[2:] // without "seatrial replay", which keeps nothing
	code, out, message := seatrial(t, append(append([]string{"run"}, again...), "--out", dir)...)
	assert.Equal(t, exitViolated, code, message)
	assert.Contains(t, out, "violated no-free-while-exported in contended, seed 1 (reproduced 3/3)")

	kept := replayOnly(t, dir)
	older := module(t, "./testdata/older", "-buildmode=c-shared")
	_, digest, err := exact.Load(older)
	require.NoError(t, err)
	code, _, message = seatrial(t, "replay", kept, "--module", older)
	assert.Equal(t, exitUsage, code)
	assert.Regexp(t, `the artifact was made with module sha256:\w+, and \S+older.wasm is `+digest+`: give the right one with --module FILE`, message)
}
