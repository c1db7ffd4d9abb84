package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/artifact"
	"github.com/seatrial/seatrial/scenarios/report"
	"github.com/seatrial/seatrial/scenarios/results"
	"github.com/seatrial/seatrial/scenarios/shrink"
)

// indexFile is the page over the failures of a results folder.
const indexFile = "index.html"

// writeIndex writes the page over the failures of a summary.
func writeIndex(file string, s *results.Summary) error {
	var page bytes.Buffer
	if err := report.WriteIndex(&page, indexOf(s, filepath.Dir(file))); err != nil {
		return err
	}
	return writeFile(file, page.Bytes())
}

// indexOf groups failures by property and by what they shrink to. Links are
// relative to dir.
func indexOf(s *results.Summary, dir string) report.Index {
	index := report.Index{Title: "seatrial: the failures of a sweep"}
	counts := map[model.VerdictKind]int{}
	runs := 0
	for _, t := range s.Subjects {
		runs += t.Runs
		for kind, n := range t.Verdicts {
			counts[kind] += n
		}
	}
	for _, part := range s.Folders {
		index.Remarks = append(index.Remarks, remark(part))
	}
	index.Verdicts = []report.Count{{Name: "runs", Times: runs}}
	for _, kind := range []model.VerdictKind{model.VerdictPass, model.VerdictSafety, model.VerdictLiveness, model.VerdictCrash, model.VerdictInconclusive} {
		if counts[kind] > 0 {
			index.Verdicts = append(index.Verdicts, report.Count{Name: string(kind), Times: counts[kind]})
		}
	}
	for _, f := range s.Failures {
		addToIndex(&index, f, dir)
	}
	for i := range index.Groups {
		slices.SortStableFunc(index.Groups[i].Causes, func(a, b report.Cause) int { return len(b.Failures) - len(a.Failures) })
	}
	slices.SortStableFunc(index.Groups, func(a, b report.Group) int { return b.Times - a.Times })
	return index
}

// remark says what a folder holds.
func remark(p results.Part) string {
	missing := fmt.Sprintf("%d missing", p.Missing)
	if p.Unfinished {
		missing = "not ended"
	}
	return fmt.Sprintf("%s: %s, %s, seatrial %s", p.Manifest, scenarios.Count(p.Done, "run"), missing, p.Manifest.Version)
}

func addToIndex(index *report.Index, f results.Failure, dir string) {
	i := slices.IndexFunc(index.Groups, func(g report.Group) bool { return g.Subject == f.Subject && g.Property == f.Property })
	if i < 0 {
		i = len(index.Groups)
		index.Groups = append(index.Groups, report.Group{Verdict: string(f.Verdict), Subject: f.Subject, Property: f.Property})
	}
	group := &index.Groups[i]
	group.Times++
	folder := filepath.Join(f.Folder, f.Artefact)
	one := report.Case{Scenario: f.Scenario, Message: f.Message, Reproduced: f.Reproduced, Seed: f.Seed, Replay: f.Replay, Folder: folder, Illegal: f.Illegal}
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

// causeOf reads what an artefact was shrunk to; empty when it was not.
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
