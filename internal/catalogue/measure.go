package catalogue

import (
	"context"
	"fmt"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
)

// Measure searches in as many ranges as asked for, each until the subject is
// caught or size runs are through. The sibling is the subject without its bug: a run that fails it as well
// is no detection. Errors are those of the pool, ctx's, and
// that a job could not be run at all.
func Measure(ctx context.Context, pool sweep.Pool, subject, sibling string, search Search, ranges, size int) (Finding, error) {
	f := Finding{Subject: subject, Size: size, Properties: make(map[string]int)}
	for number := range ranges {
		t := trial{finding: &f, pool: pool, sibling: sibling, ctx: ctx}
		err := search(ctx, pool, number, t.next)
		if err == nil {
			err = t.broken
		}
		if err != nil {
			return f, err
		}
		f.Runs = append(f.Runs, t.found)
	}
	return f, nil
}

// trial is the search in one range.
type trial struct {
	finding *Finding
	pool    sweep.Pool
	sibling string
	ctx     context.Context
	runs    int
	found   int // NotFound, or the run that caught the subject
	broken  error
}

// next looks at one more outcome and says whether to go on.
func (t *trial) next(o sweep.Outcome) bool {
	t.runs++
	if o.Error != "" {
		t.broken = fmt.Errorf("%s, seed %d: %s", o.Job.Subject, o.Job.Seed, o.Error)
		return false
	}
	if failed(o) {
		switch innocent, err := t.siblingPasses(o.Job); {
		case err != nil:
			t.broken = err
			return false
		case innocent:
			t.catch(o)
			return false
		}
		t.finding.FalseAlarms++
	}
	return t.runs < t.finding.Size
}

func (t *trial) catch(o sweep.Outcome) {
	t.found = t.runs
	t.finding.Properties[o.Property]++
	if t.finding.Example == nil {
		t.finding.Example = &o.Job
	}
}

func (t *trial) siblingPasses(job sweep.Job) (bool, error) {
	job.Subject, job.Once = t.sibling, true
	passes := false
	err := t.pool.Run(t.ctx, only(job), func(o sweep.Outcome) { passes = !failed(o) })
	return passes, err
}

func only(job sweep.Job) func(func(sweep.Job) bool) {
	return func(yield func(sweep.Job) bool) { yield(job) }
}

func failed(o sweep.Outcome) bool {
	return o.Verdict != model.VerdictPass && o.Verdict != model.VerdictInconclusive
}
