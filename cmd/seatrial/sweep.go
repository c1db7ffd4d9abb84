package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/target"
	"github.com/seatrial/seatrial/internal/version"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// sweepFlags are what the command line says about a sweep.
type sweepFlags struct {
	subject                      underTest
	run                          string // of the tests of a package
	baseline                     baselineFlag
	seeds, shard, resume         string
	workers, maxFailures, shrink int
	lasting                      time.Duration
	untilFailure                 bool
	out                          output
	aimed                        aimed
	runs                         int // of a search; 0: any number
	exact                        exactFlags
}

func sweepCommand() *cobra.Command {
	var f sweepFlags
	c := &cobra.Command{
		Use:               "sweep [PACKAGE|FILE...] --seeds A-B",
		Short:             "Run plans generated from seeds, or derived from a fault-free run",
		Example:           "  seatrial sweep --seeds 1-1000 --out failures\n  seatrial sweep ./mycontroller -run TestTrial --for 10m --out failures --shrink 1\n  seatrial sweep ./mycontroller --mode search --budget 60s --out failures\n  seatrial sweep storm.yaml --mode every-call\n  seatrial sweep --resume failures",
		ValidArgsFunction: completeFiles,
		Long: "Run plans generated from seeds, or derived from a fault-free run, on all cores.\n\n" +
			"With a Go package, what is under test is the trial in its tests that -run chooses: a test that calls\n" +
			"seatrial.Check or seatrial.CheckEveryCall. seatrial list shows them.\n\n" +
			"With --out the results stay in a folder: the sweep can be stopped and gone on with (--resume),\n" +
			"and shards of several machines can be summed up (seatrial summarize).",
		RunE: func(c *cobra.Command, args []string) error {
			return f.sweep(c, args)
		},
	}
	c.Flags().StringVar(&f.seeds, "seeds", "", "closed range of seeds, `A-B`")
	addWorkersFlag(c, &f.workers)
	c.Flags().StringVar(&f.shard, "shard", "", "run only part `I/N` of the range, I counted from 0; default from JOB_COMPLETION_INDEX and JOB_COMPLETIONS, as a Kubernetes Indexed Job has them")
	c.Flags().StringVar(&f.resume, "resume", "", "go on with the sweep whose results are in this `folder`; with --seeds or --mode, begin one if there is none")
	c.Flags().DurationVar(&f.lasting, "for", 0, "start no more runs after this `time`; without --seeds, from seed 1 on")
	c.Flags().BoolVar(&f.untilFailure, "until-failure", false, "end with the first failure; without --seeds, from seed 1 on")
	c.Flags().IntVar(&f.maxFailures, "max-failures", 0, "end with the `N`-th failure; 0: never")
	c.Flags().IntVar(&f.shrink, "shrink", 0, "with --out: shrink the first `N` failures of each signature when the runs are done")
	c.Flags().StringVar(&f.run, "run", "", "of a package: the trial whose test matches this `regexp`, as go test -run has it; default the only one")
	c.Flags().StringVar(&f.baseline.named, "baseline", "", "run failures with the subject of this `name`, too, and tell apart those that it has as well; of a trial: the name of another test, or PACKAGE:TEST")
	f.subject.addFlags(c)
	f.out.addFlags(c)
	f.out.addStrictFlag(c)
	f.aimed.addFlags(c)
	f.exact.addFlags(c)
	return c
}

func (f *sweepFlags) sweep(c *cobra.Command, args []string) error {
	if err := f.check(c); err != nil {
		return err
	}
	if err := f.place(c); err != nil {
		return err
	}
	files, err := f.choose(c, args)
	if err != nil {
		return err
	}
	if files, err = f.adopt(c, files); err != nil {
		return err
	}
	if err := f.checkSearch(files); err != nil {
		return err
	}
	if err := errors.Join(f.aimed.check(files, f.seeds), f.subject.check(), f.baseline.check(&f.subject, f.exact.on), f.exact.check(&f.subject)); err != nil {
		return err
	}
	bases, err := readBases(files, f.subject.language())
	if err != nil {
		return err
	}
	exact, err := f.exact.prepare(c, &f.subject)
	if err != nil {
		return err
	}
	defer f.subject.close()
	pool, err := f.subject.open(c, f.workers)
	if err != nil {
		return err
	}
	defer f.baseline.subject.close()
	if err := f.baseline.open(c, &f.subject); err != nil {
		return err
	}
	about, err := f.about(bases)
	if err != nil {
		return err
	}
	if exact != nil {
		about.Exact = fmt.Sprintf("module %s, schedule %d", exact.Digest, exact.Schedule)
	}
	s, err := f.open(c, pool, about)
	if err != nil {
		return err
	}
	s.exact = exact
	defer s.close()
	if f.aimed.mode == searchMode {
		return s.finish(c, s.search(c.Context(), bases))
	}
	if !about.Aimed() {
		return s.finish(c, s.runSeeds(c.Context(), exact))
	}
	seeds, _ := sim.ParseSeeds(f.seeds) // checked above; none with files
	return s.finish(c, s.runAimed(c.Context(), f.aimed.sweep(bases, seeds, s.shard(), &f.subject)))
}

