package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/version"
)

// source is what a command runs again: an artifact, a scenario file, or the
// plan that is generated from a seed.
type source struct {
	seed       uint64
	subject    underTest
	anyVersion bool
}

func (s *source) addFlags(c *cobra.Command) {
	c.Flags().Uint64Var(&s.seed, "seed", 0, "the plan generated from this seed, or the file with this seed")
	c.Flags().BoolVar(&s.anyVersion, "any-version", false, "also an artifact that another version made: its run may be another one now")
	s.subject.addFlags(c)
}

// job finds what is to be run, and what an artifact says it was; nil when it is
// no artifact.
func (s *source) job(c *cobra.Command, args []string) (sweep.Job, *artifact.Artifact, error) {
	seedGiven := c.Flags().Changed("seed")
	if len(args) == 0 {
		if !seedGiven {
			return sweep.Job{}, nil, fmt.Errorf("%s: want an artifact, a scenario file or --seed N", c.Name())
		}
		err := s.subject.check()
		return s.subject.job(sweep.Job{Seed: s.seed}), nil, err
	}
	info, err := os.Stat(args[0])
	if err != nil {
		return sweep.Job{}, nil, fmt.Errorf("%s: %w (want the folder of a failure, or a scenario file)", c.Name(), err)
	}
	if !info.IsDir() {
		jobs, err := scenarioJobs(args, &s.subject, seedGiven, s.seed, "")
		if err != nil {
			return sweep.Job{}, nil, err
		}
		for job := range jobs {
			return job, nil, nil
		}
	}
	if seedGiven || c.Flags().Changed("subject") {
		return sweep.Job{}, nil, fmt.Errorf("%s: an artifact has a seed and a subject of its own; --seed and --subject go with a scenario file", c.Name())
	}
	return s.artifactJob(args[0])
}

func (s *source) artifactJob(path string) (sweep.Job, *artifact.Artifact, error) {
	a, err := artifact.Read(path)
	if err != nil {
		return sweep.Job{}, nil, err
	}
	if err := a.MadeWith(version.String()); err != nil && !s.anyVersion {
		return sweep.Job{}, nil, fmt.Errorf("the artifact %s: %w: use that one, or --any-version to try with this", path, err)
	}
	job := a.Outcome.Job
	if job.Site != nil {
		// The scenario file may be on another machine; its plan says all that it said.
		file, err := filepath.Abs(filepath.Join(path, "plan.yaml"))
		if err != nil {
			return sweep.Job{}, nil, fmt.Errorf("the artifact %s: %w", path, err)
		}
		job.Site = &sweep.Site{File: file, Text: a.Plan}
	}
	s.subject = *of(job)
	if err := s.subject.check(); err != nil {
		return sweep.Job{}, nil, fmt.Errorf("the artifact %s: %w", path, err)
	}
	job.Plan, job.File = a.Plan, path+"/plan.yaml"
	return job, a, nil
}
