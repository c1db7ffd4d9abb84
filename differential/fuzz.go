package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seatrial/seatrial/differential/generate"
	"github.com/seatrial/seatrial/differential/shrink"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/apiserver/corpus"
)

// fuzz runs sequences until the time is up, enough requests were sent, or
// enough differences were found.
type fuzz struct {
	judge    *judge
	out      io.Writer
	seed     sim.Seed
	first    int // number of the first sequence
	requests int64
	find     int
	save     func(*corpus.Case) error

	sent      atomic.Int64
	sequences atomic.Int64
	next      atomic.Int64
	extra     atomic.Int64 // namespaces of runs made for shrinking
	slots     [generate.Slots]sync.Mutex

	mu         sync.Mutex
	signatures map[string]bool
	found      []string
	passing    int // differences that did not show again
}

// run starts one worker for each slot and returns when all have ended.
func (f *fuzz) run(ctx context.Context) error {
	f.signatures = map[string]bool{}
	f.next.Store(int64(f.first))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	for range generate.Slots {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for ctx.Err() == nil && !f.enough() {
				if err := f.sequence(ctx, int(f.next.Add(1)-1)); err != nil {
					cancel(err)
				}
			}
		}()
	}
	workers.Wait()
	err := context.Cause(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (f *fuzz) enough() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests > 0 && f.sent.Load() >= f.requests || len(f.found) >= f.find
}

// sequence runs one sequence and deals with the difference it may show.
func (f *fuzz) sequence(ctx context.Context, number int) error {
	slot := number % generate.Slots
	f.slots[slot].Lock()
	defer f.slots[slot].Unlock()
	c := generate.Sequence(f.seed, number)
	d, err := f.judge.compare(ctx, c, slot, fmt.Sprintf("sequence-%d", number))
	if err != nil {
		return interrupted(ctx, fmt.Errorf("sequence %d: %w", number, err))
	}
	f.sequences.Add(1)
	if d == nil || !f.fresh(d.signature) {
		return nil
	}
	small, again, err := f.shrink(ctx, c, slot, d)
	if err != nil {
		return interrupted(ctx, fmt.Errorf("shrinking sequence %d: %w", number, err))
	}
	if again == nil {
		if ctx.Err() != nil {
			return nil
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.passing++
		fmt.Fprintf(f.out, "sequence %d: a difference that did not show again: %s: %s: %s\n",
			number, c.Steps[d.step].ID, d.signature, strings.Join(d.lines, "; "))
		return nil
	}
	return f.report(small, number, again)
}

// interrupted hides errors that only say that the time is up.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// fresh is true the first time it sees a signature.
func (f *fuzz) fresh(signature string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.signatures[signature] {
		return false
	}
	f.signatures[signature] = true
	return true
}

// shrinkBudget bounds the runs spent on simplifying the requests of one case.
const shrinkBudget = 300

// shrink looks for a smaller case with the same difference. The difference is
// nil if the case does not show it a second time.
func (f *fuzz) shrink(ctx context.Context, c *corpus.Case, slot int, d *difference) (*corpus.Case, *difference, error) {
	var failure error
	again := func(candidate *corpus.Case) *difference {
		if failure != nil {
			return nil
		}
		namespace := fmt.Sprintf("shrink-%d", f.extra.Add(1))
		got, err := f.judge.compare(ctx, candidate, slot, namespace)
		if err != nil {
			failure = err
			return nil
		}
		if got == nil || got.signature != d.signature {
			return nil
		}
		return got
	}
	fails := func(candidate *corpus.Case) bool { return again(candidate) != nil }
	if !fails(c) {
		return c, nil, failure
	}
	c = shrink.Steps(c, d.step, fails)
	c = shrink.Requests(c, shrinkBudget, fails)
	last := again(c)
	return c, last, failure
}

// report completes the case with the real server's answers and prints it.
func (f *fuzz) report(c *corpus.Case, number int, d *difference) error {
	hash := sha256.Sum256([]byte(d.signature))
	c.Name = "found/" + plural(d.signature) + "-" + hex.EncodeToString(hash[:4])
	c.Doc = fmt.Sprintf("seed %d, sequence %d: the simulated server differs at %s: %s",
		f.seed, number, c.Steps[d.step].ID, strings.Join(d.lines, "; "))
	for i, s := range c.Steps {
		s.Expect = d.real[i]
	}
	b, err := corpus.Encode(c)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found = append(f.found, d.signature)
	fmt.Fprintf(f.out, "\ndifference %d: %s\n%s\n", len(f.found), c.Doc, b)
	return f.save(c)
}

var collection = regexp.MustCompile(`/([a-z]+)(/NAME\S*)?( |$)`)

func plural(signature string) string {
	if m := collection.FindStringSubmatch(signature); m != nil {
		return m[1]
	}
	return "other"
}

// watchProgress prints a line every interval until ctx is over.
func (f *fuzz) watchProgress(ctx context.Context, interval time.Duration) {
	began := time.Now()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			fmt.Fprintln(f.out, f.summary(time.Since(began)))
		}
	}
}

func (f *fuzz) summary(d time.Duration) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	sent := f.sent.Load()
	return fmt.Sprintf("%d requests in %d sequences, %s, %.0f requests/s, %d differences, %d that did not show again, %d sequences in which the real server broke off",
		sent, f.sequences.Load(), d.Round(time.Second), float64(sent)/d.Seconds(), len(f.found), f.passing, f.judge.broken.Load())
}
