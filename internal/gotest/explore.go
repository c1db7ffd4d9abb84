package gotest

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/target"
	"github.com/seatrial/seatrial/scenarios/search"
)

// searchSeed decides about latencies in a search, and is the first of its swarm.
const searchSeed = 1

// explore searches the subject within a budget, or makes the one run of that name.
func (c *check) explore(b budget, only string) {
	c.t.Helper()
	s := target.Search{
		Job:      sweep.Job{Seed: searchSeed, Subject: c.name, Confirm: confirmations},
		Language: c.subject.Language, Only: only, Runs: b.runs,
	}
	corpus := ""
	if *corpusFlag != "" && only == "" {
		corpus = filepath.Join(*corpusFlag, filepath.Base(Folder(c.name)))
		var err error
		if s.Corpus, err = search.ReadCorpus(corpus, c.subject.Language); err != nil {
			c.t.Fatalf("%v", err)
		}
	}
	c.of = uint64(b.runs)
	what := fmt.Sprintf("a search of %d runs", b.runs)
	if only != "" {
		s.Runs, c.of, what = 0, 0, only
	} else if b.lasting > 0 {
		began := time.Now()
		s.Enough = func() bool { return time.Since(began) >= b.lasting }
		what = fmt.Sprintf("a search for %s", b.lasting)
	}
	var coverage search.Coverage
	c.search(func(ctx context.Context, done func(string, sweep.Outcome)) (err error) {
		coverage, err = s.Run(ctx, c.pool.Run, func(step search.Step, o sweep.Outcome) { done(step.Name, o) })
		return err
	})
	c.end(what)
	if only != "" {
		return
	}
	c.t.Logf("%s", coverage.String())
	if corpus != "" && c.failed == 0 {
		if err := search.WriteCorpus(corpus, coverage.Corpus); err != nil {
			c.t.Errorf("%v", err)
		}
	}
	if c.failed > 0 {
		return // it ended early
	}
	for _, name := range coverage.NeverSeen {
		c.t.Errorf("seatrial: %s: %s was never seen in %d runs (want a law of seatrial.Sometimes to be seen at least once in a search: change the trial, or -seatrial.budget)", c.subject.Name, name, c.ran)
	}
}
