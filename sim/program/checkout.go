package program

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// ModuleIn is the path that the go.mod of a folder gives its module; empty: the folder
// is no module's.
func ModuleIn(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return ""
	}
	return modfile.ModulePath(text)
}

// FindModule looks for the folder of a module, known by its path, in the checkouts that
// the given folders are in: above each of them, and then below the topmost folder above
// it that has a go.mod, a go.work or a .git. A file that names a module so can be run in
// any checkout. Empty: it is in none.
func FindModule(path string, near ...string) string {
	for _, dir := range near {
		top := ""
		for _, above := range upwards(dir) {
			if ModuleIn(above) == path {
				return above
			}
			if isTop(above) {
				top = above
			}
		}
		if found := moduleBelow(top, path); found != "" {
			return found
		}
	}
	return ""
}

// FindFile looks for a file by its relative name, in the given folders and above each of
// them. Empty: it is in none.
func FindFile(name string, near ...string) string {
	for _, dir := range near {
		for _, above := range upwards(dir) {
			file := filepath.Join(above, name)
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
				return file
			}
		}
	}
	return ""
}

// upwards lists a folder and those above it.
func upwards(dir string) []string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil
	}
	all := []string{dir}
	for above := filepath.Dir(dir); above != dir; above = filepath.Dir(dir) {
		dir = above
		all = append(all, dir)
	}
	return all
}

// isTop says whether a folder may be that of a whole checkout.
func isTop(dir string) bool {
	for _, name := range []string{"go.mod", "go.work", ".git"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

func moduleBelow(top, path string) (found string) {
	if top == "" {
		return ""
	}
	err := filepath.WalkDir(top, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil, !e.IsDir():
			return nil // what cannot be read is looked past
		case name != top && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules" || e.Name() == "vendor"):
			return fs.SkipDir
		case ModuleIn(name) == path:
			found = name
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return ""
	}
	return found
}
