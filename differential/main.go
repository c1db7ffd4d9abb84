package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"github.com/seatrial/seatrial/differential/generate"
	"github.com/seatrial/seatrial/differential/known"
	"github.com/seatrial/seatrial/differential/realserver"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/apiserver/corpus"
)

// Exit codes.
const (
	exitSame      = 0
	exitDifferent = 1
	exitUsage     = 2
	exitServer    = 3
)

type options struct {
	duration time.Duration
	seed     uint64
	first    int
	requests int64
	find     int
	known    string
	out      string
}

func main() {
	// The libraries that the simulated server is made of log what a real server
	// would: invalid objects, mostly, of which there are many here.
	klog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("differential", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.DurationVar(&o.duration, "for", time.Minute, "how long to go on; building and starting the servers comes on top")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the sequences")
	flags.IntVar(&o.first, "first", 0, "number of the first sequence")
	flags.Int64Var(&o.requests, "requests", 0, "stop after so many requests; 0: when the time is up")
	flags.IntVar(&o.find, "find", 1, "stop after so many differences")
	flags.StringVar(&o.known, "known", "", "file of explained differences")
	flags.StringVar(&o.out, "out", "", "folder to write the cases to as well")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.find < 1 {
		return o, errors.New("-find must be at least 1")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitSame
	}
	if err != nil {
		fmt.Fprintln(stderr, "differential:", err)
		return exitUsage
	}
	j := &judge{}
	if o.known != "" {
		if j.known, err = known.Load(o.known); err != nil {
			fmt.Fprintln(stderr, "differential:", err)
			return exitUsage
		}
	}
	f := &fuzz{judge: j, out: stdout, seed: sim.Seed(o.seed), first: o.first, requests: o.requests, find: o.find, save: saver(o.out)}
	server, err := j.start(ctx, f, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "differential:", err)
		return exitServer
	}
	defer func() {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(stderr, "differential:", err)
		}
	}()
	return f.fuzzFor(ctx, o, stderr)
}

func saver(dir string) func(*corpus.Case) error {
	if dir == "" {
		return func(*corpus.Case) error { return nil }
	}
	return func(c *corpus.Case) error {
		_, err := corpus.Save(dir, c)
		return err
	}
}

// settleTime is how long a watch of the real server must stay silent. An event
// that comes later would be missed, not misjudged.
const settleTime = 30 * time.Millisecond

// start has the real server run, with the definitions of the custom resources.
func (j *judge) start(ctx context.Context, f *fuzz, log io.Writer) (*realserver.Server, error) {
	var err error
	if j.setup, err = generate.Setup(); err != nil {
		return nil, err
	}
	binaries, err := realserver.Binaries(ctx, log, realserver.Etcd, realserver.APIServer)
	if err != nil {
		return nil, err
	}
	server, err := realserver.Start(ctx, realserver.Options{Binaries: binaries})
	if err != nil {
		return nil, err
	}
	j.real = &corpus.Target{
		Transport:  server.Transport,
		Base:       server.URL,
		Headers:    map[string]string{"Authorization": "Bearer " + realserver.Token},
		SettleTime: settleTime,
		Sent:       func() { f.sent.Add(1) },
	}
	if _, err := corpus.Run(ctx, j.real, j.setup, ""); err != nil {
		return nil, errors.Join(fmt.Errorf("real server: set-up: %w", err), server.Stop())
	}
	f.sent.Store(0)
	return server, nil
}

func (f *fuzz) fuzzFor(ctx context.Context, o options, stderr io.Writer) int {
	ctx, cancel := context.WithTimeout(ctx, o.duration)
	defer cancel()
	fmt.Fprintf(f.out, "seed %d, from sequence %d, for %s, against Kubernetes %s\n", o.seed, o.first, o.duration, realserver.Version)
	began := time.Now()
	go f.watchProgress(ctx, 30*time.Second)
	err := f.run(ctx)
	fmt.Fprintln(f.out, f.summary(time.Since(began)))
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "differential:", err)
		return exitServer
	case len(f.found) > 0:
		return exitDifferent
	}
	return exitSame
}
