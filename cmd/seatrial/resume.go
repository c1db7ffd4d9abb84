package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/internal/target"
	"github.com/seatrial/seatrial/sim"
)

// place finds out which shard this is and where its results are.
func (f *sweepFlags) place(c *cobra.Command) error {
	shard, err := parseShard(f.shard)
	if err != nil {
		return err
	}
	if f.shard == "" && shard.String() != "" {
		fmt.Fprintf(c.ErrOrStderr(), "seatrial: shard %s, from JOB_COMPLETION_INDEX and JOB_COMPLETIONS\n", shard)
	}
	f.shard, f.out.dir = shard.String(), cmp.Or(f.resume, f.out.dir)
	if f.out.dir != "" && f.shard != "" {
		f.out.dir = filepath.Join(f.out.dir, "shard-"+strings.ReplaceAll(f.shard, "/", "-of-"))
	}
	return nil
}

// adopt takes from the results folder of --resume what the command line leaves
// open: alone, it goes on with whatever is there. What is given as well must be
// the same, which is for [results.Open] to see. It returns the scenario files of
// an aimed sweep.
func (f *sweepFlags) adopt(c *cobra.Command, files []string) ([]string, error) {
	if f.resume == "" || f.seeds != "" || f.aimed.mode != "" {
		return files, nil
	}
	before, _, err := results.Read(f.out.dir)
	if err != nil {
		return nil, fmt.Errorf("--resume: %w", err)
	}
	given := c.Flags().Changed
	if file := before.Site.Path; f.subject.site == nil && file != "" {
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("--resume %s: it is a sweep of a scenario file that cannot be found from here: %w (want the file as argument)", f.resume, err)
		}
		if _, err := f.subject.bringFile(file); err != nil {
			return nil, fmt.Errorf("--resume: %w", err)
		}
	}
	if !given("subject") && f.subject.pkg == "" && f.subject.site == nil {
		f.subject.subject, f.subject.pkg, f.subject.mutexes = before.Subject, before.Package, before.Mutexes
	}
	if !given("baseline") {
		f.baseline.named = before.Baseline
	}
	if !given("strict") {
		f.out.strict = before.Strict
	}
	if !given("allow-illegal") {
		f.aimed.illegal = before.Illegal
	}
	if !given("only") {
		f.aimed.only = before.Aim.Only
	}
	if !given("limit") {
		f.aimed.limit = before.Aim.Limit
	}
	if !given("keep-faults") {
		f.aimed.keepFaults = before.Aim.KeepFaults
	}
	f.seeds, f.aimed.mode, f.shard = before.Seeds, before.Aim.Mode, cmp.Or(f.shard, before.Shard)
	if len(files) == 0 {
		for _, file := range before.Aim.Files {
			if _, err := os.Stat(file.Path); err != nil {
				return nil, fmt.Errorf("--resume %s: it is aimed at a scenario file that cannot be found from here: %w (want the files as arguments)", f.resume, err)
			}
			files = append(files, file.Path)
		}
	}
	return files, nil
}

// madeBefore are the runs that a folder has already.
func madeBefore(entries []results.Entry) []target.Made {
	made := make([]target.Made, len(entries))
	for i := range entries {
		made[i] = target.Made{Scenario: entries[i].Scenario, Seed: sim.Seed(entries[i].Seed)}
	}
	return made
}
