package testflags

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Folder is where a test keeps what failed before: testdata/seatrial/ and its
// name.
func Folder(t *testing.T) string {
	return filepath.Join("testdata", "seatrial", strings.ReplaceAll(t.Name(), "/", "-"))
}

// Save keeps what failed, under a temporary name until it is whole.
func Save(folder, name string, text []byte) (path string, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	path = filepath.Join(folder, name)
	if err := os.WriteFile(path+".writing", text, 0o644); err != nil {
		return "", err
	}
	return path, os.Rename(path+".writing", path)
}
