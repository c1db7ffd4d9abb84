package gotest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/term"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Options say what [Check] runs.
type Options struct {
	// Seeds to run, and those with -short, when no search is made. The flag
	// -seatrial.seeds=A-B, when it is given, goes before.
	Usual, Few sim.SeedRange
	// Runs are how many a search makes, and FewRuns with -short; 0: seeds are run, and
	// no search is made. The flags -seatrial.runs and -seatrial.budget go before.
	Runs, FewRuns int
	// Saved is the folder of the plans that failed before. Default
	// testdata/seatrial/ and the name of the test.
	Saved string
}

// confirmations is how often a failure is run again before it is reported.
const confirmations = 2

// Check searches a subject, or puts it through the plans of many seeds, and fails t with
// a sub-test for each run that does not pass; see seatrial.Check.
func Check(t TB, subject scenarios.Subject, o Options) {
	t.Helper()
	c, over := begin(t, subject, o.Saved)
	if over {
		return
	}
	seeds, chosen, err := seedsOr(o.Usual, o.Few)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if seed, ok := c.filter.seed(); ok {
		seeds, chosen = sim.SeedRange{First: seed, Last: seed}, true
	}
	if !chosen {
		c.replaySaved()
	}
	only, oneRun := c.filter.run()
	if !chosen && o.Runs > 0 && (!c.filter.given || oneRun) {
		b, err := budgetOr(o.Runs, o.FewRuns)
		if err != nil {
			t.Fatalf("%v", err)
		}
		c.explore(b, only)
		return
	}
	c.of = sim.WholeRange.Len(seeds)
	c.run(func(yield func(sweep.Job) bool) {
		seeds.Each(sim.WholeRange, func(seed sim.Seed) bool {
			return !c.filter.wants(fmt.Sprintf("seed-%d", seed)) || c.goesOn() && yield(sweep.Job{Seed: uint64(seed)})
		})
	})
	c.end("seeds " + seeds.String())
}

// check is one call of [Check] or [CheckEveryCall].
type check struct {
	t       TB
	name    string // of the call, and in workers of the subject
	subject scenarios.Subject
	saved   string
	filter  filter
	pool    sweep.Pool
	ctx     context.Context

	ran, passed, failed, known int
	of                         uint64 // runs to be made; 0: nobody knows
	// first is the first failure of each signature: only that is looked into.
	first map[string]string
	told  time.Time
	void  void
}

