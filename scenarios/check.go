package scenarios

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/internal/testflags"
	"github.com/seatrial/seatrial/sim"
)

// CheckOptions say what [Check] runs. The zero value is ready for use.
type CheckOptions struct {
	// Seeds to run. Default 1-1000, with -short 1-100. The flag
	// -seatrial.seeds=A-B, when it is given, goes before.
	Seeds sim.SeedRange
	// Plan draws a plan from a seed. Default [Generate].
	Plan func(sim.Seed) Plan
	// Run puts the subject through a plan and judges it. Default [Run]. Another
	// one may judge by other properties or put more into the world.
	Run func(*testing.T, Plan, Subject, sim.Seed, RunOptions) Result
	// Saved is the folder of the plans that failed before. Default
	// testdata/seatrial/ and the name of the test.
	Saved string
}

// Check puts a subject through the plans of many seeds, and fails t with a
// sub-test for each seed that does not pass.
//
// The plans of failing seeds are saved as scenario files and run first the next
// time, so that a bug that was found once is looked for in each run. To have
// one run for good, commit its file; to forget it, delete the file. A failing
// seed is run twice more before it is reported, and the message says in how
// many of the runs it failed in the same way. Inconclusive is not a pass.
//
// The search ends after -seatrial.failures failing seeds, 5 if the flag is not
// given. Seeds are run in order, one after the other: only one world can be
// under way in a process, so a test that calls Check must not be parallel. A
// subject that blocks virtual time ends the process, after its seed and all
// stacks have been printed; sweeps, whose workers are processes of their own,
// go on. Same seeds and subject: same result.
func Check(t *testing.T, subject Subject, o CheckOptions) {
	t.Helper()
	c, err := newCheck(t, subject, o)
	if err != nil {
		t.Fatal(err)
	}
	if c.replaySaved(); c.enough() {
		return
	}
	c.Seeds.Each(sim.WholeRange, func(seed sim.Seed) bool {
		c.seed(seed)
		return !c.enough()
	})
	t.Logf("seatrial: %s, seeds %s: %d run, %d failed", subject.Name, c.Seeds, c.ran, c.failed)
}

// check is one call of [Check].
type check struct {
	CheckOptions
	t           *testing.T
	subject     Subject
	ran, failed int
}

func newCheck(t *testing.T, subject Subject, o CheckOptions) (*check, error) {
	c := &check{CheckOptions: o, t: t, subject: subject}
	if c.Plan == nil {
		c.Plan = Generate
	}
	if c.Run == nil {
		c.Run = Run
	}
	if c.Saved == "" {
		c.Saved = testflags.Folder(t)
	}
	usual, few := sim.SeedRange{First: 1, Last: 1000}, sim.SeedRange{First: 1, Last: 100}
	if o.Seeds != (sim.SeedRange{}) {
		usual, few = o.Seeds, o.Seeds
	}
	var err error
	if c.Seeds, err = testflags.Seeds(usual, few); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *check) enough() bool { return testflags.Enough(c.failed) }

// replaySaved runs what failed before, each file as a sub-test.
func (c *check) replaySaved() {
	files, err := filepath.Glob(filepath.Join(c.Saved, "*.yaml"))
	if err != nil {
		c.t.Fatalf("seatrial: looking for saved plans: %v", err)
	}
	for _, file := range files {
		c.t.Run("saved/"+strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			plan, err := ParseFile(file)
			if err != nil {
				t.Fatalf("a saved plan cannot be read; mend it or delete it: %v", err)
			}
			if failure := c.try(t, plan, plan.Seed); failure != "" {
				c.failed++
				t.Errorf("%s\nplan: %s", failure, file)
			}
		})
	}
}

// seed runs one seed, and saves and reports it when it fails.
func (c *check) seed(seed sim.Seed) {
	plan := c.Plan(seed)
	plan.Seed = seed
	c.ran++
	failure := c.try(c.t, plan, seed)
	if failure == "" {
		return
	}
	c.failed++
	saved, err := c.save(plan)
	if err != nil {
		saved = fmt.Sprintf("not saved: %v", err)
	}
	test, _, _ := strings.Cut(c.t.Name(), "/")
	c.t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) {
		t.Errorf("%s\nplan: %s\nagain: go test -run '^%s$' -seatrial.seeds=%d", failure, saved, test, seed)
	})
}

// try says how a run failed; empty when it passed.
func (c *check) try(t *testing.T, plan Plan, seed sim.Seed) string {
	result := c.Run(t, plan, c.subject, seed, RunOptions{})
	if result.Verdict.Kind == model.VerdictPass {
		return ""
	}
	same := testflags.Reproduced(result.Verdict, result.Record, func() (model.Verdict, *sim.Record) {
		again := c.Run(t, plan, c.subject, seed, RunOptions{})
		return again.Verdict, again.Record
	})
	v := result.Verdict
	text := fmt.Sprintf("%s: %s violated %s in %s, seed %d (reproduced %d/%d)\n%s",
		v.Kind, c.subject.Name, v.Property, plan.Name, seed, same, testflags.Runs, v.Message)
	if v.Culprit.Text != "" {
		text += fmt.Sprintf("\nculprit: event %d: %s", v.Culprit.Seq, v.Culprit.Text)
	}
	for _, p := range result.Record.History.Problems {
		text += fmt.Sprintf("\n%s %s: %s\n%s", p.Kind, p.Process, p.Message, p.Detail)
	}
	return text
}

// save keeps the plan of a failing seed.
func (c *check) save(plan Plan) (string, error) {
	text, err := Marshal(plan)
	if err != nil {
		return "", err
	}
	return testflags.Save(c.Saved, fmt.Sprintf("seed-%d.yaml", plan.Seed), text)
}
