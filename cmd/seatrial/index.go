package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/seatrial/seatrial/internal/artifact"
	"github.com/seatrial/seatrial/internal/report"
	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/internal/shrink"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
)

// indexFile is the page over the failures of a results folder.
const indexFile = "index.html"

// writeIndex writes the page over the failures of the last of several nights.
func writeIndex(file string, nights []results.Night) error {
	var page bytes.Buffer
	if err := report.WriteIndex(&page, indexOf(nights, filepath.Dir(file))); err != nil {
		return err
	}
	return writeFile(file, page.Bytes())
}

// indexOf tells of each group of failures, the gravest first, how it stands after all
// nights, and puts those that shrink to the same together. Links are relative to dir.
func indexOf(nights []results.Night, dir string) report.Index {
	s := nights[len(nights)-1].Summary
	index := report.Index{Title: "seatrial: the failures of a sweep", Verdicts: countsOf(s)}
	for _, part := range s.Folders {
		index.Remarks = append(index.Remarks, remark(part))
	}
	for i := range nights {
		n := &nights[i]
		index.Nights = append(index.Nights, report.Night{Name: n.Name, Runs: n.Runs(), Failures: len(n.Summary.Failures), Covered: len(n.Summary.Covered)})
	}
	for _, l := range results.Likelihoods(nights) {
		index.Likely = append(index.Likely, report.Likely{Subject: l.Subject, Property: l.Property, Shares: sharesOf(l.Shares)})
	}
	for _, t := range results.Trends(nights) {
		index.Groups = append(index.Groups, groupOf(t, s, len(nights) > 1, dir))
	}
	return index
}

func countsOf(s *results.Summary) []report.Count {
	counts := map[model.VerdictKind]int{}
	runs := 0
	for _, t := range s.Subjects {
		runs += t.Runs
		for kind, n := range t.Verdicts {
			counts[kind] += n
		}
	}
	out := []report.Count{{Name: "runs", Times: runs}}
	for _, kind := range []model.VerdictKind{model.VerdictPass, model.VerdictSafety, model.VerdictLiveness, model.VerdictCrash, model.VerdictInconclusive} {
		if counts[kind] > 0 {
			out = append(out, report.Count{Name: string(kind), Times: counts[kind]})
		}
	}
	return out
}

// remark says what a folder holds.
func remark(p results.Part) string {
	missing := fmt.Sprintf("%d missing", p.Missing)
	if p.Unfinished {
		missing = "not ended"
	}
	return fmt.Sprintf("%s: %s, %s, seatrial %s", p.Manifest, scenarios.Count(p.Done, "run"), missing, p.Manifest.Version)
}

func sharesOf(shares []results.Share) []report.Share {
	out := make([]report.Share, len(shares))
	for i, s := range shares {
		out[i] = report.Share{Night: s.Night, Failed: s.Failed, Runs: s.Runs}
	}
	return out
}

// groupOf is a group of failures with all that the last night has of it. Of one that is
// gone the first failure of the night that had it last is shown.
func groupOf(t results.Trend, s *results.Summary, compared bool, dir string) report.Group {
	f := t.First
	group := report.Group{Verdict: string(f.Verdict), Subject: f.Subject, Property: f.Property, Name: t.Name(), Times: t.Times, Shares: sharesOf(t.Shares), Replay: f.Command()}
	if compared {
		group.Standing, group.Since = string(t.Standing), t.Since
	}
	failures := []results.Failure{f}
	if t.Standing != results.Gone {
		failures = t.Of(s.Failures)
	}
	for _, f := range failures {
		addCase(&group, f, dir)
	}
	slices.SortStableFunc(group.Causes, func(a, b report.Cause) int { return len(b.Failures) - len(a.Failures) })
	return group
}

func addCase(group *report.Group, f results.Failure, dir string) {
	folder := filepath.Join(f.Folder, f.Artifact)
	one := report.Case{Scenario: f.Scenario, Message: f.Message, Reproduced: f.Reproduced, Seed: f.Seed, Replay: f.Command(), Folder: folder, Illegal: f.Illegal}
	if relative, err := filepath.Rel(dir, folder); err == nil {
		one.Folder = filepath.ToSlash(relative)
	}
	_, err := os.Stat(filepath.Join(folder, "porcupine.html"))
	one.Porcupine = err == nil
	cause, plan := causeOf(folder, registry().Language(f.Subject))
	one.Shrunk = cause != ""
	j := slices.IndexFunc(group.Causes, func(c report.Cause) bool { return c.Text == cause })
	if j < 0 {
		j = len(group.Causes)
		group.Causes = append(group.Causes, report.Cause{Text: cause, Plan: plan})
	}
	if c := &group.Causes[j]; len(plan) < len(c.Plan) {
		c.Plan = plan
	}
	group.Causes[j].Failures = append(group.Causes[j].Failures, one)
}

// causeOf reads what an artifact was shrunk to; empty when it was not.
func causeOf(folder string, language *scenarios.Language) (cause, plan string) {
	text, err := os.ReadFile(filepath.Join(folder, artifact.SmallPlan))
	if err != nil {
		return "", ""
	}
	p, err := scenarios.Parse(artifact.SmallPlan, text, language)
	if err != nil {
		return "", ""
	}
	return shrink.Cause(p), lists(text)
}