// begin readies a call of Check, unless this process is a worker.
func begin(t TB, subject scenarios.Subject, saved string) (c *check, over bool) {
	t.Helper()
	name := identify(t)
	if serveIfWorker(t, name, subject) {
		return nil, true
	}
	if err := sim.Seedable(); err != nil {
		t.Fatalf("%v", err)
	}
	c = &check{t: t, name: name, subject: subject, saved: saved, first: map[string]string{}, told: time.Now(), void: newVoid(subject)}
	if c.saved == "" {
		c.saved = Folder(name)
	}
	var err error
	if c.filter, err = filterBelow(t.Name()); err == nil {
		c.pool, err = pool(t, name)
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	var stop context.CancelFunc
	c.ctx, stop = context.WithCancel(context.Background())
	t.Cleanup(stop)
	return c, false
}

func (c *check) goesOn() bool { return !enough(c.failed) }

// errEnough ends a search that has found what it was to find.
var errEnough = errors.New("enough failures")

// run runs jobs and reports those that fail, in their order.
func (c *check) run(jobs iter.Seq[sweep.Job]) {
	c.t.Helper()
	c.search(func(ctx context.Context, done func(string, sweep.Outcome)) error {
		return c.pool.Run(ctx, func(yield func(sweep.Job) bool) {
			for job := range jobs {
				job.Subject, job.Confirm = c.name, confirmations
				if !yield(job) {
					return
				}
			}
		}, func(o sweep.Outcome) { done(fmt.Sprintf("seed-%d", o.Job.Seed), o) })
	})
}

// search takes the outcomes of a search, each under its name, until enough have
// failed. It takes them in the goroutine of the test, as package testing wants it.
func (c *check) search(run func(ctx context.Context, done func(name string, o sweep.Outcome)) error) {
	c.t.Helper()
	ctx, stop := context.WithCancelCause(c.ctx)
	defer stop(nil)
	type named struct {
		name string
		sweep.Outcome
	}
	outcomes, ended := make(chan named), make(chan error, 1)
	go func() {
		ended <- run(ctx, func(name string, o sweep.Outcome) {
			select {
			case outcomes <- named{name, o}:
			case <-ctx.Done():
			}
		})
		close(outcomes)
	}()
	silence := time.NewTicker(progressEvery) // a run that hangs is silent for long
	defer silence.Stop()
	for running := true; running; {
		select {
		case o, more := <-outcomes:
			if running = more; more && c.goesOn() {
				c.take(o.name, o.Outcome)
			}
			if !c.goesOn() {
				stop(errEnough)
			}
		case <-silence.C:
			c.progress("")
		}
	}
	if err := <-ended; err != nil && !errors.Is(err, errEnough) {
		c.t.Fatalf("seatrial: %s: %v", c.subject.Name, err)
	}
}

// take counts one outcome, and reports it under a name when it is a failure.
func (c *check) take(name string, o sweep.Outcome) {
	c.t.Helper() // a failure is told where Check was called
	c.ran++
	c.progress("")
	switch {
	case o.Error != "":
		c.t.Fatalf("seatrial: %s: %s", c.subject.Name, o.Error)
	case o.Known != "":
		c.known++
		return
	case o.Verdict == model.VerdictCrash && o.Plan == "" && !c.served():
		c.t.Fatalf("seatrial: %s: a worker, which is this test binary with %s, does not come to this call of Check (want a test that does the same there); it said:\n%s",
			c.subject.Name, strings.Join(c.pool.Args, " "), strings.TrimSpace(o.Detail))
	case o.Verdict == model.VerdictPass:
		c.void.count(o)
		c.passed++
		return
	}
	c.failed++
	text := c.explain(name, o)
	if t, ok := c.t.(*testing.T); ok && c.filter.wants(name) {
		t.Run(name, func(t *testing.T) {
			t.Helper()
			t.Error(text)
		})
		return
	}
	c.t.Errorf("%s: %s", name, text)
}

// served says whether a worker takes jobs at all: one that asks for nothing that any test
// has is refused, in as many words.
func (c *check) served() bool {
	var answer sweep.Outcome
	nobody := sweep.Job{PlanOnly: true, Once: true}
	err := c.pool.Run(c.ctx, slices.Values([]sweep.Job{nobody}), func(o sweep.Outcome) { answer = o })
	return err != nil || answer.Error != ""
}

// progressEvery is how often a search that takes long tells how far it is, with -v or on a
// terminal.
const progressEvery = 3 * time.Second

// progress tells how far the search is, and what else is being done.
func (c *check) progress(doing string) {
	c.t.Helper()
	onTerminal := !testing.Verbose() && term.IsTerminal(int(os.Stderr.Fd()))
	if !testing.Verbose() && !onTerminal || time.Since(c.told) < progressEvery {
		return
	}
	c.told = time.Now()
	of := ""
	if c.of > 0 {
		of = fmt.Sprintf(" of %d", c.of)
	}
	line := fmt.Sprintf("seatrial: %s: %d%s run, %d failed%s", c.subject.Name, c.ran, of, c.failed, doing)
	if onTerminal { // where a log is shown when the test is over
		fmt.Fprintln(os.Stderr, line)
		return
	}
	c.t.Logf("%s", line)
}

// end says what was run.
func (c *check) end(what string) {
	c.t.Helper()
	known := ""
	if c.known > 0 {
		known = fmt.Sprintf(", %d failed in a known way", c.known)
	}
	if c.ran == 0 {
		c.t.Fatalf("seatrial: %s: %s: nothing was run (want -run to name a run, such as seed-7 or probe-1a2b3c4d, or no sub-test)", c.subject.Name, what)
	}
	c.t.Logf("seatrial: %s: %s: %d run, %d failed%s", c.subject.Name, what, c.ran, c.failed, known)
	if never := c.void.never(c.passed); never != "" && c.passed > 0 {
		tell := c.t.Logf
		if *strictFlag {
			tell = c.t.Errorf
		}
		tell("seatrial: %s: steps or faults of its own that had no effect in any run: %s", c.subject.Name, never)
	}
}

// replaySaved runs what failed before.
func (c *check) replaySaved() {
	c.t.Helper()
	files, err := savedPlans(c.saved)
	if err != nil {
		c.t.Fatalf("%v", err)
	}
	for _, file := range files {
		name := "saved-" + strings.TrimSuffix(file.name, ".yaml")
		if !c.filter.wants(name) || !c.goesOn() {
			continue
		}
		plan, err := scenarios.Parse(file.path, file.text, c.subject.Language)
		if err != nil {
			c.t.Errorf("a saved plan cannot be read; mend it or delete it:\n%v", err)
			continue
		}
		job := sweep.Job{Seed: uint64(plan.Seed), Plan: string(file.text), File: file.path, Subject: c.name, Confirm: confirmations}
		c.search(func(ctx context.Context, done func(string, sweep.Outcome)) error {
			return c.pool.Run(ctx, slices.Values([]sweep.Job{job}), func(o sweep.Outcome) { done(name, o) })
		})
	}
}
