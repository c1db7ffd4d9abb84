package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/internal/shell"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/version"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
)

// line is the object that --json prints per seed. Its fields are a contract.
type line struct {
	Seed           uint64            `json:"seed"`
	Scenario       string            `json:"scenario"`
	Subject        string            `json:"subject"`
	Verdict        model.VerdictKind `json:"verdict"`
	Property       string            `json:"property"`
	Message        string            `json:"message,omitempty"`
	Culprit        string            `json:"culprit,omitempty"` // the event that broke the law
	Why            string            `json:"why,omitempty"`     // what led to it, in one sentence
	Hash           string            `json:"hash"`
	Requests       int               `json:"requests"`
	VirtualSeconds float64           `json:"virtual_seconds"`
	Reproduced     string            `json:"reproduced"`
	Illegal        bool              `json:"illegal,omitempty"`   // with faults that Kubernetes does not permit
	Signature      string            `json:"signature,omitempty"` // of a failure
	Known          string            `json:"known,omitempty"`     // why a failure does not count
	// Idle and Unfired are the steps and faults without an effect. A sweep, whose
	// plans have many, tells them with --strict.
	Idle    []string `json:"idle,omitempty"`
	Unfired []string `json:"unfired,omitempty"`
}

// printer prints outcomes as they come and remembers what they amount to.
type printer struct {
	output
	style style
	out   *sink
	// quiet leaves out passes: a sweep has too many of them.
	quiet bool

	counts map[model.VerdictKind]int // without known failures
	// failed and known are the failures so far, voids the runs that --strict
	// makes one.
	failed, known []results.Failure
	voids         int
	fired         map[string]int
	met           coverage
	// failure is the last line pair to print: verdict and replay command of the first
	// of the gravest failures, which are of this verdict.
	failure string
	gravest model.VerdictKind
	noun    string           // what runs are called; empty: seed
	covered *search.Coverage // by a search; nil: there was none
	rates   string           // how fast a sweep was; empty: not measured
	index   string           // the page over all failures; empty: there is none
	// flaky are the failures that were not the same run each time.
	flaky []sweep.Outcome
	err   error
}

// sink remembers that something could not be printed, as when standard output is
// a file on a full disk: outcomes that nobody will read are an error.
type sink struct {
	to  io.Writer
	err error // the first
}

// Write implements [io.Writer].
func (s *sink) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("printing: %w", err)
	}
	return n, err
}

func newPrinter(o output, out io.Writer, quiet bool) *printer {
	return &printer{output: o, out: &sink{to: out}, quiet: quiet, counts: make(map[model.VerdictKind]int), fired: make(map[string]int)}
}

func (p *printer) print(o sweep.Outcome) {
	if o.Error != "" {
		p.fail(fmt.Errorf("seed %d: %s", o.Job.Seed, o.Error))
		return
	}
	p.met.add(o)
	if isFlaky(o) {
		p.flaky = append(p.flaky, sweep.Outcome{Job: o.Job, Property: o.Property, Runs: o.Runs, Reproduced: o.Reproduced})
	}
	failed := o.Verdict != model.VerdictPass && o.Known == ""
	replay := pasteable(replayCommandFor(o))
	p.count(results.Failure{Entry: p.entryOf(o), Folder: p.dir})
	if failed && p.dir != "" {
		path, err := artifact.Write(p.dir, version.String(), o)
		if err != nil {
			p.fail(err) // and go on: the verdict is worth more than its artifact
		} else {
			replay = pasteable(programName + " replay " + shell.Quote(path))
		}
	}
	defer func() { p.fail(p.out.err) }()
	if p.json {
		p.printJSON(o)
		return
	}
	if failed || !p.quiet || p.void(o) {
		fmt.Fprintln(p.out, p.style.leading(o.Verdict, summary(o)))
		p.printVoid(o)
	}
	if o.Known != "" && !p.quiet {
		fmt.Fprintf(p.out, "    %s\n    known: %s\n", o.Signature, o.Known)
	}
	if !failed {
		if p.void(o) && p.failure == "" {
			p.failure = fmt.Sprintf("strict: %s and %s of %s, seed %d, had no effect\n%s", scenarios.Count(len(o.Idle), "step"), scenarios.Count(len(o.Unfired), "fault"), o.Scenario, o.Job.Seed, replay)
		}
		return
	}
	p.printFailure(o)
	p.last(o.Verdict, fmt.Sprintf("%s\n%s", p.style.leading(o.Verdict, oneLine(o)), replay))
}

