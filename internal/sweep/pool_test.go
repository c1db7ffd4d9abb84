package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: a subject that takes its process down costs one seed its verdict, by
// name, and no other seed anything. Method: subjects that do it in one way
// each, between two seeds of the shipped controller.

var troublesome = []globalingressip.Variant{
	{Name: "test/panics", Run: func(context.Context, *rest.Config, controller.Options) error {
		go func() { panic("nobody recovers this") }()
		select {}
	}},
	{Name: "test/exits-the-program", Run: func(context.Context, *rest.Config, controller.Options) error {
		os.Exit(0)
		return nil
	}},
	{Name: "test/blocks-virtual-time", Run: func(context.Context, *rest.Config, controller.Options) error {
		var mu sync.Mutex
		mu.Lock()
		mu.Lock()
		return nil
	}},
	{Name: "test/spins", Run: func(ctx context.Context, _ *rest.Config, _ controller.Options) error {
		//lint:ignore SA5002 that is the trouble
		for {
		}
	}},
	{Name: "test/gives-up", Run: func(context.Context, *rest.Config, controller.Options) error {
		return errors.New("no API server at start")
	}},
	{Name: "test/leaks", Run: func(ctx context.Context, _ *rest.Config, _ controller.Options) error {
		go func() { select {} }()
		<-ctx.Done()
		return nil
	}},
}

func TestTroubleCostsOneSeed(t *testing.T) {
	for _, c := range []struct{ subject, property, message string }{
		{"test/panics", "no-panic", "panic: nobody recovers this"},
		{"test/exits-the-program", "no-panic", "the process ended without a word"},
		{"test/blocks-virtual-time", "no-hang", "a goroutine blocks virtual time"},
		{"test/spins", "no-hang", "a goroutine blocks virtual time"},
		{"test/gives-up", "no-exit", "no API server at start"},
		{"test/leaks", "no-goroutine-leak", "goroutines are left"},
	} {
		t.Run(c.subject, func(t *testing.T) {
			good := sweep.Job{Seed: 1, Subject: globalingressip.Shipped}
			bad := sweep.Job{Seed: 2, Subject: c.subject, Watchdog: 300 * time.Millisecond}
			outcomes := run(t, sweep.Pool{}, []sweep.Job{good, bad, good})
			assert.Equal(t, model.VerdictPass, outcomes[0].Verdict)
			assert.Equal(t, model.VerdictCrash, outcomes[1].Verdict)
			assert.Equal(t, c.property, outcomes[1].Property)
			assert.Contains(t, outcomes[1].Message, c.message)
			assert.Equal(t, outcomes[1].Runs, outcomes[1].Reproduced, "it happens each time")
			assert.Equal(t, model.VerdictPass, outcomes[2].Verdict)
			assert.Equal(t, outcomes[0].Hash, outcomes[2].Hash, "the seeds around it are as ever")
		})
	}
}

func TestOutcomesComeInTheOrderOfTheJobs(t *testing.T) {
	outcomes := run(t, sweep.Pool{Workers: 3}, jobs([]uint64{5, 4, 3, 2, 1, 6, 7, 8}, false))
	var got []uint64
	for _, o := range outcomes {
		got = append(got, o.Job.Seed)
	}
	assert.Equal(t, []uint64{5, 4, 3, 2, 1, 6, 7, 8}, got)
}

// A worker makes way for another after its lifetime, and nobody sees it in what
// comes out.
func TestAWorkerHasALifetime(t *testing.T) {
	dir := t.TempDir()
	started, program := filepath.Join(dir, "started"), filepath.Join(dir, "worker")
	script := fmt.Sprintf("#!/bin/sh\necho $$ >>'%s'\nexec '%s'\n", started, os.Args[0])
	require.NoError(t, os.WriteFile(program, []byte(script), 0o755))
	seeds := []uint64{1, 2, 3, 4, 5}

	outcomes := run(t, sweep.Pool{Binary: program, Lifetime: 2}, jobs(seeds, false))
	text, err := os.ReadFile(started)
	require.NoError(t, err)
	assert.Len(t, strings.Fields(string(text)), 3, "processes for five jobs")
	assert.Equal(t, run(t, sweep.Pool{}, jobs(seeds, false)), outcomes)
}

func TestAnInterruptedSweepEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	finished := 0
	err := (sweep.Pool{Workers: 2}).Run(ctx, func(yield func(sweep.Job) bool) {
		for seed := uint64(1); yield(sweep.Job{Seed: seed, Subject: globalingressip.Shipped}); seed++ {
		}
	}, func(sweep.Outcome) {
		if finished++; finished == 5 {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.GreaterOrEqual(t, finished, 5)
}

func TestAJobThatCannotBeRunSaysWhy(t *testing.T) {
	outcomes := run(t, sweep.Pool{}, []sweep.Job{{Subject: "nobody"}, {Subject: globalingressip.Shipped, Plan: "kind: Nonsense", File: "x.yaml"}})
	assert.Contains(t, outcomes[0].Error, `unknown subject "nobody"`)
	assert.Contains(t, outcomes[1].Error, "x.yaml:1:")
}

func TestAWorkerThatCannotBeStartedIsAnError(t *testing.T) {
	err := (sweep.Pool{Binary: "/nonexistent"}).Run(context.Background(), func(yield func(sweep.Job) bool) { yield(sweep.Job{}) }, func(sweep.Outcome) {})
	assert.ErrorContains(t, err, "starting a worker")
}
