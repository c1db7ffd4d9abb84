// Package testflags is what the Check functions of packages scenarios and trial
// have in common: the flags of go test that they read, and how they tell a sure
// failure from one that comes and goes.
package testflags

import (
	"flag"
	"fmt"
	"testing"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

var (
	seeds    = flag.String("seatrial.seeds", "", "seeds that Check runs, `A-B` or one; by default 1-1000 (trials: 1-100), with -short fewer")
	failures = flag.Int("seatrial.failures", 5, "end Check after `N` failing seeds; 0: never")
)

// Seeds are those that -seatrial.seeds=A-B names. Without it they are usual, or
// few with -short.
func Seeds(usual, few sim.SeedRange) (sim.SeedRange, error) {
	switch {
	case *seeds != "":
		chosen, err := sim.ParseSeeds(*seeds)
		if err != nil {
			return sim.SeedRange{}, fmt.Errorf("-seatrial.seeds: %w", err)
		}
		return chosen, nil
	case testing.Short():
		return few, nil
	}
	return usual, nil
}

// Asked says whether -seatrial.seeds was given.
func Asked() bool { return *seeds != "" }

// Enough says whether that many failing seeds end the search.
func Enough(failed int) bool { return *failures > 0 && failed >= *failures }

// Runs is how often a failing seed is run before it is reported.
const Runs = 3

// Reproduced runs a failing seed again, and says in how many of [Runs] runs, the
// given one included, it failed in the very same way: verdict, property and hash.
func Reproduced(verdict model.Verdict, record *sim.Record, again func() (model.Verdict, *sim.Record)) int {
	same := 1
	for range Runs - 1 {
		v, r := again()
		if v.Kind == verdict.Kind && v.Property == verdict.Property && r.Hash == record.Hash {
			same++
		}
	}
	return same
}
