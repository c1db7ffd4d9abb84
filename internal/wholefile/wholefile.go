// Package wholefile writes files that others may be reading, or that a stopped program
// leaves behind.
package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes a file whole or not at all: under a temporary name in the same folder,
// which a file system renames in one step. Of several that write at the same time, one
// wins. The error is one of package os, and then the file is as it was.
func Write(path string, data []byte, mode fs.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".writing-")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // there only if something goes wrong
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Chmod(mode), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
