package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/aim"
	"github.com/seatrial/seatrial/scenarios/sweep"
	"github.com/seatrial/seatrial/sim"
)

// aimed is what the flags say about an aimed sweep.
type aimed struct {
	mode, only string
	limit      int
	keepFaults bool
	illegal    bool
}

func (a *aimed) addFlags(c *cobra.Command) {
	var modes []string
	for _, m := range aim.Modes() {
		modes = append(modes, string(m))
	}
	c.Flags().StringVar(&a.mode, "mode", "", "aim faults at the calls of a fault-free run: "+strings.Join(modes, ", ")+"; the runs are those of the seeds, or of scenario files given as arguments")
	c.Flags().StringVar(&a.only, "only", "", "with --mode: run the derived plan of this `name` and no other")
	c.Flags().IntVar(&a.limit, "limit", 0, fmt.Sprintf("with --mode: at most so many plans for each seed or file (default all, of pairs %d)", aim.DefaultPairs))
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
	case a.limit < 0:
		return fmt.Errorf("--limit %d: want at least 1", a.limit)
	case len(files) > 0 && seeds != "":
		return errors.New("--seeds and scenario files exclude each other")
	case len(files) == 0 && seeds == "":
		return errors.New("want --seeds A-B, or scenario files with --mode")
	case a.mode == "":
		return nil
	}
	_, err := aim.ParseMode(a.mode)
	return err
}

// sweep is the aimed sweep over the plans of the seeds, or of the files. A shard
// has a part of the seeds, or of the plans that are derived from the files.
func (a *aimed) sweep(files []string, chosen sim.SeedRange, part sim.Shard, subject string) (aim.Sweep, error) {
	s := aim.Sweep{
		Mode: aim.Mode(a.mode), KeepFaults: a.keepFaults, Subject: subject,
		Limit: a.limit, Only: a.only, Confirm: confirmations,
	}
	if len(files) == 0 {
		s.Plans = func(yield func(scenarios.Plan) bool) {
			chosen.Each(part, func(seed sim.Seed) bool { return yield(a.generate(seed)) })
		}
		s.Replay = func(derived scenarios.Plan) string {
			return a.command(fmt.Sprintf("--seeds %d", derived.Seed), derived.Name, subject)
		}
		return s, nil
	}
	var plans []scenarios.Plan
	source := map[string]string{} // by the plan's name: what the command line calls it
	var problems []error
	for _, file := range files {
		p, err := scenarios.ParseFile(file)
		switch {
		case err != nil:
			problems = append(problems, err)
		case source[p.Name] != "":
			problems = append(problems, fmt.Errorf("%s: the scenario %s is given twice", file, p.Name))
		default:
			plans = append(plans, p)
			source[p.Name] = quote(file)
		}
	}
	s.Plans, s.Shard = slices.Values(plans), part
	s.Replay = func(derived scenarios.Plan) string {
		base := derived.Name
		for source[base] == "" && base != "" {
			base = base[:max(strings.LastIndex(base, "-"), 0)]
		}
		return a.command(source[base], derived.Name, subject)
	}
	return s, errors.Join(problems...)
}

func (a *aimed) generate(seed sim.Seed) scenarios.Plan {
	return scenarios.GenerateWith(seed, scenarios.Extras{Illegal: a.illegal})
}

// plainJob is the job of a seed in a sweep that aims at nothing. Only exact mode
// repeats what several workers do, so only there they are drawn.
func plainJob(seed uint64, subject string, illegal bool, exact *sweep.Exact) sweep.Job {
	job := sweep.Job{
		Seed: seed, Subject: subject, Confirm: confirmations, Coverage: true, Exact: exact,
		Extras: scenarios.Extras{Illegal: illegal, Contention: exact != nil},
	}
	if job.Extras == (scenarios.Extras{}) {
		return job
	}
	job.Replay = fmt.Sprintf("%s sweep --seeds %d --subject %s", quote(os.Args[0]), seed, subject)
	if illegal {
		job.Replay += " --allow-illegal"
	}
	if exact != nil {
		job.Replay += exactArguments(exact)
	}
	return job
}

// command shows one derived plan again.
func (a *aimed) command(source, name, subject string) string {
	text := fmt.Sprintf("%s sweep --mode %s %s --only %s --subject %s", quote(os.Args[0]), a.mode, source, name, subject)
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
