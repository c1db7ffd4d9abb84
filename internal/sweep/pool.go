package sweep

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
)

// Pool runs jobs in worker processes.
type Pool struct {
	// Workers is the number of processes; default 1.
	Workers int
	// Threads is GOMAXPROCS of a worker; default 1, which is fastest: the
	// scheduler of a world runs one goroutine at a time almost always, and there
	// are as many workers as cores.
	Threads int
	// Binary is the program to start as a worker; default the running one. Its
	// main function must call [ServeIfWorker] first, or a test of it [Serve]. Args
	// are its arguments, Env what is added to its environment, Dir where it runs.
	Binary string
	Args   []string
	Env    []string
	Dir    string
	// Lifetime is how many jobs a worker runs before another takes its place;
	// default 2,000. Exact ones do not count: a module's memory ends with its run.
	//
	// Of every sync.WaitGroup that comes down to zero in a bubble the Go runtime
	// (1.26) keeps 32 bytes outside the heap, which no collection gives back:
	// runtime.synctest_disassociate drops the record that it unlinks. client-go and
	// controller-runtime do that some 200 times a run, which is 7 MB in 1,000 runs.
	Lifetime int
}

// Run sends every job to some worker and calls done with each outcome, in the
// order of the jobs, never concurrently. It returns when all jobs are done, or
// with ctx's error when ctx ends first: then the jobs under way are abandoned
// and have no outcome. Any other error means that no worker could be started.
func (p Pool) Run(ctx context.Context, jobs iter.Seq[Job], done func(Outcome)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := make(chan numbered)
	go func() {
		defer close(queue)
		number := 0
		for job := range jobs {
			select {
			case queue <- numbered{number, job}:
				number++
			case <-ctx.Done():
				return
			}
		}
	}()
	outcomes := &inOrder{waiting: make(map[int]Outcome), done: done}
	var wg sync.WaitGroup
	for range max(1, p.Workers) {
		wg.Go(func() {
			if err := p.serve(ctx, queue, outcomes); err != nil {
				stop(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

type numbered struct {
	number int
	job    Job
}

// inOrder passes outcomes on in the order of their jobs.
type inOrder struct {
	mu      sync.Mutex
	next    int
	waiting map[int]Outcome
	done    func(Outcome)
}

func (o *inOrder) put(number int, outcome Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting[number] = outcome
	for {
		outcome, ok := o.waiting[o.next]
		if !ok {
			return
		}
		delete(o.waiting, o.next)
		o.next++
		o.done(outcome)
	}
}

// defaultLifetime holds the loss at 15 MB; starting a worker costs as much time
// as ten runs.
const defaultLifetime = 2000

// serve feeds one worker at a time from the queue, replacing it when it dies and
// at the end of its lifetime.
func (p Pool) serve(ctx context.Context, queue <-chan numbered, outcomes *inOrder) error {
	var w *worker // nil stops as well
	defer func() { w.stop() }()
	for next := range queue {
		if w != nil && w.jobsDone >= cmp.Or(p.Lifetime, defaultLifetime) {
			w.stop()
			w = nil
		}
		outcome, err := p.attempt(ctx, &w, next.job)
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		outcomes.put(next.number, outcome)
	}
	return nil
}

// attempt runs a job, and again when it took its worker down, as often as
// failures are confirmed. w is the worker at hand, nil when there is none. The
// error means that no worker could be started.
func (p Pool) attempt(ctx context.Context, w **worker, job Job) (Outcome, error) {
	var first Outcome
	runs, same, patience := 0, 0, job.Watchdog
	for runs < 1+job.Repetitions() {
		if *w == nil {
			var err error
			if *w, err = p.start(ctx); err != nil {
				return Outcome{}, err
			}
		}
		again := job
		again.Watchdog = patience
		outcome, err := (*w).do(again)
		if ctx.Err() != nil {
			return Outcome{}, nil
		}
		fatal := err != nil || outcome.Property == noHang && outcome.Runs == 0
		// A crash inside a module of exact mode stays inside.
		if fatal || outcome.Verdict == model.VerdictCrash && job.Exact == nil {
			lastWords := (*w).stop() // what a crash leaves behind must not reach the next seed
			*w = nil
			if err != nil {
				outcome = Died(job, lastWords)
			}
		}
		if !fatal && runs == 0 {
			return outcome, nil // the worker lived, and confirmed what it found
		}
		if runs == 0 {
			first, first.Job = outcome, job
		}
		if first.Property == noHang {
			patience = min(cmp.Or(patience, hungAgain), hungAgain)
		}
		if runs++; outcome.Property == first.Property {
			same++
		}
	}
	first.Runs, first.Reproduced = runs, same
	return first, p.complete(ctx, w, &first)
}

// hungAgain is how long a run that has hung may go without progress, in real time,
// when it is run again. The first time decides, and waits for longer.
const hungAgain = 3 * time.Second

// complete lets a worker say what one that died could not: the plan, and whether the
// failure is known.
func (p Pool) complete(ctx context.Context, w **worker, o *Outcome) error {
	ask := o.Job
	ask.Signature = o.Signature
	if ask.PlanOnly = true; !ask.foreign() {
		ask.Exact = nil
	}
	if ask.Watchdog > 0 {
		ask.Watchdog = max(ask.Watchdog, hungAgain) // to draw a plan may take a run
	}
	for range 2 {
		if *w == nil {
			var err error
			if *w, err = p.start(ctx); err != nil {
				return err
			}
		}
		if drawn, err := (*w).do(ask); err == nil && drawn.Property != noHang {
			o.Scenario, o.Plan, o.Illegal, o.Known, o.Stories = drawn.Scenario, drawn.Plan, drawn.Illegal, drawn.Known, drawn.Stories
			return nil
		}
		(*w).stop()
		*w = nil
		ask.FaultFree = true // it dies without faults already, when they are to be drawn
	}
	o.FaultFree = true
	return nil
}

// Names of properties that a pool itself decides.
const (
	noPanic = "no-panic"
	noHang  = "no-hang"
)

// exitStatus is how the last words end of a process that was not ended by a signal.
const exitStatus = "exit status "

// Died is the outcome of a job that ended its worker's process.
func Died(job Job, lastWords string) Outcome {
	const mute = "the process ended without a word"
	message := mute
	for line := range strings.Lines(lastWords) {
		if status, ok := strings.CutPrefix(line, exitStatus); ok {
			message = mute + " (" + exitStatus + strings.TrimSpace(status) + ")"
		}
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			message = strings.TrimSpace(line)
			break
		}
		if strings.HasPrefix(line, "WARNING: DATA RACE") {
			message = "a data race, at which the race detector ends the process"
			break
		}
	}
	return Outcome{
		Job: job, Verdict: model.VerdictCrash, Property: noPanic, Message: message, Signature: scenarios.SignatureOf(noPanic, message),
		Detail: lastWords,
	}
}

// worker is one child process. Jobs go in on its standard input, outcomes come
// out on its file descriptor 3; its standard output and error are kept for the
// case that it dies.
type worker struct {
	command *exec.Cmd
	jobs    io.WriteCloser
	results *bufio.Reader
	pipe    *os.File
	output  *tail
	// jobsDone counts those that use up its lifetime.
	jobsDone int
}

// workerVariable marks a process as a worker.
const workerVariable = "SEATRIAL_WORKER"

func (p Pool) start(ctx context.Context) (*worker, error) {
	binary := p.Binary
	if binary == "" {
		var err error
		if binary, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("finding the program to start workers with: %w", err)
		}
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("opening a pipe for a worker: %w", err)
	}
	defer write.Close()
	w := &worker{output: &tail{limit: 1 << 20}, pipe: read, results: bufio.NewReaderSize(read, 1<<20)}
	w.command = exec.CommandContext(ctx, binary, p.Args...)
	w.command.Dir = p.Dir
	w.command.Env = append(os.Environ(), workerVariable+"=1", fmt.Sprintf("GOMAXPROCS=%d", max(1, p.Threads)))
	w.command.Env = append(w.command.Env, p.Env...)
	w.command.Stdout, w.command.Stderr = w.output, w.output
	w.command.ExtraFiles = []*os.File{write}
	if w.jobs, err = w.command.StdinPipe(); err != nil {
		read.Close()
		return nil, fmt.Errorf("opening a worker's standard input: %w", err)
	}
	if err := w.command.Start(); err != nil {
		read.Close()
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	return w, nil
}

// do runs one job. An error means that the worker died of it.
func (w *worker) do(job Job) (Outcome, error) {
	if err := json.NewEncoder(w.jobs).Encode(job); err != nil {
		return Outcome{}, fmt.Errorf("sending seed %d to a worker: %w", job.Seed, err)
	}
	line, err := w.results.ReadBytes('\n')
	if err != nil {
		return Outcome{}, fmt.Errorf("waiting for seed %d: %w", job.Seed, err)
	}
	var outcome Outcome
	if err := json.Unmarshal(line, &outcome); err != nil {
		return Outcome{}, fmt.Errorf("reading the outcome of seed %d: %w", job.Seed, err)
	}
	if job.Exact == nil {
		w.jobsDone++
	}
	return outcome, nil
}

// stop ends the worker and returns the end of what it printed.
func (w *worker) stop() string {
	if w == nil {
		return ""
	}
	w.jobs.Close()
	err := w.command.Wait()
	w.pipe.Close()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		fmt.Fprintf(w.output, "%v\n", exit) // a signal, the out-of-memory killer's for one, or an exit status
	}
	return w.output.String()
}

// tail keeps the last part of what is written to it.
type tail struct {
	mu    sync.Mutex
	bytes bytes.Buffer
	limit int
}

// Write implements [io.Writer]; it never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes.Write(p)
	if extra := t.bytes.Len() - t.limit; extra > 0 {
		t.bytes.Next(extra)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes.String()
}
