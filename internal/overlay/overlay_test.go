package overlay_test

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/overlay"
)

// goroot is the toolchain's that runs the tests.
func goroot(t *testing.T) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(root))
}

// Goal: a Go release whose standard library is another is refused, since a
// program that looks at the machine's clock would run and not be exact. Method:
// this release's files, and then each of them with something else in it.
func TestAChangeThatDoesNotFitIsRefused(t *testing.T) {
	library := t.TempDir()
	native := overlay.Overlay{Changes: append(overlay.SingleThread(), overlay.LazySeeding()...), Removed: overlay.WithoutClock(), Otherwise: "do something else"}
	for _, c := range native.Changes {
		content, err := os.ReadFile(filepath.Join(goroot(t), "src", c.File))
		require.NoError(t, err)
		file := filepath.Join(library, c.File)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, content, 0o644))
	}
	files, err := native.Files(library)
	require.NoError(t, err)
	for _, c := range native.Changes {
		assert.Contains(t, string(files[c.File]), c.Is, "all changes of a file are made")
	}

	for _, c := range native.Changes {
		file := filepath.Join(library, c.File)
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, other := range []string{"package other\n", string(content) + "// " + c.Was} {
			require.NoError(t, os.WriteFile(file, []byte(other), 0o644))
			_, err := native.Files(library)
			var mismatch *overlay.MismatchError
			require.ErrorAs(t, err, &mismatch)
			assert.Equal(t, c.File, mismatch.File)
			assert.ErrorContains(t, err, c.File+" of this Go release does not have")
			assert.ErrorContains(t, err, "do something else")
		}
		require.NoError(t, os.WriteFile(file, content, 0o644))
	}
	require.NoError(t, os.Remove(filepath.Join(library, native.Changes[0].File)))
	_, err = native.Files(library)
	assert.ErrorContains(t, err, "reading the standard library")
}

// What is written is a file for -overlay that names every file of the overlay, and
// a second time nothing is touched.
func TestWriteLeavesEqualFilesAlone(t *testing.T) {
	dir := t.TempDir()
	o := overlay.Overlay{Added: overlay.Preemption(), Removed: overlay.WithoutClock()}
	file, err := o.Write(goroot(t), dir)
	require.NoError(t, err)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, name := range append(o.Removed, "runtime/seatrial_preempt.go") {
		assert.Contains(t, string(text), filepath.Join("src", name))
	}
	before, err := os.Stat(file)
	require.NoError(t, err)
	_, err = o.Write(goroot(t), dir)
	require.NoError(t, err)
	after, err := os.Stat(file)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after), "a file is replaced only by another content")
}

// Goal: a source that fills its table late draws what it would have drawn. Method: a
// program built with the changes, beside this one, which is built without: sources of
// many seeds, new and seeded again, with and without a draw in between.
func TestLazySeedingDrawsTheSame(t *testing.T) {
	dir := t.TempDir()
	o := overlay.Overlay{Changes: overlay.LazySeeding()}
	file, err := o.Write(goroot(t), dir)
	require.NoError(t, err)
	program := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(program, []byte(`package main

import "math/rand"

func main() {
	for seed := int64(-3); seed < 200; seed++ {
		s := rand.New(rand.NewSource(seed))
		println(s.Uint64(), s.Int63())
		s.Seed(seed + 1)
		s.Seed(seed + 7)
		println(s.Uint64(), s.Perm(700)[3])
	}
}
`), 0o600))
	command := exec.Command("go", "run", "-overlay="+file, program)
	command.Dir = dir
	got, err := command.CombinedOutput()
	require.NoError(t, err, string(got))

	var want strings.Builder
	for seed := int64(-3); seed < 200; seed++ {
		s := rand.New(rand.NewSource(seed))
		fmt.Fprintln(&want, s.Uint64(), s.Int63())
		s.Seed(seed + 1)
		s.Seed(seed + 7)
		fmt.Fprintln(&want, s.Uint64(), s.Perm(700)[3])
	}
	assert.Equal(t, want.String(), string(got))
}
