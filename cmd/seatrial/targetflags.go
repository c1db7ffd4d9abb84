package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/internal/shell"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/target"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
	"github.com/seatrial/seatrial/sim"
)

// aimed is what the flags say about an aimed sweep.
type aimed struct {
	mode, only string
	limit      int
	keepFaults bool
	illegal    bool
	budget     string // of a search
	corpus     string // of a search: a folder; empty: none
}

func (a *aimed) addFlags(c *cobra.Command) {
	var modes []string
	for _, m := range target.Modes() {
		modes = append(modes, string(m))
	}
	c.Flags().StringVar(&a.mode, "mode", "", "aim faults at the calls of a fault-free run: "+strings.Join(modes, ", ")+"; the runs are those of the seeds, or of scenario files given as arguments; search: what seatrial.Check does, from one seed or from scenario files")
	c.Flags().StringVar(&a.budget, "budget", "", fmt.Sprintf("with --mode search: end after `N` runs, or begin none after a time such as 60s (default %d runs)", search.DefaultRuns))
	c.Flags().StringVar(&a.corpus, "corpus", "", "with --mode search: keep what showed something new in this `folder`, and begin with what is there")
	c.Flags().StringVar(&a.only, "only", "", "with --mode: run the derived plan of this `name` and no other")
	c.Flags().IntVar(&a.limit, "limit", 0, fmt.Sprintf("with --mode: at most so many plans for each seed or file (default all, of pairs %d)", target.DefaultPairs))
	c.Flags().BoolVar(&a.keepFaults, "keep-faults", false, "with --mode: keep the plan's own faults and add to them")
	c.Flags().BoolVar(&a.illegal, "allow-illegal", false, "draw faults that Kubernetes does not permit, too; every report says so")
}

// check says what is wrong with the flags taken together.
func (a *aimed) check(files []string, seeds string) error {
	switch {
	case a.mode == "" && (a.only != "" || a.limit != 0 || a.keepFaults):
		return errors.New("--only, --limit and --keep-faults go with --mode")
	case a.mode == "" && len(files) > 0:
		return errors.New("scenario files go with --mode; seatrial run runs them as they are")
	case a.mode != "" && a.illegal && !a.keepFaults:
		return errors.New("--allow-illegal adds to the plan's own faults, which --mode leaves out without --keep-faults")
	case a.mode != searchMode && (a.budget != "" || a.corpus != ""):
		return errors.New("--budget and --corpus go with --mode search")
	case a.mode == searchMode && (a.limit != 0 || a.keepFaults):
		return errors.New("--limit and --keep-faults do not go with --mode search (want --budget)")
	case a.limit < 0:
		return fmt.Errorf("--limit %d: want at least 1", a.limit)
	case len(files) > 0 && seeds != "":
		return errors.New("--seeds and scenario files exclude each other")
	case len(files) == 0 && seeds == "":
		return errors.New("want --seeds A-B, or scenario files with --mode")
	case a.mode == "":
		return nil
	}
	if a.mode == searchMode {
		return nil
	}
	if _, err := target.ParseMode(a.mode); err != nil {
		return fmt.Errorf("%w, or %s", err, searchMode)
	}
	return nil
}

// base is a scenario file that a sweep is aimed at.
type base struct {
	plan scenarios.Plan
	text string
	file results.File
}

// readBases reads all of the files, or says what is wrong with each.
func readBases(files []string, language *scenarios.Language) ([]base, error) {
	var bases []base
	names := map[string]bool{}
	var problems []error
	for _, file := range files {
		p, content, err := readScenario(file, language)
		switch {
		case err != nil:
			problems = append(problems, err)
		case names[p.Name]:
			problems = append(problems, fmt.Errorf("%s: the scenario %s is given twice", file, p.Name))
		default:
			bases, names[p.Name] = append(bases, base{p, string(content), results.FileOf(file, content)}), true
		}
	}
	return bases, errors.Join(problems...)
}

// sweep is the aimed sweep over the plans of the files, or else of the seeds. A
// shard has a part of the plans that are derived from the files, or of the seeds.
func (a *aimed) sweep(bases []base, chosen sim.SeedRange, part sim.Shard, subject *underTest) target.Sweep {
	s := target.Sweep{
		Mode: target.Mode(a.mode), KeepFaults: a.keepFaults, Subject: subject.subject, Package: subject.pkg, Mutexes: subject.mutexes, Site: subject.site, Language: subject.language(),
		Limit: a.limit, Only: a.only, Confirm: confirmations,
	}
	if len(bases) == 0 {
		s.Bases = func(yield func(sweep.Job) bool) {
			chosen.Each(part, func(seed sim.Seed) bool {
				return yield(subject.job(sweep.Job{Seed: uint64(seed), Extras: scenarios.Extras{Illegal: a.illegal}}))
			})
		}
		s.Replay = func(derived scenarios.Plan) string {
			return a.command(fmt.Sprintf("--seeds %d", derived.Seed), derived.Name, subject)
		}
		return s
	}
	source := map[string]string{} // by the plan's name: what the command line calls it
	for _, b := range bases {
		source[b.plan.Name] = shell.Quote(b.file.Path)
	}
	s.Shard = part
	s.Bases = func(yield func(sweep.Job) bool) {
		for _, b := range bases {
			if !yield(subject.job(sweep.Job{Seed: uint64(b.plan.Seed), Plan: b.text, File: b.file.Path})) {
				return
			}
		}
	}
	s.Replay = func(derived scenarios.Plan) string {
		name := derived.Name
		for source[name] == "" && name != "" {
			name = name[:max(strings.LastIndex(name, "-"), 0)]
		}
		return a.command(source[name], derived.Name, subject)
	}
	return s
}

// plainJob is the job of a seed in a sweep that aims at nothing. Only exact mode
// repeats what several workers do, so only there they are drawn.
func plainJob(seed uint64, subject *underTest, illegal bool, exact *sweep.Exact) sweep.Job {
	job := subject.job(sweep.Job{
		Seed: seed, Confirm: confirmations, Coverage: true, Exact: exact,
		Extras: scenarios.Extras{Illegal: illegal, Contention: exact != nil},
	})
	if job.Extras == (scenarios.Extras{}) && job.Site == nil {
		return job
	}
	job.Replay = fmt.Sprintf("%s sweep --seeds %d %s", programName, seed, subject.arguments())
	if illegal {
		job.Replay += " --allow-illegal"
	}
	if exact != nil {
		job.Replay += exactArguments(exact)
	}
	return job
}

// command shows one derived plan again.
func (a *aimed) command(source, name string, subject *underTest) string {
	text := fmt.Sprintf("%s sweep --mode %s %s --only %s %s", programName, a.mode, source, name, subject.arguments())
	if a.limit != 0 {
		text += fmt.Sprintf(" --limit %d", a.limit)
	}
	if a.keepFaults {
		text += " --keep-faults"
	}
	if a.illegal {
		text += " --allow-illegal"
	}
	return text
}
