package gotest

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/shrink"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/version"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
)

// explain makes a failure smaller, keeps it, and puts it into words. A failure
// whose like has been explained already is told in a line.
func (c *check) explain(name string, o sweep.Outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s violated %s (reproduced %s)\n", o.Verdict, c.subject.Name, o.Property, o.HowOften())
	fmt.Fprintf(&b, "    %s\n", o.Message)
	if before := c.first[o.Signature]; before != "" && o.Signature != "" {
		fmt.Fprintf(&b, "    most likely the same as %s\n%s", before, c.again(name))
		return b.String()
	}
	c.first[o.Signature] = name
	smallest := c.shrink(o)
	last := smallest.Outcome
	if last.Culprit != nil && last.Culprit.Text != last.Message {
		fmt.Fprintf(&b, "    culprit: event %d: %s\n", last.Culprit.Seq, last.Culprit.Text)
	}
	if why := cmp.Or(last.Why, o.Why); why != nil {
		fmt.Fprintf(&b, "    why: %s.\n%s", why.Sentence, why.Events())
	}
	if advice := adviceOn(o.Property, o.Message); advice != "" {
		fmt.Fprintf(&b, "    advice: %s\n", advice)
	}
	if o.Signature != "" {
		fmt.Fprintf(&b, "    signature: %s\n", o.Signature)
	}
	c.story(&b, o, smallest)
	if last.Detail != "" {
		fmt.Fprintln(&b, strings.TrimSpace(last.Detail))
	}
	c.events(&b, last)
	b.WriteString(c.again(name))
	c.keep(&b, name, smallest)
	return b.String()
}

// shrink makes a failure smaller, within the budget of -seatrial.shrink. What
// cannot be made smaller is returned as it is.
func (c *check) shrink(o sweep.Outcome) *shrink.Result {
	asIs := &shrink.Result{Outcome: o, YAML: []byte(o.Plan)}
	if *shrinkFlag <= 0 || o.Plan == "" {
		return asIs
	}
	job := o.Job
	job.Plan, job.File = o.Plan, o.Scenario
	most := *shrinkFlag
	if o.Property == "no-hang" {
		most = (most + 9) / 10 // a plan that hangs costs seconds, and others milliseconds
	}
	smallest, err := shrink.Shrink(c.ctx, job, shrink.Options{Pool: c.pool, Language: c.subject.Language, Most: most, Progress: func(p shrink.Progress) {
		c.progress(fmt.Sprintf("; making %s smaller: %s tried", o.Property, scenarios.Count(p.Tried, "plan")))
	}})
	if err != nil || smallest.Outcome.Verdict == model.VerdictPass {
		return asIs
	}
	return smallest
}

// story lists what users did and what went wrong, as small as it was made.
func (c *check) story(b *strings.Builder, found sweep.Outcome, smallest *shrink.Result) {
	before, err1 := scenarios.Parse(found.Scenario, []byte(found.Plan), c.subject.Language)
	after, err2 := scenarios.Parse("min.yaml", smallest.YAML, c.subject.Language)
	if err1 != nil || err2 != nil {
		return // a worker died before it could say what it ran
	}
	fmt.Fprintf(b, "what users did (%d of %d steps):\n", len(after.Steps), len(before.Steps))
	for i := range after.Steps {
		fmt.Fprintf(b, "    %s\n", &after.Steps[i])
	}
	if found.FaultFree || len(after.Faults) == 0 {
		fmt.Fprintln(b, "what went wrong: nothing; it fails without a fault")
		return
	}
	fmt.Fprintf(b, "what went wrong (%d of %d faults):\n", len(after.Faults), len(before.Faults))
	for i := range after.Faults {
		fmt.Fprintf(b, "    %s\n", &after.Faults[i])
	}
}

// events prints the trace, if it is asked for.
func (c *check) events(b *strings.Builder, o sweep.Outcome) {
	if !*traceFlag {
		return
	}
	events, err := sweep.DecodeEvents("the trace", o.Trace)
	if err != nil {
		fmt.Fprintln(b, err)
	}
	for _, e := range events {
		fmt.Fprintln(b, e)
	}
}

