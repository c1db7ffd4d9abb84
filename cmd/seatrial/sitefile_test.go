//go:build linux && amd64

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: a file that names its programs needs nothing else, and every way of getting it
// wrong ends in one clear text: an error with its place and exit code 2 before anything
// runs, or a verdict of what the program did. Method: small programs of the standard
// library, through the command line.

const (
	small = "{module: %[1]s, package: ./sim/program/testdata/small}"
	bad   = "{module: %[1]s/sim/program/testdata/bad, package: ./%[2]s}"
)

// siteFile writes a file with one process, p.
func siteFile(t *testing.T, process string) string {
	t.Helper()
	house, err := filepath.Abs("../..")
	require.NoError(t, err)
	process = strings.ReplaceAll(process, "%[1]s", house)
	file := filepath.Join(t.TempDir(), "site.yaml")
	text := fmt.Sprintf("apiVersion: seatrial.dev/v1alpha1\nkind: Scenario\nname: site\nprocesses:\n- name: p\n  %s\nsettle: 3m\nobjects:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n", process)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	return file
}

func TestFilesThatBringPrograms(t *testing.T) {
	for _, c := range []struct {
		name, process string
		code          int
		want          string // in what is printed, or in the error
		explanation   string
	}{
		{"lives on", "build: " + small + "\n  args: [ends-by-signal]", 0, "subject site", "a program that does nothing breaks no law"},
		{"exits", "build: " + small + "\n  args: [exits]", 3, "no-exit: p: exit: the process ended by itself: exit status 3: leaving", "an exit is a verdict"},
		{"may exit", "build: " + small + "\n  args: [exits]\n  exits: [3]", 0, "", "unless the file finds it ordinary"},
		{"panics", "build: " + small + "\n  args: [panics-astray]", 3, "no-panic", "in any goroutine"},
		{"no main", "build: " + strings.ReplaceAll(bad, "%[2]s", "library"), 2, "site.yaml:6:10: process p: example.com/bad/library is package library, no program", "a library cannot be run"},
		{"does not build", "build: " + strings.ReplaceAll(bad, "%[2]s", "broken"), 2, "broken/main.go:4:15: undefined: undefined", "the compiler says why"},
		{"needs cgo", "build: {module: '%[1]s/sim/program/testdata/badcgo'}", 2, "the program needs cgo", "which package, and what would do"},
		{"no folder", "build: {module: nowhere}", 2, `module "nowhere" is no folder (want the folder of a go.mod; the path of a module`, "relative to the file"},
		{"not built for the sea", "program: /bin/sh", 2, "site.yaml:6:12: process p: /bin/sh is no program", "seatrial build makes one"},
		{"two sources", "build: {}\n  program: x", 2, "site.yaml:7:12: processes[0].program: given together with build (want one of the two)", "one decides"},
		{"no source", "args: [a]", 2, "processes[0]: nothing says where the program comes from (want build, or program)", "there is no default"},
		{"reserved", "program: x\n  env: {GODEBUG: a}", 2, "processes[0].env: GODEBUG decides how the program runs in virtual time", "before anything is built"},
		{"misspelt", "build: {modul: x}", 2, "did you mean module?", "as for any field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, message := seatrial(t, "run", siteFile(t, c.process))
			assert.Equal(t, c.code, code, "%s: %s%s", c.explanation, out, message)
			assert.Contains(t, out+message, c.want, c.explanation)
			if code == exitUsage {
				assert.Equal(t, 1, strings.Count(message, "site.yaml:"), "told once: %s", message)
			}
		})
	}
}

// checkout makes a folder like one of version control, with a program in a module of its
// own and a scenario file in another folder, and returns it and the file's name in it.
func checkout(t *testing.T) (dir, file string) {
	t.Helper()
	main, err := os.ReadFile("../../sim/program/testdata/small/main.go")
	require.NoError(t, err)
	dir, file = filepath.Join(t.TempDir(), "here"), filepath.Join("config", "site.yaml")
	for name, text := range map[string]string{
		".git/HEAD": "", "operator/go.mod": "module example.com/operator\n\ngo 1.26\n", "operator/cmd/small/main.go": string(main),
		"config/a.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
		file: "apiVersion: seatrial.dev/v1alpha1\nkind: Scenario\nname: site\nsettle: 3m\nobjects: [a.yaml]\n" +
			"processes: [{name: p, build: {module: ../operator, package: ./cmd/small}, args: [exits]}]\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir, file
}

// A sweep's results are an artifact that can be replayed in another checkout, on another
// machine, and a smaller plan that is a file of its own. A sweep goes on where it ended,
// unless its file or its programs have changed.
func TestWhatProgramsDidCanBeReplayedElsewhere(t *testing.T) {
	dir, file := checkout(t)
	t.Chdir(dir)
	code, out, message := seatrial(t, "sweep", file, "--seeds", "1-2", "--workers", "1", "--out", "failures")
	require.Equal(t, exitCrash, code, out+message)
	code, again, message := seatrial(t, "sweep", "--resume", "failures")
	require.Equal(t, exitCrash, code, again+message)
	assert.Contains(t, again, "2 seeds: 0 pass, 2 crash")

	artifact := filepath.Join("failures", "site-seed-1")
	plan, err := os.ReadFile(filepath.Join(artifact, "plan.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(plan), "build: {module: example.com/operator, package: ./cmd/small}")
	assert.NotContains(t, string(plan), dir)

	moved := filepath.Join(filepath.Dir(dir), "there")
	require.NoError(t, os.Rename(dir, moved))
	t.Chdir(moved)
	code, out, message = seatrial(t, "replay", artifact)
	assert.Equal(t, exitCrash, code, message)
	assert.Contains(t, out, "reproduced: same verdict, same events")

	code, out, message = seatrial(t, "shrink", artifact, "-o", "min.yaml", "--workers", "1")
	require.Equal(t, exitPass, code, out+message)
	code, out, _ = seatrial(t, "run", "min.yaml")
	assert.Equal(t, exitCrash, code, out)
	assert.Contains(t, out, "exit status 3: leaving")

	require.NoError(t, os.WriteFile(file, append([]byte("except: [like-twin]\n"), fileOf(t, file)...), 0o644))
	code, _, message = seatrial(t, "sweep", file, "--resume", "failures")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "of site in site.yaml (")
}

func fileOf(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return text
}

// What is for functions alone says so of a file that names programs.
func TestWhatIsNotForProgramsSaysSo(t *testing.T) {
	file := siteFile(t, "build: "+small+"\n  args: [exits]")
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"sweep", file, "--seeds", "1", "--exact"}, "is for functions: the programs of " + file + " are the same run bit for bit without it"},
		{[]string{"doctor", file}, "doctor is for functions"},
		{[]string{"sweep", file, "--seeds", "1", "--baseline", "globalingressip"}, `--baseline: "globalingressip" is no scenario file`},
	} {
		code, out, message := seatrial(t, c.arguments...)
		assert.Equal(t, exitUsage, code, out)
		assert.Contains(t, message, c.want)
	}
}
