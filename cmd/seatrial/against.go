package main

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/seatrial/seatrial/internal/shell"
	"github.com/seatrial/seatrial/internal/sweep"
)

// realCluster is what the flags say about running on a real API server.
type realCluster struct {
	kubeconfig string
	speed      int
	settle     time.Duration
	logs       string
	naming     string // the flag that names the cluster
}

// addFlags adds them; naming is the flag that names the cluster.
func (r *realCluster) addFlags(c *cobra.Command, naming string) {
	r.naming = naming
	c.Flags().StringVar(&r.kubeconfig, naming, "",
		"run on the API server of this `kubeconfig`, in real time; the cluster must have no custom resources of the subject's kinds")
	c.Flags().IntVar(&r.speed, "speed", 1, "with --"+naming+": divide the times of users and faults by `N`")
	c.Flags().DurationVar(&r.settle, "settle", 0, "with --"+naming+": wait no longer than this `time` for the world to come to rest; default as the plan says")
	c.Flags().StringVar(&r.logs, "logs", "", "with --"+naming+": `folder` that keeps the controller's logs")
}

func (r *realCluster) check(c *cobra.Command) error {
	if r.kubeconfig == "" {
		for _, name := range []string{"speed", "settle", "logs"} {
			if c.Flags().Changed(name) {
				return fmt.Errorf("--%s has no meaning without --%s", name, r.naming)
			}
		}
		return nil
	}
	if r.speed < 1 {
		return fmt.Errorf("--speed %d: want at least 1", r.speed)
	}
	if r.settle < 0 {
		return fmt.Errorf("--settle %s: want a time, such as 3m", r.settle)
	}
	if _, err := os.Stat(r.kubeconfig); err != nil {
		return fmt.Errorf("the kubeconfig: %w", err)
	}
	return nil
}

// job makes a job one for the real API server. It runs in a worker, which may have
// another folder than this program.
func (r *realCluster) job(j sweep.Job) (sweep.Job, error) {
	real := sweep.Real{Speed: r.speed, Settle: r.settle}
	var err, err2 error
	if real.Kubeconfig, err = filepath.Abs(r.kubeconfig); r.logs != "" {
		real.Logs, err2 = filepath.Abs(r.logs)
	}
	j.Real, j.Once = &real, true
	return j, errors.Join(err, err2)
}

// jobs are those on the real API server, with the command that shows each again.
func (r *realCluster) jobs(jobs iter.Seq[sweep.Job]) (iter.Seq[sweep.Job], error) {
	_, err := r.job(sweep.Job{})
	return func(yield func(sweep.Job) bool) {
		for job := range jobs {
			job, _ = r.job(job) // a job could be made a moment ago
			job.Replay = fmt.Sprintf("%s run %s --seed %d %s --against %s --speed %d",
				programName, shell.Quote(job.File), job.Seed, of(job).arguments(), shell.Quote(r.kubeconfig), r.speed)
			if !yield(job) {
				return
			}
		}
	}, err
}
