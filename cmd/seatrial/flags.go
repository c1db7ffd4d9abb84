package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/artefact"
)

func parseSeeds(text string) (scenarios.SeedRange, error) {
	seeds, err := scenarios.ParseSeeds(text)
	if err != nil {
		return seeds, fmt.Errorf("--seeds: %w", err)
	}
	return seeds, nil
}

func parseShard(text string) (scenarios.Shard, error) {
	if text == "" {
		return scenarios.Whole, nil
	}
	index, of, ok := strings.Cut(text, "/")
	i, err1 := strconv.ParseUint(index, 10, 64)
	n, err2 := strconv.ParseUint(of, 10, 64)
	if !ok || err1 != nil || err2 != nil || n == 0 || i >= n {
		return scenarios.Shard{}, fmt.Errorf("--shard %q: want I/N with 0 <= I < N, for instance 0/4", text)
	}
	return scenarios.Shard{Index: i, Of: n}, nil
}

// output is what the flags say about printing and keeping results.
type output struct {
	json bool
	dir  string
}

func (o *output) addFlags(c *cobra.Command) {
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON object per seed on stdout, and nothing else")
	c.Flags().StringVar(&o.dir, "out", "", "`folder` for the artefact of every failure")
}

// prepare makes sure, before anything runs, that results can be kept.
func (o *output) prepare() error {
	if o.dir == "" {
		return nil
	}
	return artefact.Prepare(o.dir)
}

func addSubjectFlag(c *cobra.Command, subject *string) {
	c.Flags().StringVar(subject, "subject", scenarios.DefaultSubject, "`name` of the controller under test; see seatrial subjects")
}

func checkSubject(name string) error {
	if _, ok := scenarios.FindSubject(name); !ok {
		return fmt.Errorf("--subject %q: there is no such subject; seatrial subjects lists them", name)
	}
	return nil
}