// check says what is wrong with the flags taken together.
func (f *sweepFlags) check(c *cobra.Command) error {
	given := func(name string) bool { return c.Flags().Changed(name) }
	endless := f.lasting > 0 || f.untilFailure || f.maxFailures > 0
	if f.seeds == "" && f.aimed.mode == "" && f.resume == "" && endless {
		f.seeds = fmt.Sprintf("1-%d", uint64(math.MaxUint64))
	}
	switch {
	case f.lasting < 0:
		return fmt.Errorf("--for %s: want a time, such as 30m", f.lasting)
	case f.maxFailures < 0:
		return fmt.Errorf("--max-failures %d: want at least 1", f.maxFailures)
	case f.untilFailure && given("max-failures"):
		return errors.New("--until-failure is --max-failures 1: give one of them")
	case f.workers < 1:
		return fmt.Errorf("--workers %d: want at least 1", f.workers)
	case f.resume != "" && f.out.dir != "":
		return errors.New("--resume names the results folder: leave --out away")
	case f.exact.on && f.aimed.mode != "":
		return errors.New("--exact goes with seeds, not with --mode")
	case f.shrink < 0 || f.shrink > 0 && f.out.dir == "" && f.resume == "":
		return fmt.Errorf("--shrink %d: want a number, and --out or --resume", f.shrink)
	}
	if f.untilFailure {
		f.maxFailures = 1
	}
	return nil
}

// about describes the sweep, as its results folder will.
func (f *sweepFlags) about(bases []base) (results.Manifest, error) {
	about := results.Manifest{
		Subject: f.subject.subject, Package: f.subject.pkg, Mutexes: f.subject.mutexes, Baseline: f.baseline.named, Strict: f.out.strict, Shard: f.shard, Illegal: f.aimed.illegal, Version: version.String(), Generator: swarm.Version,
	}
	if site := f.subject.site; site != nil {
		about.Site = results.FileOf(site.File, []byte(site.Text))
		for _, b := range f.subject.binaries {
			digest, err := b.Digest()
			if err != nil {
				return about, err
			}
			about.Programs = append(about.Programs, digest)
		}
	}
	if f.aimed.mode != "" {
		about.Aim = results.Aim{Mode: f.aimed.mode, KeepFaults: f.aimed.keepFaults, Limit: f.aimed.limit, Only: f.aimed.only}
		for _, b := range bases {
			about.Aim.Files = append(about.Aim.Files, b.file)
		}
	}
	if f.seeds == "" {
		return about, nil
	}
	seeds, err := parseSeeds(f.seeds)
	about.Seeds = seeds.String()
	return about, err
}

// open prepares the sweep and, when results are kept, its folder.
func (f *sweepFlags) open(c *cobra.Command, pool sweep.Pool, about results.Manifest) (*sweeping, error) {
	s := &sweeping{flags: f, about: about, pool: pool, context: c.Context()}
	if dir := f.out.dir; dir != "" {
		var err error
		if s.folder, err = results.Open(dir, about, f.resume != ""); err != nil {
			return nil, err
		}
		if err := artifact.RemoveUnfinished(dir); err != nil {
			return nil, errors.Join(err, s.folder.Close())
		}
	}
	s.printer = newPrinter(f.out, c.OutOrStdout(), f.aimed.only == "")
	s.printer.style = styleOf(c, c.OutOrStdout())
	s.printer.noun = f.noun()
	s.progress = newProgress(c.ErrOrStderr(), s.total(), f.lasting, &s.printer.met)
	s.restore()
	if s.enough.Load() {
		fmt.Fprintf(c.ErrOrStderr(), "seatrial: %s has %s already: nothing more is run (to go on, --max-failures %d or none)\n", f.out.dir, scenarios.Count(s.failures, "failure"), s.failures+1)
	}
	return s, nil
}

// sweeping is a sweep under way.
type sweeping struct {
	flags    *sweepFlags
	about    results.Manifest
	pool     sweep.Pool
	exact    *sweep.Exact    // nil: natively
	folder   *results.Folder // nil: nothing is kept
	context  context.Context
	printer  *printer
	progress *progress
	failures int
	// enough: no further run is to be started, and what is still under way does
	// not count.
	enough atomic.Bool
	stop   context.CancelCauseFunc
}

