package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: open gives the report of an artifact to the system's own opener, by a name that
// any program finds, and says what to do when there is none or it fails.
//
// Method: a program of that name, first in PATH, that notes what it is asked for.
func TestOpenCallsTheSystemsOpener(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("NOT RUN: the opener of Windows is not found by PATH")
	}
	dir := t.TempDir()
	folder := filepath.Join(dir, "it's <b>, a failure")
	require.NoError(t, os.Mkdir(folder, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, pageOf), nil, 0o644))
	t.Chdir(dir)
	noted := filepath.Join(dir, "noted")
	opens := func(script string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, opener(runtime.GOOS)[0]), []byte("#!/bin/sh\n"+script), 0o755))
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("NOTED", noted)

	opens(`printf %s "$*" >"$NOTED"`)
	code, out, message := seatrial(t, "open", filepath.Base(folder))
	assert.Equal(t, exitPass, code, message)
	assert.Empty(t, out)
	got, err := os.ReadFile(noted)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(folder, pageOf), string(got))

	opens("exit 3")
	code, _, message = seatrial(t, "open", folder)
	assert.Equal(t, exitInconclusive, code)
	assert.Contains(t, message, "no browser could be opened (exit status 3): open "+filepath.Join(folder, pageOf))

	t.Setenv("PATH", t.TempDir())
	code, _, message = seatrial(t, "open", folder)
	assert.Equal(t, exitInconclusive, code)
	assert.Contains(t, message, "executable file not found")

	code, _, message = seatrial(t, "open", dir)
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "is no artifact")
}
