//go:build !unix

package results

import "os"

// lock locks nothing where the system has no flock.
func lock(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
}

// InUse cannot be told where the system has no flock: no sweep is seen.
func InUse(string) bool { return false }
