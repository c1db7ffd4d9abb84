package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/sim"
)

func parseSeeds(text string) (sim.SeedRange, error) {
	seeds, err := sim.ParseSeeds(text)
	if err != nil {
		return seeds, fmt.Errorf("--seeds: %w", err)
	}
	return seeds, nil
}

// parseShard reads --shard. Without it, a pod of an indexed Job takes its share,
// and anybody else takes all.
func parseShard(text string) (sim.Shard, error) {
	index, of := os.Getenv("JOB_COMPLETION_INDEX"), os.Getenv("JOB_COMPLETIONS")
	switch {
	case text != "":
	case index == "":
		return sim.WholeRange, nil
	case of == "":
		return sim.Shard{}, errors.New("JOB_COMPLETION_INDEX is set and JOB_COMPLETIONS is not: set it to the Job's completions, or give --shard I/N")
	default:
		text = index + "/" + of
	}
	shard, err := sim.ParseShard(text)
	if err != nil {
		return shard, fmt.Errorf("--shard: %w", err)
	}
	return shard, nil
}

// addWorkersFlag adds --workers. Its default is the machine's, and is told in words:
// help is the same everywhere.
func addWorkersFlag(c *cobra.Command, workers *int) {
	c.Flags().IntVar(workers, "workers", runtime.GOMAXPROCS(0), "`number` of worker processes; default one for each core, or as many as the container may use")
	c.Flags().Lookup("workers").DefValue = "0"
}

// output is what the flags say about printing and keeping results.
type output struct {
	json   bool
	dir    string
	strict bool
}

func (o *output) addFlags(c *cobra.Command) {
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON object per seed on stdout, and nothing else")
	c.Flags().StringVar(&o.dir, "out", "", "`folder` for the artifact of every failure")
}

func (o *output) addStrictFlag(c *cobra.Command) {
	c.Flags().BoolVar(&o.strict, "strict", false, "a run of which a step finds nothing to do, or a fault never takes effect, is a failure")
}

// prepare makes sure, before anything runs, that results can be kept.
func (o *output) prepare() error {
	if o.dir == "" {
		return nil
	}
	return artifact.Prepare(o.dir)
}