// again is the command that runs a sub-test again.
func (c *check) again(name string) string {
	if strings.HasPrefix(name, "guided-") {
		name = "saved-" + name // what it was made from is not made without all runs before it
	}
	if _, ok := c.t.(*testing.T); !ok && flag.Lookup("ginkgo.focus") != nil {
		seeds := ""
		if seed, ok := strings.CutPrefix(name, "seed-"); ok {
			seeds = " -seatrial.seeds=" + seed
		}
		return fmt.Sprintf("again: go test -ginkgo.focus='%s' -v%s -seatrial.trace\n", focus(c.t.Name()), seeds)
	}
	return fmt.Sprintf("again: go test -run '%s/^%s$' -v -seatrial.trace\n", exactly(c.t.Name()), name)
}

// keep saves the plan to be run first the next time, and writes the failure's
// folder.
func (c *check) keep(b *strings.Builder, name string, smallest *shrink.Result) {
	if len(smallest.YAML) > 0 && !strings.HasPrefix(name, "saved-") {
		path, err := save(c.saved, name+".yaml", smallest.YAML)
		if err != nil {
			path = fmt.Sprintf("not saved: %v", err)
		}
		fmt.Fprintf(b, "saved: %s\n", path)
	}
	folder, err := c.artifacts()
	if err == nil {
		err = artifact.Prepare(folder)
	}
	if err == nil {
		kept := smallest.Outcome
		kept.Job.Package = underTest()
		folder, err = artifact.Write(folder, version.String(), kept)
	}
	if err != nil {
		fmt.Fprintf(b, "artifact: not written: %v\n", err)
		return
	}
	fmt.Fprintf(b, "artifact: %s (report.html shows the run as a picture)\n", folder)
}

// underTest is the package whose test binary this is, for seatrial replay to build
// it anew; empty when it does not tell.
func underTest() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	pkg, _ := strings.CutSuffix(info.Path, ".test")
	return pkg
}

// artifacts is the folder for those of this test.
func (c *check) artifacts() (string, error) {
	if *artifactsFlag != "" {
		return filepath.Join(*artifactsFlag, filepath.Base(Folder(c.name))), nil
	}
	if f := flag.Lookup("test.artifacts"); f != nil && f.Value.String() == "true" {
		if t, ok := c.t.(interface{ ArtifactDir() string }); ok {
			return t.ArtifactDir(), nil
		}
	}
	if f := flag.Lookup("test.outputdir"); f != nil && f.Value.String() != "" {
		return filepath.Join(f.Value.String(), "seatrial", filepath.Base(Folder(c.name))), nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return filepath.Join(os.TempDir(), "seatrial", filepath.Base(here), filepath.Base(Folder(c.name))), nil
}

// adviceOn says what usually lies behind a violation of a generic property.
func adviceOn(property, message string) string {
	if property == "no-panic" && strings.HasPrefix(message, "the process ended without a word") {
		return "return an error from the controller's function instead of os.Exit, log.Fatal or klog.Fatal; with no exit status, the system has killed it, for want of memory most likely"
	}
	return map[string]string{
		"no-exit":              "return from the controller's function only when its context has ended; a failed call at start is to be tried again",
		"no-panic":             "the stack below says where, also if a framework recovered it; what a cache or a status does not have yet is nil",
		"no-goroutine-leak":    "return when the context ends; shut down work queues, event broadcasters and informer factories, and pass the context on; the dump below shows where they wait",
		"no-hang":              "do not loop without a pause, and do not wait for what is outside the run: a channel or mutex of package level, a socket, a file; a mutex that is held across a call needs seatrial test",
		"no-wall-clock":        "take the time from time.Now, time.Since and timers, which are the run's, not from files, system calls, certificates or other programs",
		"bounded-retries":      "return the error to a rate-limited queue instead of trying again at once",
		"quiet":                "compare before writing: an update that changes nothing wakes your own watch, and so on for ever",
		"finalizers-removed":   "an object that is being deleted needs to be reconciled until its finalizer is gone, also after a restart and when what it stood for is gone already",
		"no-orphans":           "garbage collection needs the owner's uid of now, in the same namespace or in none, and no finalizer that nobody removes",
		"users-performed":      "the run did not do what it was meant to: see the server's answer above, and correct the objects or steps",
		scenarios.LikeBaseline: "look at the object's last change, and at what was lost before it; what may differ by design goes into Ignore",
	}[property]
}