func (s *sweeping) close() {
	if s.folder != nil {
		s.folder.Close()
	}
}

// total is how many runs there will be; 0: nobody knows.
func (s *sweeping) total() uint64 {
	if s.flags.aimed.mode == searchMode && s.flags.aimed.only == "" {
		return uint64(s.flags.runs)
	}
	seeds, err := sim.ParseSeeds(s.about.Seeds)
	if err != nil || s.about.Aimed() || seeds.Last == math.MaxUint64 {
		return 0
	}
	return s.shard().Len(seeds)
}

func (s *sweeping) shard() sim.Shard {
	if shard, err := sim.ParseShard(s.about.Shard); err == nil {
		return shard
	}
	return sim.WholeRange
}

// restore counts what was done before.
func (s *sweeping) restore() {
	if s.folder == nil {
		return
	}
	for i := range s.folder.Entries {
		e := &s.folder.Entries[i]
		s.printer.restore(e, s.folder.Path())
		if !e.Passed() && e.Known == "" || e.Void() {
			s.failures++
		}
	}
	// It may have ended with them, or been killed before it knew.
	s.enough.Store(s.flags.maxFailures > 0 && s.failures >= s.flags.maxFailures)
	s.progress.begin(len(s.folder.Entries))
}

func (s *sweeping) runSeeds(ctx context.Context, exact *sweep.Exact) error {
	seeds, err := sim.ParseSeeds(s.about.Seeds)
	if err != nil {
		return err
	}
	done := 0 // before, the first of the shard
	if s.folder != nil {
		done = len(s.folder.Entries)
	}
	return s.runPool(ctx, func(yield func(sweep.Job) bool) {
		seeds.Each(s.shard(), func(seed sim.Seed) bool {
			if done > 0 {
				done--
				return true
			}
			return yield(plainJob(uint64(seed), &s.flags.subject, s.about.Illegal, exact))
		})
	}, s.take)
}

func (s *sweeping) runAimed(ctx context.Context, derived target.Sweep) error {
	derived.Enough, derived.Aiming = s.isOver, s.progress.aiming
	if s.folder == nil {
		return derived.Run(ctx, s.runPool, s.take)
	}
	derived.Made = madeBefore(s.folder.Entries)
	err := derived.Run(ctx, s.runPool, s.take)
	if err != nil || s.isOver() {
		return err
	}
	return s.folder.End(len(s.folder.Entries)+s.progress.count, nil)
}

// isOver: no further run is to be started.
func (s *sweeping) isOver() bool { return s.enough.Load() || s.progress.over() }

// runPool runs jobs until there are no more, the time is over, or enough of
// them have failed.
func (s *sweeping) runPool(ctx context.Context, jobs iter.Seq[sweep.Job], done func(sweep.Outcome)) error {
	ctx, s.stop = context.WithCancelCause(ctx)
	defer s.stop(nil)
	return s.pool.Run(ctx, func(yield func(sweep.Job) bool) {
		for job := range jobs {
			if s.isOver() || !yield(job) {
				return
			}
		}
	}, done)
}

// take counts, prints and keeps one outcome. They come in the order of the runs.
func (s *sweeping) take(o sweep.Outcome) {
	if s.enough.Load() {
		return
	}
	s.compare(&o)
	if (o.Verdict != model.VerdictPass && o.Known == "" || s.printer.void(o)) && s.flags.maxFailures > 0 {
		if s.failures++; s.failures >= s.flags.maxFailures {
			s.enough.Store(true)
		}
	}
	s.progress.around(func() { s.printer.print(o) })
	s.progress.done(o)
	if s.folder == nil || o.Error != "" {
		return
	}
	entry := s.printer.entryOf(o)
	entry.New = s.printer.met.fresh(o)
	if s.printer.err == nil {
		s.printer.fail(s.folder.Add(entry))
	}
	if err := s.printer.err; err != nil {
		// What cannot be kept would be lost.
		s.printer.err = fmt.Errorf("%w; what was done before is kept: go on with --resume %s", err, s.folder.Path())
		s.enough.Store(true)
		s.stop(s.printer.err)
	}
}

// finish prints what the sweep amounts to; its error carries the exit code.
func (s *sweeping) finish(c *cobra.Command, err error) error {
	s.progress.end()
	if s.folder != nil {
		err = errors.Join(err, s.afterwards(c, err == nil))
		s.printer.index = filepath.Join(s.folder.Path(), indexFile)
	}
	if s.progress.count > 0 && !s.printer.json {
		s.printer.rates = s.progress.rates()
	}
	return finishRun(c, s.printer, err)
}
