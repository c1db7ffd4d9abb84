package testbinary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
)

// Package is a Go package and what of it can be put to sea.
type Package struct {
	ImportPath string
	Dir        string
	Tests      []Test   // all of them, in the order of files and lines
	Files      []string // scenario files below testdata, relative to Dir, in the order of names
}

// Test is a test function.
type Test struct {
	Name  string
	File  string // relative to the package's folder
	Line  int
	Trial bool // it reaches a call of seatrial.Check or seatrial.CheckEveryCall
}

// Trials are the tests that hold one.
func (p *Package) Trials() []Test {
	var trials []Test
	for _, t := range p.Tests {
		if t.Trial {
			trials = append(trials, t)
		}
	}
	return trials
}

// List reads the packages that the go command means by the patterns, such as ./...,
// in its order. Errors are the go command's, in its words, and those of a test file
// that is no Go.
func List(ctx context.Context, patterns ...string) ([]Package, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"list", "-json=ImportPath,Dir,TestGoFiles,XTestGoFiles", "--"}, patterns...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("listing packages: %s", says(err, stderr.Bytes()))
	}
	var packages []Package
	for lines := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath, Dir           string
			TestGoFiles, XTestGoFiles []string
		}
		if err := lines.Decode(&listed); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading what go list says: %w", err)
		}
		p := Package{ImportPath: listed.ImportPath, Dir: listed.Dir}
		// A package and its external tests are two, each with functions of its own.
		for _, files := range [][]string{listed.TestGoFiles, listed.XTestGoFiles} {
			tests, err := testsIn(p.Dir, files)
			if err != nil {
				return nil, err
			}
			p.Tests = append(p.Tests, tests...)
		}
		if p.Files, err = scenarioFiles(filepath.Join(p.Dir, "testdata"), p.Dir); err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
	return packages, nil
}

// says is the go command's message in one line, without the names of packages that
// it prints above.
func says(err error, stderr []byte) string {
	var lines []string
	for line := range strings.Lines(string(stderr)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "go: downloading") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return err.Error()
	}
	const most = 5
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("and %d more lines", len(lines)-most))
	}
	return strings.Join(lines, "; ")
}