// last keeps what is said of a failure for the last lines, if none so far was as grave.
func (p *printer) last(verdict model.VerdictKind, text string) {
	if p.failure == "" || results.Graver(verdict, p.gravest) {
		p.failure, p.gravest = text, verdict
	}
}

// count adds a run up.
func (p *printer) count(f results.Failure) {
	for kind, times := range f.Fired {
		p.fired[kind] += times
	}
	if f.Void() {
		p.voids++
	}
	switch {
	case f.Known != "":
		p.known = append(p.known, f)
		return
	case !f.Passed():
		p.failed = append(p.failed, f)
	}
	p.counts[f.Verdict]++
}

// entryOf is the entry of an outcome in a results folder.
func (p *printer) entryOf(o sweep.Outcome) results.Entry {
	entry := results.EntryOf(o)
	if !entry.Passed() {
		entry.Replay = replayCommandFor(o)
	}
	if !entry.Passed() && entry.Known == "" && p.dir != "" {
		entry.Artifact = artifact.Name(o)
	}
	if p.strict {
		entry.Idle, entry.Unfired = o.Idle, o.Unfired
	}
	return entry
}

// void says whether steps or faults had no effect, and that is a failure.
func (p *printer) void(o sweep.Outcome) bool { return p.strict && len(o.Idle)+len(o.Unfired) > 0 }

// printVoid tells what had no effect in a run that somebody looks at.
func (p *printer) printVoid(o sweep.Outcome) {
	if p.quiet && !p.strict {
		return
	}
	if len(o.Idle) > 0 {
		fmt.Fprintf(p.out, "    steps that found nothing to do: %s\n", strings.Join(o.Idle, ", "))
	}
	if len(o.Unfired) > 0 {
		fmt.Fprintf(p.out, "    faults that never took effect: %s\n", strings.Join(o.Unfired, ", "))
	}
	if o.Leftovers != "" {
		fmt.Fprintf(p.out, "    the cluster is not as it was: %s\n", o.Leftovers)
	}
}

// restore counts a run of an earlier sweep that is gone on with.
func (p *printer) restore(e *results.Entry, folder string) {
	p.count(results.Failure{Entry: *e, Folder: folder})
	p.met.restore(e)
	if !e.Passed() && e.Known == "" {
		p.last(e.Verdict, p.style.leading(e.Verdict, fmt.Sprintf("%s\n%s", verdictLine(*e), replayOf(results.Failure{Entry: *e, Folder: folder}))))
	}
}

// fail keeps the first error; nil is none.
func (p *printer) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *printer) printJSON(o sweep.Outcome) {
	l := line{
		Seed: o.Job.Seed, Scenario: o.Scenario, Subject: o.Job.Subject, Verdict: o.Verdict, Property: o.Property,
		Hash: o.Hash, Requests: o.Requests, VirtualSeconds: o.Virtual.Seconds(), Reproduced: o.HowOften(), Illegal: o.Illegal,
		Signature: o.Signature, Known: o.Known, Message: o.Message,
	}
	if o.Culprit != nil {
		l.Culprit = o.Culprit.Text
	}
	if o.Why != nil {
		l.Why = o.Why.Sentence
	}
	if p.strict || !p.quiet {
		l.Idle, l.Unfired = o.Idle, o.Unfired
	}
	text, err := json.Marshal(l)
	if err != nil {
		p.fail(fmt.Errorf("encoding the outcome of seed %d: %w", o.Job.Seed, err))
		return
	}
	fmt.Fprintf(p.out, "%s\n", text)
}

