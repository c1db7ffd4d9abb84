package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/internal/shrink"
	"github.com/seatrial/seatrial/internal/version"
	"github.com/seatrial/seatrial/scenarios"
)

// afterwards shrinks failures, if the sweep is whole and that was asked for, and
// writes the page over all of them.
func (s *sweeping) afterwards(c *cobra.Command, whole bool) error {
	summary, err := results.Merge([]string{s.folder.Path()})
	if err != nil {
		return err
	}
	if whole && s.flags.shrink > 0 {
		err = s.shrinkSome(c, summary)
	}
	return errors.Join(err, writeIndex(filepath.Join(s.folder.Path(), indexFile), []results.Night{{Name: filepath.Base(s.folder.Path()), Summary: summary}}))
}

// shrinkSome shrinks the first failures of each signature, and none that is known.
// What has been shrunk by an earlier sweep is left as it is.
func (s *sweeping) shrinkSome(c *cobra.Command, summary *results.Summary) error {
	status := newStatus(c.ErrOrStderr())
	defer status.clear()
	tried := map[string]int{}
	for _, f := range summary.Failures {
		kind := f.Subject + " " + cmp.Or(f.Signature, f.Property)
		if tried[kind]++; tried[kind] > s.flags.shrink {
			continue
		}
		folder := filepath.Join(f.Folder, f.Artifact)
		if _, err := os.Stat(filepath.Join(folder, artifact.SmallPlan)); err == nil {
			continue
		}
		if err := s.shrinkArtifact(c.Context(), folder, func(p shrink.Progress) {
			status.show(fmt.Sprintf("shrinking seed %d: %s, %s tried", f.Seed, p.Size, scenarios.Count(p.Tried, "plan")))
		}); err != nil {
			return err
		}
	}
	return nil
}

// shrinkArtifact puts the small plan and its explanation beside the large one.
func (s *sweeping) shrinkArtifact(ctx context.Context, folder string, progress func(shrink.Progress)) error {
	a, err := artifact.Read(folder)
	if err != nil {
		return err
	}
	job := a.Outcome.Job
	job.Plan, job.File = a.Plan, filepath.Join(folder, "plan.yaml")
	if job.Exact != nil {
		job.Exact = s.exact // with the file of the module, which artifacts do not name
	}
	result, err := shrink.Shrink(ctx, job, shrink.Options{Pool: s.pool, Language: s.flags.subject.language(), Progress: progress})
	if errors.Is(err, shrink.ErrPasses) {
		return nil // it fails now and then: there is nothing to go by
	}
	if err != nil {
		return fmt.Errorf("shrinking %s: %w", folder, err)
	}
	small := filepath.Join(folder, artifact.SmallPlan)
	if err := writeSmallReport(filepath.Join(folder, artifact.SmallReport), small, result); err != nil {
		return err
	}
	if err := writeFile(small, result.YAML); err != nil {
		return err
	}
	return artifact.NoteShrunk(folder)
}

// writeSmallReport shows the small run, with what its last fault does.
func writeSmallReport(file, plan string, r *shrink.Result) error {
	o := r.Outcome
	o.Job.File, o.Porcupine = filepath.Base(plan), nil // it is beside the page, more often than not
	words := artifact.Words{Version: version.String(), Replay: replayCommandFor(o)}
	if r.Explanation != nil {
		words.Explains = r.Explanation.String()
	}
	page, err := artifact.Page(words, o)
	if err != nil {
		return err
	}
	return writeFile(file, page)
}
