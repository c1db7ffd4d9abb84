package exact

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: a Go release whose standard library is another is refused, since a
// program that looks at the machine's clock would run and not be exact. Method:
// this release's files, and then each of them with something else in it.
func TestAChangeThatDoesNotFitIsRefused(t *testing.T) {
	forking, library := Builder{Kind: Fork}, t.TempDir()
	root, err := forking.ask(t.Context(), "GOROOT")
	require.NoError(t, err)
	for _, c := range changes {
		content, err := os.ReadFile(filepath.Join(root, "src", c.file))
		require.NoError(t, err)
		file := filepath.Join(library, c.file)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, content, 0o644))
	}
	files, err := forking.overlay(library)
	require.NoError(t, err)
	for _, c := range changes {
		assert.Contains(t, string(files[c.file]), c.is, "all changes of a file are made")
	}

	for _, c := range changes {
		file := filepath.Join(library, c.file)
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, other := range []string{"package other\n", string(content) + "// " + c.was} {
			require.NoError(t, os.WriteFile(file, []byte(other), 0o644))
			_, err := forking.overlay(library)
			assert.ErrorContains(t, err, c.file+" of this Go release does not have")
			assert.ErrorContains(t, err, "--engine wasm")
		}
		require.NoError(t, os.WriteFile(file, content, 0o644))
	}
	require.NoError(t, os.Remove(filepath.Join(library, changes[0].file)))
	_, err = forking.overlay(library)
	assert.ErrorContains(t, err, "reading the standard library")
}
