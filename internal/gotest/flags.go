package gotest

import (
	"flag"
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seatrial/seatrial/sim"
)

var (
	seedsFlag     = flag.String("seatrial.seeds", "", "run the plans of these seeds, `A-B` or one, instead of searching")
	runsFlag      = flag.Int("seatrial.runs", 0, "let Check make `N` runs; the same in any number of workers")
	budgetFlag    = flag.Duration("seatrial.budget", 0, "let Check begin runs for so much `time`")
	corpusFlag    = flag.String("seatrial.corpus", "", "keep what showed something new in a folder of the test below this `folder`, such as testdata/seatrial/corpus, and begin with what is there")
	failuresFlag  = flag.Int("seatrial.failures", 5, "end Check after `N` failing seeds; 0: never")
	workersFlag   = flag.Int("seatrial.workers", 0, "`N` worker processes; 0: one for each core")
	shrinkFlag    = flag.Int("seatrial.shrink", 150, "try at most `N` smaller plans for each failure; 0: none")
	artifactsFlag = flag.String("seatrial.artifacts", "", "`folder` that gets a folder for each failure; by default that of -artifacts, or one below the system's for temporary files")
	strictFlag    = flag.Bool("seatrial.strict", false, "fail when a step or a fault of the trial's own had no effect in any run")
	traceFlag     = flag.Bool("seatrial.trace", false, "print every event of the seeds that fail")
)

// seedsOr are those that -seatrial.seeds=A-B names. Without it they are usual, or
// few with -short. chosen: they were named.
func seedsOr(usual, few sim.SeedRange) (seeds sim.SeedRange, chosen bool, err error) {
	switch {
	case *seedsFlag != "":
		seeds, err = sim.ParseSeeds(*seedsFlag)
		if err != nil {
			return sim.SeedRange{}, true, fmt.Errorf("-seatrial.seeds: %w", err)
		}
		return seeds, true, nil
	case testing.Short():
		return few, false, nil
	}
	return usual, false, nil
}

// budget is how long a search goes on.
type budget struct {
	runs    int           // 0: any number
	lasting time.Duration // 0: any time
}

// budgetOr is what -seatrial.runs and -seatrial.budget say. Without them it is usual, or
// few with -short.
func budgetOr(usual, few int) (budget, error) {
	var b budget
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if given["seatrial.runs"] {
		if b.runs = *runsFlag; b.runs < 1 {
			return b, fmt.Errorf("-seatrial.runs=%d: nothing would be run (want at least 1)", b.runs)
		}
	}
	if given["seatrial.budget"] {
		if b.lasting = *budgetFlag; b.lasting <= 0 {
			return b, fmt.Errorf("-seatrial.budget=%s: nothing would be run (want a time, such as 60s)", b.lasting)
		}
	}
	switch {
	case b != budget{}:
	case testing.Short():
		b.runs = few
	default:
		b.runs = usual
	}
	return b, nil
}

// enough says whether that many failing seeds end the search.
func enough(failed int) bool { return *failuresFlag > 0 && failed >= *failuresFlag }

func workers() int {
	if *workersFlag > 0 {
		return *workersFlag
	}
	return runtime.GOMAXPROCS(0)
}

// filter is what -run says about the sub-tests of a test: nothing, or which of
// them is wanted.
type filter struct {
	given   bool
	pattern *regexp.Regexp
	text    string
}

// filterBelow is the part of -test.run for the sub-tests of the named test.
func filterBelow(name string) (filter, error) {
	f := flag.Lookup("test.run")
	if f == nil {
		return filter{}, nil
	}
	depth := strings.Count(name, "/") + 1
	parts := splitPattern(f.Value.String())
	if len(parts) <= depth || parts[depth] == "" {
		return filter{}, nil
	}
	pattern, err := regexp.Compile(parts[depth])
	if err != nil {
		return filter{}, fmt.Errorf("-run %s: %w", f.Value.String(), err)
	}
	return filter{given: true, pattern: pattern, text: parts[depth]}, nil
}

// splitPattern cuts a pattern of -run at the slashes that separate levels, as
// package testing does: not those within brackets.
func splitPattern(s string) []string {
	var parts []string
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[', '(':
			depth++
		case ']', ')':
			depth--
		case '/':
			if depth == 0 {
				parts, start = append(parts, s[start:i]), i+1
			}
		}
	}
	return append(parts, s[start:])
}

var oneSeed = regexp.MustCompile(`^\^?seed-([0-9]+)\$?$`)

// seed is the one seed that the filter names, however large, and whether it does.
func (f filter) seed() (sim.Seed, bool) {
	m := oneSeed.FindStringSubmatch(f.text)
	if m == nil || !f.given {
		return 0, false
	}
	n, err := strconv.ParseUint(m[1], 10, 64)
	return sim.Seed(n), err == nil
}

var oneRun = regexp.MustCompile(`^\^?((?:story-[0-9]+|probe(?:-[0-9a-f]{8})+))\$?$`)

// run is the one run of a search that the filter names, and whether it does.
func (f filter) run() (name string, ok bool) {
	m := oneRun.FindStringSubmatch(f.text)
	if m == nil || !f.given {
		return "", false
	}
	return m[1], true
}

// wants says whether the sub-test of that name is to be run.
func (f filter) wants(name string) bool { return !f.given || f.pattern.MatchString(name) }
