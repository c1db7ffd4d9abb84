package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/artefact"
)

// seedRange is a closed range of seeds, as `--seeds A-B` gives it.
type seedRange struct{ first, last uint64 }

func parseSeeds(text string) (seedRange, error) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	first, err1 := strconv.ParseUint(from, 10, 64)
	last, err2 := strconv.ParseUint(to, 10, 64)
	switch {
	case err1 != nil || err2 != nil:
		return seedRange{}, fmt.Errorf("--seeds %q: want A-B with whole numbers, for instance 1-1000", text)
	case first > last:
		return seedRange{}, fmt.Errorf("--seeds %q: the range ends before it begins", text)
	case last-first == math.MaxUint64:
		return seedRange{}, fmt.Errorf("--seeds %q: the range is too large", text)
	}
	return seedRange{first, last}, nil
}

// each calls yield with every seed of the range that belongs to the shard,
// until it says no; then the result is false.
func (r seedRange) each(s shard, yield func(uint64) bool) bool {
	for seed := r.first; ; seed++ {
		if (seed-r.first)%s.of == s.index && !yield(seed) {
			return false
		}
		if seed == r.last {
			return true
		}
	}
}

// shard is part index of `of` equal parts, index counted from 0.
type shard struct{ index, of uint64 }

func parseShard(text string) (shard, error) {
	if text == "" {
		return shard{0, 1}, nil
	}
	index, of, ok := strings.Cut(text, "/")
	i, err1 := strconv.ParseUint(index, 10, 64)
	n, err2 := strconv.ParseUint(of, 10, 64)
	if !ok || err1 != nil || err2 != nil || n == 0 || i >= n {
		return shard{}, fmt.Errorf("--shard %q: want I/N with 0 <= I < N, for instance 0/4", text)
	}
	return shard{i, n}, nil
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
