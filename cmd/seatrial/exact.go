package main

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/scenarios/artefact"
	"github.com/seatrial/seatrial/scenarios/exact"
	"github.com/seatrial/seatrial/scenarios/sweep"
)

// exactFlags say whether seeds are run natively or in a module, bit for bit.
type exactFlags struct {
	on       bool
	module   string
	schedule uint64
}

func (f *exactFlags) addFlags(c *cobra.Command) {
	c.Flags().BoolVar(&f.on, "exact", false, "run bit for bit, goroutines included, in a WebAssembly module; see docs/determinism.md")
	c.Flags().StringVar(&f.module, "module", "", "with --exact: `file` of a module instead of one built from the sources")
	c.Flags().Uint64Var(&f.schedule, "schedule", 0, "with --exact: another interleaving of the same seed")
}

// prepare finds the module, builds it if need be, and tells how jobs are to be
// run: nil means natively.
func (f *exactFlags) prepare(c *cobra.Command) (*sweep.Exact, error) {
	if !f.on {
		if f.module != "" || c.Flags().Changed("schedule") {
			return nil, errors.New("--module and --schedule go with --exact")
		}
		return nil, nil
	}
	e, err := f.find(c)
	if err != nil {
		return nil, err
	}
	return e, compile(c, e)
}

// prepareFor is prepare for a replay: an artefact of an exact run is replayed
// exactly, with the module that it names.
func (f *exactFlags) prepareFor(c *cobra.Command, before *artefact.Artefact) (*sweep.Exact, error) {
	if before == nil || before.Outcome.Job.Exact == nil {
		return f.prepare(c)
	}
	was := before.Outcome.Job.Exact
	if c.Flags().Changed("schedule") {
		return nil, errors.New("replay: an artefact has a schedule of its own")
	}
	e, err := f.find(c)
	if err != nil {
		return nil, err
	}
	_, digest, err := exact.Load(e.Module)
	if err != nil {
		return nil, err
	}
	if digest != was.Digest {
		return nil, fmt.Errorf("replay: the artefact was made with module %s, and %s is %s: give the right one with --module FILE, or build it from the sources of seatrial %s",
			was.Digest, e.Module, digest, before.Version)
	}
	e.Schedule, e.Only = was.Schedule, was.Only
	return e, compile(c, e)
}

// find returns the module that the flags name, or one built from the sources.
func (f *exactFlags) find(c *cobra.Command) (*sweep.Exact, error) {
	cache, err := exact.CacheDir()
	if err != nil {
		return nil, err
	}
	e := &sweep.Exact{Module: f.module, Cache: cache, Schedule: f.schedule}
	if e.Module == "" {
		e.Module, err = exact.Builder{Cache: cache, Version: version(), Progress: c.ErrOrStderr()}.Build(c.Context())
		return e, err
	}
	if _, err := os.Stat(e.Module); err != nil {
		return nil, fmt.Errorf("--module: %w", err)
	}
	if e.Module, err = filepath.Abs(e.Module); err != nil {
		return nil, fmt.Errorf("--module: %w", err)
	}
	return e, nil
}

func compile(c *cobra.Command, e *sweep.Exact) error {
	var err error
	e.Digest, err = exact.Compile(c.Context(), e.Module, e.Cache, c.ErrOrStderr())
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
