package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"github.com/seatrial/seatrial/differential/realserver"
	"github.com/seatrial/seatrial/internal/realcluster"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

const (
	exitPassed = 0
	exitFailed = 1
	exitUsage  = 2
	exitServer = 3
)

type options struct {
	only     *regexp.Regexp
	speed    int
	parallel int
	logs     string
	scale    int
	folders  []string
}

func main() {
	klog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var only string
	flags := flag.NewFlagSet("e2e", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&only, "run", "", "run only scenarios whose name matches this `regexp`")
	flags.IntVar(&o.speed, "speed", 3, "divide the times of users and faults by this")
	flags.IntVar(&o.parallel, "parallel", 2, "how many control planes at a time")
	flags.StringVar(&o.logs, "logs", "", "`folder` that keeps the logs of the controllers")
	flags.IntVar(&o.scale, "scale", 0, "instead of scenarios, measure so many exported Services")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.folders = flags.Args()
	var err error
	switch o.only, err = regexp.Compile(only); {
	case err != nil:
		return o, fmt.Errorf("-run %q: %w", only, err)
	case o.speed < 1 || o.parallel < 1:
		return o, fmt.Errorf("-speed %d, -parallel %d: want at least 1 each", o.speed, o.parallel)
	case o.scale < 0 || o.scale > 65000:
		return o, fmt.Errorf("-scale %d: want 1 to 65000", o.scale)
	case len(o.folders) == 0 && o.scale == 0:
		return o, fmt.Errorf("name the folders of scenarios to run")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "e2e:", err)
		return exitUsage
	}
	if o.scale > 0 {
		return o.runScale(ctx, stdout, stderr)
	}
	plans, err := o.plans()
	if err != nil {
		fmt.Fprintln(stderr, "e2e:", err)
		return exitUsage
	}
	plans = slices.DeleteFunc(plans, func(plan scenarios.Plan) bool {
		err := realcluster.Feasible(&plan)
		if err != nil {
			fmt.Fprintf(stdout, "not run      %s: %v\n", plan.Name, err)
		}
		return err != nil
	})
	b, err := build(ctx, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "e2e:", err)
		return exitServer
	}
	defer os.RemoveAll(b.folder)
	return o.runAll(ctx, b, plans, stdout)
}

func (o *options) runScale(ctx context.Context, stdout, stderr io.Writer) int {
	b, err := build(ctx, stderr)
	if err == nil {
		defer os.RemoveAll(b.folder)
		err = o.measure(ctx, b, o.scale, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "e2e:", err)
		return exitServer
	}
	return exitPassed
}

// plans reads every scenario that the shipped controller is expected to pass.
func (o *options) plans() ([]scenarios.Plan, error) {
	var plans []scenarios.Plan
	for _, folder := range o.folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
		if err != nil {
			return nil, err
		}
		slices.Sort(files)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			plan, err := scenarios.Parse(file, text, globalingressip.Language())
			if err != nil {
				return nil, err
			}
			if o.only.MatchString(plan.Name) {
				plans = append(plans, plan)
			}
		}
	}
	if len(plans) == 0 {
		return nil, fmt.Errorf("no scenario in %s matches %q", strings.Join(o.folders, ", "), o.only)
	}
	return plans, nil
}

func (o *options) runAll(ctx context.Context, b *binaries, plans []scenarios.Plan, stdout io.Writer) int {
	var mu sync.Mutex
	code, passed := exitPassed, 0
	slots := make(chan struct{}, o.parallel)
	var running sync.WaitGroup
	begin := time.Now()
	for _, plan := range plans {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			result, err := o.runOne(ctx, b, plan)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				fmt.Fprintf(stdout, "error        %s: %v\n", plan.Name, err)
				code = max(code, exitServer)
			case report(stdout, plan.Name, result):
				passed++
			default:
				code = max(code, exitFailed)
			}
		})
	}
	running.Wait()
	fmt.Fprintf(stdout, "%d of %d scenarios passed on kube-apiserver %s in %s\n",
		passed, len(plans), realserver.Version, time.Since(begin).Round(time.Second))
	return code
}

// report prints what became of a scenario and says whether it passed.
func report(out io.Writer, name string, r *realcluster.Result) bool {
	var fired []string
	for kind, times := range r.Fired {
		fired = append(fired, fmt.Sprintf("%s %d", kind, times))
	}
	slices.Sort(fired)
	kind := string(r.Verdict.Kind)
	refused := forbidden(r.History)
	if refused != "" {
		kind = "forbidden"
	}
	fmt.Fprintf(out, "%-12s %s  %d requests in %s  faults: %s\n",
		kind, name, r.Requests, r.Took.Round(time.Second), strings.Join(fired, ", "))
	if refused != "" {
		fmt.Fprintf(out, "    deploy/rbac.yaml does not allow %s\n", refused)
		return false
	}
	if r.Verdict.Kind != model.VerdictPass {
		fmt.Fprintf(out, "    %s: %s\n    culprit: %s\n", r.Verdict.Property, r.Verdict.Message, r.Verdict.Culprit.Text)
		return false
	}
	return true
}

// forbidden finds the first request that the controller's roles do not allow.
func forbidden(h *model.History) string {
	for i := range h.Calls {
		if call := &h.Calls[i]; !call.User && call.Code == 403 {
			return call.String()
		}
	}
	return ""
}