func (p *printer) printFailure(o sweep.Outcome) {
	fmt.Fprintf(p.out, "    %s: %s\n", p.style.bold(o.Property), o.Message)
	if c := o.Culprit; c != nil {
		fmt.Fprintf(p.out, "    culprit: event %d: %s\n", c.Seq, c.Text)
	}
	if o.Why != nil && o.Why.Sentence != "" {
		fmt.Fprintf(p.out, "    why: %s\n", p.style.bold(o.Why.Sentence))
	}
	if o.Verdict == model.VerdictCrash && o.Detail != "" {
		for _, l := range firstLines(o.Detail, 40) {
			fmt.Fprintf(p.out, "    | %s\n", l)
		}
	}
}

func summary(o sweep.Outcome) string {
	if o.Job.Real != nil {
		return fmt.Sprintf("%-12s %s  seed %d  subject %s  %s in %s of real time",
			o.Verdict, o.Scenario, o.Job.Seed, o.Job.Subject, scenarios.Count(o.Requests, "request"), o.Virtual.Round(time.Millisecond))
	}
	if o.Hash == "" { // the process ended, and what it had done went with it
		return fmt.Sprintf("%-12s %s  seed %d  subject %s", o.Verdict, o.Scenario, o.Job.Seed, o.Job.Subject)
	}
	return fmt.Sprintf("%-12s %s  seed %d  subject %s  %s in %s of virtual time  hash %s%s",
		o.Verdict, o.Scenario, o.Job.Seed, o.Job.Subject, scenarios.Count(o.Requests, "request"), o.Virtual, o.Hash, caveat(o))
}

func oneLine(o sweep.Outcome) string { return verdictLine(results.EntryOf(o)) + caveat(o) }

// verdictLine is a failure on one line.
func verdictLine(e results.Entry) string {
	return fmt.Sprintf("%s: %s (reproduced %s)", e.Verdict, e.Violation(), e.Reproduced)
}

// programName is what commands that are kept begin with. Where this program is on the
// machine that ran it tells nobody else anything.
const programName = "seatrial"

// pasteable is a command as it can be pasted into this very shell.
func pasteable(command string) string {
	return shell.Quote(os.Args[0]) + strings.TrimPrefix(command, programName)
}

// replayCommandFor is a command that shows the outcome again, as it is kept; see
// [pasteable].
func replayCommandFor(o sweep.Outcome) string {
	if o.Job.Replay != "" {
		return o.Job.Replay
	}
	what := "--seed " + fmt.Sprint(o.Job.Seed)
	if o.Job.File != "" {
		what = shell.Quote(o.Job.File) + " " + what
	}
	if e := o.Job.Exact; e != nil {
		what += exactArguments(e)
	}
	if o.Job.Site != nil && o.Job.File != "" {
		return fmt.Sprintf("%s replay %s", programName, what) // the file says it all
	}
	return fmt.Sprintf("%s replay %s %s", programName, what, of(o.Job).arguments())
}

// exactArguments are those that ask for the same exact run.
func exactArguments(e *sweep.Exact) string {
	text := " --exact"
	if e.Engine != "" {
		text += " --engine " + e.Engine
	}
	if e.Schedule != 0 {
		text += fmt.Sprintf(" --schedule %d", e.Schedule)
	}
	return text
}

func firstLines(s string, n int) []string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(lines) > n {
		lines = append(lines[:n], "… and "+scenarios.Count(len(lines)-n, "more line"))
	}
	return lines
}

