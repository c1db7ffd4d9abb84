package seatrial

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/program"
)

// A Binary is a controller's own program, as a process of a trial: where it comes
// from and how it is run. See docs/use/any-binary.md for what programs can do.
type Binary struct {
	Source  program.Source
	Options program.Options
	place   string // in a file
}

// Program is a process that is a program of its own, main included: the package of
// its main, as the go command takes it in the folder of the test, and its arguments.
// It is called after the last part of pkg. More is said in its Binary: a module of
// its own, or one of the module proxy, environment, files, probes.
//
// It is built when the trial is checked, or found built, which takes a second.
// linux/amd64 only.
func Program(pkg string, args ...string) Process {
	name := path.Base(filepath.ToSlash(pkg))
	if name == "." || name == ".." || name == "/" {
		name = "controller"
	}
	return Process{Name: name, Binary: &Binary{Source: program.Source{Package: pkg}, Options: program.Options{Args: args}}}
}

// Digest names the content of the program, which it builds if need be.
func (b *Binary) Digest() (string, error) {
	built, err := binaries.open(b.Source)
	if err != nil {
		return "", err
	}
	return built.Digest()
}

// binaryOf is a program of a file.
func binaryOf(p *scenarios.SiteProcess) Process {
	o := p.Options
	if len(p.Exits) > 0 {
		o.MayExit = p.MayExit
	}
	return Process{
		Name: p.Name, Replicas: p.Replicas, Start: o.Start, MayExit: o.MayExit, ServiceAccount: p.ServiceAccount,
		Binary: &Binary{Source: p.Source, Options: o, place: p.Place()},
	}
}

// process is one replica of the program.
func (b *Binary) process(name string, p *Process) (sim.Process, error) {
	built, err := binaries.open(b.Source)
	if err != nil {
		return sim.Process{}, err
	}
	o := b.Options
	if p.MayExit != nil {
		o.MayExit = p.MayExit
	}
	if p.Start != 0 {
		o.Start = p.Start
	}
	s := built.Process(name, o)
	s.ServiceAccount, s.StandIn = p.ServiceAccount, p.StandIn
	return s, nil
}

// check builds the program, and says what is wrong with it or its options.
func (b *Binary) check(name string) error {
	err := b.Options.Validate()
	if err == nil {
		_, err = binaries.open(b.Source)
	}
	switch {
	case err == nil:
		return nil
	case b.place != "":
		return fmt.Errorf("%s: process %s: %w", b.place, name, err)
	}
	return fmt.Errorf("processes: %s: %w", name, err)
}

// binaries are the programs that were built. A worker process is told by its parent
// where they are: all of a sweep run what was built when it began.
var binaries = builds{}

// programsVariable tells worker processes of what was built.
const programsVariable = "SEATRIAL_PROGRAMS"

type builds struct {
	mu    sync.Mutex
	paths map[string]string // by source
	known map[string]*program.Binary
}

// open builds a program unless that was done before.
func (b *builds) open(s program.Source) (*program.Binary, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.paths == nil {
		b.paths, b.known = map[string]string{}, map[string]*program.Binary{}
		if told := os.Getenv(programsVariable); told != "" {
			if err := json.Unmarshal([]byte(told), &b.paths); err != nil {
				return nil, fmt.Errorf("reading %s: %w", programsVariable, err)
			}
		}
	}
	if module, err := filepath.Abs(s.Module); err == nil && s.File == "" && isFolder(module) {
		s.Module = module // a worker may run elsewhere
	}
	key := strings.Join([]string{s.Module, s.Package, s.File}, "\n")
	if built := b.known[key]; built != nil {
		return built, nil
	}
	if path, ok := b.paths[key]; ok {
		s = program.Source{File: path}
	}
	cache, err := program.CacheDir()
	if err != nil {
		return nil, err
	}
	built, err := program.Build(context.Background(), s, cache)
	if err != nil {
		return nil, err
	}
	b.known[key], b.paths[key] = built, built.Path
	told, err := json.Marshal(b.paths)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", programsVariable, err)
	}
	return built, os.Setenv(programsVariable, string(told))
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
