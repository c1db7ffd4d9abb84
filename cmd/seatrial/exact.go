package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/exact"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/version"
)

// exactFlags say whether seeds are run natively or in a module, bit for bit.
type exactFlags struct {
	on       bool
	engine   string
	module   string
	schedule uint64
}

func (f *exactFlags) addFlags(c *cobra.Command) {
	c.Flags().BoolVar(&f.on, "exact", false, "run bit for bit, goroutines included; see docs/inside/determinism.md")
	f.addModuleFlags(c, "with --exact: ")
	c.Flags().Uint64Var(&f.schedule, "schedule", 0, "with --exact: another interleaving of the same seed")
}

// addModuleFlags adds those that choose what exact mode runs.
func (f *exactFlags) addModuleFlags(c *cobra.Command, when string) {
	c.Flags().StringVar(&f.engine, "engine", exact.Wasm, when+"`kind` of module: wasm, the same run on any kind of machine, or fork, several times faster and for linux/amd64 alone")
	c.Flags().StringVar(&f.module, "module", "", when+"`file` of a module of either kind instead of one built from the sources")
}

// prepare finds the module, builds it if need be, and tells how jobs are to be
// run: nil means natively.
func (f *exactFlags) prepare(c *cobra.Command, subject *underTest) (*sweep.Exact, error) {
	if !f.on {
		for _, flag := range []string{"engine", "module", "schedule"} {
			if c.Flags().Changed(flag) {
				return nil, fmt.Errorf("--%s goes with --exact", flag)
			}
		}
		return nil, nil
	}
	e, err := f.find(c, subject)
	if err != nil {
		return nil, err
	}
	return e, compile(c, e)
}

// check says what is wrong with the flags and the subject taken together.
func (f *exactFlags) check(subject *underTest) error {
	if !f.on {
		return nil
	}
	if subject.pkg != "" && subject.mutexes {
		return errors.New("--exact and --mutexes build the test binary each in its own way: give one of them")
	}
	return subject.noPrograms("exact mode")
}

// prepareFor is prepare for a replay: an artifact of an exact run is replayed
// exactly, with the module that it names.
func (f *exactFlags) prepareFor(c *cobra.Command, before *artifact.Artifact, subject *underTest) (*sweep.Exact, error) {
	if before == nil || before.Outcome.Job.Exact == nil {
		return f.prepare(c, subject)
	}
	was := before.Outcome.Job.Exact
	if c.Flags().Changed("schedule") || c.Flags().Changed("engine") {
		return nil, errors.New("replay: an artifact has a schedule and an engine of its own")
	}
	f.engine = cmp.Or(was.Engine, exact.Wasm)
	e, err := f.find(c, subject)
	if err != nil {
		return nil, err
	}
	_, digest, err := exact.Load(e.Module)
	if err != nil {
		return nil, err
	}
	if digest != was.Digest && subject.pkg != "" {
		return nil, fmt.Errorf("replay: the artifact was made with another build of the tests of %s, %s, and now they are %s: use the sources of then, with seatrial %s, or run its plan.yaml",
			subject.pkg, was.Digest, digest, before.Version)
	}
	if digest != was.Digest {
		return nil, fmt.Errorf("replay: the artifact was made with module %s, and %s is %s: give the right one with --module FILE, or build it from the sources of seatrial %s",
			was.Digest, e.Module, digest, before.Version)
	}
	e.Schedule, e.Only = was.Schedule, was.Only
	return e, compile(c, e)
}

// find returns the module that the flags name, or one built from the sources.
func (f *exactFlags) find(c *cobra.Command, subject *underTest) (*sweep.Exact, error) {
	cache, err := exact.CacheDir()
	if err != nil {
		return nil, err
	}
	if subject.pkg != "" {
		return f.ofTrial(c, cache, subject)
	}
	e := &sweep.Exact{Module: f.module, Cache: cache, Schedule: f.schedule}
	if e.Module == "" {
		if err := checkEngine(f.engine); err != nil {
			return nil, err
		}
		e.Module, err = exact.Builder{Cache: cache, Kind: f.engine, Version: version.String(), Progress: c.ErrOrStderr()}.Build(c.Context())
		return e, err
	}
	if c.Flags().Changed("engine") {
		return nil, errors.New("--module FILE is of one kind or the other: leave out --engine")
	}
	if _, err := os.Stat(e.Module); err != nil {
		return nil, fmt.Errorf("--module: %w", err)
	}
	if e.Module, err = filepath.Abs(e.Module); err != nil {
		return nil, fmt.Errorf("--module: %w", err)
	}
	return e, nil
}

// ofTrial is the module that the tests of a trial's package are.
func (f *exactFlags) ofTrial(c *cobra.Command, cache string, subject *underTest) (*sweep.Exact, error) {
	switch {
	case f.module != "":
		return nil, errors.New("--module goes with subjects of this program: the module of a trial is its test binary")
	case c.Flags().Changed("engine") && f.engine != exact.Fork:
		return nil, fmt.Errorf("--engine %s: a test binary forks (want %s, or no --engine)", f.engine, exact.Fork)
	}
	if err := exact.CanFork(); err != nil {
		return nil, fmt.Errorf("exact mode of a trial: %w", err)
	}
	file, guest, err := subject.module(c, cache)
	if err != nil {
		return nil, err
	}
	subject.exactly = true
	return &sweep.Exact{Module: file, Cache: cache, Schedule: f.schedule, Guest: guest}, nil
}

// checkEngine says what is wrong with the kind of module that was asked for.
func checkEngine(kind string) error {
	switch kind {
	case exact.Wasm:
		return nil
	case exact.Fork:
		return exact.CanFork()
	}
	return fmt.Errorf("--engine: want %s or %s, got %q", exact.Wasm, exact.Fork, kind)
}

// compile readies the module for many processes.
func compile(c *cobra.Command, e *sweep.Exact) error {
	var err error
	var kind string
	if e.Digest, kind, err = exact.Compile(c.Context(), e.Module, e.Cache, c.ErrOrStderr()); kind != exact.Wasm {
		e.Engine = kind
	}
	return err
}

// exactly makes jobs exact ones, if that is asked for.
func exactly(e *sweep.Exact, jobs iter.Seq[sweep.Job]) iter.Seq[sweep.Job] {
	if e == nil {
		return jobs
	}
	return func(yield func(sweep.Job) bool) {
		for job := range jobs {
			job.Exact = e
			if !yield(job) {
				return
			}
		}
	}
}
