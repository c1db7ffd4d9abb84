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
		{"no folder", "build: {module: nowhere}", 2, "is no folder (want the folder of a go.mod, or MODULE@VERSION", "relative to the file"},
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

// A sweep's results are an artifact that needs the file no more, and a smaller plan
// that is a file of its own.
func TestWhatProgramsDidCanBeReplayed(t *testing.T) {
	file, dir := siteFile(t, "build: "+small+"\n  args: [exits]"), t.TempDir()
	code, out, message := seatrial(t, "sweep", file, "--seeds", "1-2", "--workers", "1", "--out", dir)
	require.Equal(t, exitCrash, code, out+message)
	found, err := filepath.Glob(filepath.Join(dir, "site-*-seed-1"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.NoError(t, os.Rename(file, file+".moved"))

	code, out, message = seatrial(t, "replay", found[0])
	assert.Equal(t, exitCrash, code, message)
	assert.Contains(t, out, "reproduced: same verdict, same events")

	smallest := filepath.Join(t.TempDir(), "min.yaml")
	code, out, message = seatrial(t, "shrink", found[0], "-o", smallest, "--workers", "1")
	require.Equal(t, exitPass, code, out+message)
	code, out, _ = seatrial(t, "run", smallest)
	assert.Equal(t, exitCrash, code, out)
	assert.Contains(t, out, "exit status 3: leaving")
}
