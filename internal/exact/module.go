package exact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seatrial/seatrial/internal/overlay"
)

// Load reads a module and names it by its content.
func Load(file string) (module []byte, digest string, err error) {
	module, err = os.ReadFile(file)
	if err != nil {
		return nil, "", fmt.Errorf("reading the module of exact mode: %w", err)
	}
	return module, digestOf(module), nil
}

func digestOf(module []byte) string {
	sum := sha256.Sum256(module)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// The go command leaves a file alone whose beginning says that it is up to
// date. So that a file damaged further on is built again, its digest is noted
// beside it.

// keep copies what was built to a place named by its content, so that another
// build cannot replace it while it is in use.
func keep(built, cache string) (string, error) {
	module, digest, err := Load(built)
	if err != nil {
		return "", err
	}
	// Noted in any case: two checkouts may have built the same module.
	if err := overlay.WriteFile(built+".digest", []byte(digest+"\n"), 0o644); err != nil {
		return "", err
	}
	return store(module, digest, cache)
}

// store makes sure that the cache holds a module, whole, and returns its file.
func store(module []byte, digest, cache string) (string, error) {
	name, mode := "module.wasm", fs.FileMode(0o644)
	if KindOf(module) == Fork {
		name, mode = "program", 0o755
	}
	file := filepath.Join(moduleDir(cache, digest), name)
	if there, err := os.ReadFile(file); err == nil && bytes.Equal(there, module) {
		return file, nil
	}
	return file, errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), overlay.WriteFile(file, module, mode))
}

func discardDamaged(file string) error {
	noted, err := os.ReadFile(file + ".digest")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the cache: %w", err)
	}
	if module, err := os.ReadFile(file); err == nil && digestOf(module) == strings.TrimSpace(string(noted)) {
		return nil
	}
	if err := os.RemoveAll(file); err != nil {
		return fmt.Errorf("clearing the cache: %w", err)
	}
	return nil
}
