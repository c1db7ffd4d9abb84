package wholefile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/wholefile"
)

// Goal: a file is there whole or as it was, and nothing else is left.
//
// Method: write over a file, then where a folder stands, and look at what is there.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "verdict.json")
	for _, text := range []string{"first", "second"} {
		require.NoError(t, wholefile.Write(path, []byte(text), 0o640))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, text, string(got))
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())

	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	require.Error(t, wholefile.Write(filepath.Join(dir, "folder"), nil, 0o644), "a folder is not written over")
	require.ErrorIs(t, wholefile.Write(filepath.Join(dir, "nowhere", "file"), nil, 0o644), os.ErrNotExist)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 2, "no temporary file")
}
