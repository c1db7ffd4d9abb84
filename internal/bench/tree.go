package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A tree is a checkout of the module, and a folder for its test binaries.
type tree struct{ name, dir, scratch string }

// A pkg is a package with benchmarks; dir is relative to the tree.
type pkg struct{ path, dir string }

// build returns the package's test binary.
func (t tree) build(ctx context.Context, p pkg) (string, error) {
	file := filepath.Join(t.scratch, strings.ReplaceAll(p.dir, string(filepath.Separator), "_")+".test")
	if err := os.MkdirAll(t.scratch, 0o755); err != nil {
		return "", fmt.Errorf("making a folder for test binaries: %w", err)
	}
	c := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-o", file, ".")
	c.Dir = filepath.Join(t.dir, p.dir)
	if output, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the benchmarks of %s at %s: %w\n%s", p.path, t.name, err, output)
	}
	return file, nil
}

// checkOut puts another commit beside this one. The second result takes it away.
func checkOut(ctx context.Context, commit, dir string) (string, func(), error) {
	if output, err := exec.CommandContext(ctx, "git", "worktree", "add", "--detach", dir, commit).CombinedOutput(); err != nil {
		return "", nil, &usageError{fmt.Sprintf("-base %s: %s", commit, bytes.TrimSpace(output))}
	}
	return dir, func() {
		_ = exec.Command("git", "worktree", "remove", "--force", dir).Run()
	}, nil
}

// packagesWithBenchmarks are those of this tree, in the order of the go command, and
// at its end that of the module which compares with a real server.
func packagesWithBenchmarks(ctx context.Context, real bool) ([]pkg, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("finding the module: %w", err)
	}
	c := exec.CommandContext(ctx, "go", "list", "-json=ImportPath,Dir,TestGoFiles,XTestGoFiles,Module", "./...")
	c.Stderr = os.Stderr
	output, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("listing packages: %w", err)
	}
	var packages []pkg
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var listed struct {
			ImportPath, Dir           string
			TestGoFiles, XTestGoFiles []string
			Module                    struct{ Path string }
		}
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("listing packages: %w", err)
		}
		dir, err := filepath.Rel(root, listed.Dir)
		if err != nil {
			return nil, fmt.Errorf("listing packages: %w", err)
		}
		for _, file := range append(listed.TestGoFiles, listed.XTestGoFiles...) {
			text, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				return nil, fmt.Errorf("looking for benchmarks: %w", err)
			}
			if bytes.Contains(text, []byte("\nfunc Benchmark")) {
				packages = append(packages, pkg{strings.TrimPrefix(listed.ImportPath, listed.Module.Path+"/"), dir})
				break
			}
		}
	}
	if real {
		packages = append(packages, pkg{"differential", "differential"})
	}
	return packages, nil
}