// finish prints the end of the output and gives the exit code as an error.
func (p *printer) finish() error {
	if p.json {
		p.printCoverage()
	} else {
		if p.quiet {
			p.printTotals()
			p.printGroups()
		}
		if p.index != "" {
			fmt.Fprintf(p.out, "report: %s\n", p.style.link(p.index, p.index))
		}
		if p.failure != "" {
			fmt.Fprintln(p.out, p.failure)
		}
	}
	p.fail(p.out.err)
	message := ""
	if p.err != nil {
		message = p.err.Error()
	}
	switch {
	case p.counts[model.VerdictSafety]+p.counts[model.VerdictLiveness]+p.voids > 0:
		return &exitError{exitViolated, message}
	case p.neverSeen() != "":
		return &exitError{exitViolated, cmp.Or(message, p.neverSeen())}
	case p.counts[model.VerdictCrash] > 0:
		return &exitError{exitCrash, message}
	case p.err != nil:
		return p.err
	case p.counts[model.VerdictInconclusive] > 0:
		return &exitError{code: exitInconclusive}
	case p.counts[model.VerdictPass] == 0 && len(p.known) > 0:
		return &exitError{exitInconclusive, "every run failed as it is known to, so nothing passed"}
	case p.counts[model.VerdictPass] == 0:
		return &exitError{exitInconclusive, "no seed was run, so nothing passed"}
	}
	return nil
}

func (p *printer) printTotals() {
	total := 0
	var parts []string
	for _, kind := range []model.VerdictKind{model.VerdictPass, model.VerdictSafety, model.VerdictLiveness, model.VerdictCrash, model.VerdictInconclusive} {
		total += p.counts[kind]
		if p.counts[kind] > 0 || kind == model.VerdictPass {
			parts = append(parts, p.style.verdict(kind, fmt.Sprintf("%d %s", p.counts[kind], kind)))
		}
	}
	if len(p.known) > 0 {
		total += len(p.known)
		parts = append(parts, scenarios.Count(len(p.known), "known failure"))
	}
	if p.voids > 0 {
		parts = append(parts, fmt.Sprintf("%d with steps or faults of no effect", p.voids))
	}
	fmt.Fprintf(p.out, "%s: %s\n", scenarios.Count(total, cmp.Or(p.noun, "seed")), strings.Join(parts, ", "))
	if p.rates != "" {
		fmt.Fprintln(p.out, p.rates)
	}
	var kinds []string
	for kind, times := range p.fired {
		kinds = append(kinds, fmt.Sprintf("%s %d", kind, times))
	}
	slices.Sort(kinds)
	fmt.Fprintf(p.out, "faults fired: %s\n", strings.Join(kinds, ", "))
	p.met.print(p.out)
	p.printCoverage()
}

// mostGroups keeps the end of a sweep on a screen; the table and the page of its
// results folder have all.
const mostGroups = 10

// printGroups tells failures apart by what most likely is one bug.
func (p *printer) printGroups() {
	for _, list := range []struct {
		title    string
		failures []results.Failure
	}{{"failures", p.failed}, {"known failures, which count for nothing", p.known}} {
		groups := results.GroupsOf(list.failures)
		if len(groups) == 0 {
			continue
		}
		fmt.Fprintf(p.out, "%s:\n", list.title)
		for _, g := range groups[:min(len(groups), mostGroups)] {
			p.printGroup(g)
		}
		if more := len(groups) - mostGroups; more > 0 {
			fmt.Fprintf(p.out, "         and %s\n", scenarios.Count(more, "more kind"))
		}
	}
}

// printGroup tells of one group, with the command that shows the first of it again.
func (p *printer) printGroup(g results.Group) {
	f := g.First
	seed := fmt.Sprintf("first seed %d", f.Seed)
	if f.Artifact != "" {
		seed = p.style.link(filepath.Join(f.Folder, f.Artifact, pageOf), seed)
	}
	fmt.Fprintf(p.out, "%6d × %s  %s\n         %s%s\n", g.Times, p.style.verdict(f.Verdict, string(f.Verdict)), g.Name(), seed, because(f.Known))
	if f.Known == "" {
		fmt.Fprintf(p.out, "         %s\n", replayOf(f))
	}
}

// replayOf is a command that shows a failure again, as it can be pasted into this very
// shell.
func replayOf(f results.Failure) string { return pasteable(f.Command()) }

func because(known string) string {
	if known == "" {
		return ""
	}
	return ", known: " + known
}
