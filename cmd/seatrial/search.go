package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/internal/shell"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/target"
	"github.com/seatrial/seatrial/scenarios/search"
	"github.com/seatrial/seatrial/sim"
)

// searchMode is the --mode that makes the runs of seatrial.Check.
const searchMode = "search"

// checkSearch says what is wrong with the flags of a search, and completes them.
func (f *sweepFlags) checkSearch(files []string) error {
	if f.aimed.mode != searchMode {
		return nil
	}
	if f.seeds == "" && len(files) == 0 {
		f.seeds = "1"
	}
	if seeds, err := sim.ParseSeeds(f.seeds); f.seeds != "" && err == nil && seeds.First != seeds.Last {
		return fmt.Errorf("--seeds %s: a search begins with one seed (want one, and --budget)", f.seeds)
	}
	if f.shard != "" {
		return fmt.Errorf("--shard %s: what a run of a search is depends on those before it (want another --seeds on each machine)", f.shard)
	}
	if f.aimed.only != "" {
		return nil
	}
	runs, lasting, err := parseBudget(f.aimed.budget)
	if err != nil {
		return err
	}
	if lasting > 0 && f.lasting > 0 {
		return errors.New("--for and a --budget of time are the same: give one of them")
	}
	f.lasting = max(f.lasting, lasting)
	if f.runs = runs; f.runs == 0 && f.lasting == 0 && f.maxFailures == 0 {
		f.runs = search.DefaultRuns
	}
	return nil
}

// parseBudget reads a number of runs or a time. Neither: the text is empty.
func parseBudget(text string) (runs int, lasting time.Duration, err error) {
	if text == "" {
		return 0, 0, nil
	}
	if runs, err = strconv.Atoi(text); err == nil && runs > 0 {
		return runs, 0, nil
	}
	if lasting, err = time.ParseDuration(text); err == nil && lasting > 0 {
		return 0, lasting, nil
	}
	return 0, 0, fmt.Errorf("--budget %s: nothing would be run (want a number of runs, such as %d, or a time, such as 60s)", text, search.DefaultRuns)
}

// search makes the runs of a search: of the plans of the files, or of the subject's stories.
func (s *sweeping) search(ctx context.Context, bases []base) error {
	f := s.flags
	seeds, _ := sim.ParseSeeds(f.seeds) // checked before; none with files
	t := target.Search{
		Job:      f.subject.job(sweep.Job{Seed: uint64(seeds.First), Confirm: confirmations, Coverage: true}),
		Language: f.subject.language(), Only: f.aimed.only, Enough: s.isOver,
		Replay: func(step search.Step) string { return f.searchCommand(bases, step) },
	}
	for _, b := range bases {
		t.Stories = append(t.Stories, b.plan)
	}
	if f.aimed.corpus != "" && f.aimed.only == "" {
		var err error
		if t.Corpus, err = search.ReadCorpus(f.aimed.corpus, t.Language); err != nil {
			return err
		}
	}
	if s.folder != nil {
		t.Made = madeBefore(s.folder.Entries)
	}
	if t.Runs = f.runs; t.Runs > 0 {
		if t.Runs -= len(t.Made); t.Runs < 1 {
			return nil
		}
	}
	coverage, err := t.Run(ctx, s.runPool, func(_ search.Step, o sweep.Outcome) { s.take(o) })
	if f.aimed.only != "" {
		return err
	}
	s.printer.covered = &coverage
	if err == nil && f.aimed.corpus != "" && len(s.printer.failed) == 0 {
		err = search.WriteCorpus(f.aimed.corpus, coverage.Corpus)
	}
	if err == nil && s.folder != nil {
		err = s.folder.End(len(s.folder.Entries)+s.progress.count, searched(coverage.Report()))
	}
	return err
}

// searched is a report as results keep it.
func searched(r search.Report) *results.Searched {
	return &results.Searched{
		Calls: results.Struck(r.Calls), Commits: results.Struck(r.Commits), NewProbability: r.NewProbability, SinceNew: r.SinceNew,
		ProbesLeft: r.ProbesLeft, NeverFired: len(r.NeverFired), Untested: r.Untested, NeverSeen: r.NeverSeen,
	}
}

// searchCommand shows a run of a search again; empty: what any seed has.
func (f *sweepFlags) searchCommand(bases []base, step search.Step) string {
	if step.Stage == search.Swarm {
		return ""
	}
	source := "--seeds " + fmt.Sprint(uint64(step.Seed))
	if len(bases) > 0 {
		var files []string
		for _, b := range bases {
			files = append(files, shell.Quote(b.file.Path))
		}
		source = strings.Join(files, " ")
	}
	which := "--only " + step.Name
	if step.Stage == search.Guided {
		which = fmt.Sprintf("--budget %d", step.Number) // it is made from what came of those before
	}
	return fmt.Sprintf("%s sweep --mode %s %s %s %s", programName, searchMode, source, which, f.subject.arguments())
}

// noun is what the runs of a sweep are called.
func (f *sweepFlags) noun() string {
	if f.aimed.mode == searchMode {
		return "run"
	}
	return "seed"
}

// printCoverage says what a search has covered; with --json, in an object that follows
// those of the runs.
func (p *printer) printCoverage() {
	if p.covered == nil {
		return
	}
	if !p.json {
		fmt.Fprintln(p.out, p.covered.String())
		return
	}
	text, err := json.Marshal(map[string]search.Report{"coverage": p.covered.Report()})
	if err != nil {
		p.fail(fmt.Errorf("encoding the coverage: %w", err))
		return
	}
	fmt.Fprintf(p.out, "%s\n", text)
}

// neverSeen says what was to be seen at least once and was not, in a search that has
// found nothing else.
func (p *printer) neverSeen() string {
	if p.covered == nil || len(p.failed) > 0 || len(p.covered.NeverSeen) == 0 {
		return ""
	}
	return "never seen in the search: " + strings.Join(p.covered.NeverSeen, ", ")
}
