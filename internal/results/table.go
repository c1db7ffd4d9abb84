package results

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
)

// kinds of verdict in the order of columns.
var kinds = []model.VerdictKind{model.VerdictPass, model.VerdictSafety, model.VerdictLiveness, model.VerdictCrash, model.VerdictInconclusive}

// WriteTable writes the summary for people.
func (s *Summary) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprint(t, "SUBJECT\tRUNS")
	for _, kind := range kinds {
		fmt.Fprintf(t, "\t%s", strings.ToUpper(string(kind)))
	}
	fmt.Fprintln(t)
	for _, subject := range s.Subjects {
		fmt.Fprintf(t, "%s\t%d", subject.Subject, subject.Runs)
		for _, kind := range kinds {
			fmt.Fprintf(t, "\t%d", subject.Verdicts[kind])
		}
		fmt.Fprintln(t)
	}
	if len(s.Failures) > 0 {
		fmt.Fprintln(t, "\nVERDICT\tTIMES\tFIRST SEED\tARTIFACT\tFAILURE")
		for _, g := range GroupsOf(s.Failures) {
			fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\n", g.First.Verdict, g.Times, g.First.Seed, filepath.Join(g.First.Folder, g.First.Artifact), g.Name())
		}
	}
	if len(s.Known) > 0 {
		fmt.Fprintln(t, "\nKNOWN\tTIMES\tFIRST SEED\tREASON\tFAILURE")
		for _, g := range GroupsOf(s.Known) {
			fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\n", g.First.Verdict, g.Times, g.First.Seed, g.First.Known, g.Name())
		}
	}
	if len(s.Folders) > 1 || s.incomplete() {
		fmt.Fprintln(t, "\nFOLDER\tSHARD\tDONE\tMISSING")
		for _, part := range s.Folders {
			missing := fmt.Sprint(part.Missing)
			if part.Unfinished {
				missing = "?"
			}
			fmt.Fprintf(t, "%s\t%s\t%d\t%s\n", part.Path, part.Manifest.Shard, part.Done, missing)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, line := range s.Remarks() {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// Remarks are what a table does not say, a line each.
func (s *Summary) Remarks() []string {
	var out []string
	if len(s.Covered) > 0 {
		out = append(out, fmt.Sprintf("covered: %s, %s of verb, resource and outcome, %s of objects",
			scenarios.Count(s.covered("fault "), "fault kind"), scenarios.Count(s.covered("call "), "triple"), scenarios.Count(s.covered("state "), "state")))
	}
	for _, part := range s.Folders {
		if part.Search != nil {
			out = append(out, part.Search.remark(part.Manifest.Subject))
		}
	}
	for _, t := range s.Subjects {
		if t.Illegal > 0 {
			out = append(out, fmt.Sprintf("%s of %s had faults that Kubernetes does not permit", scenarios.Count(t.Illegal, "run"), t.Subject))
		}
	}
	if len(s.Void) > 0 {
		first := s.Void[0]
		out = append(out, fmt.Sprintf("strict: steps or faults of %s had no effect, first of seed %d: %s", scenarios.Count(len(s.Void), "run"), first.Seed, strings.Join(append(first.Idle, first.Unfired...), ", ")))
	}
	if s.Missing > 0 {
		out = append(out, fmt.Sprintf("missing: %s; go on with seatrial sweep --resume FOLDER", scenarios.Count(s.Missing, "run")))
	}
	if s.Unfinished > 0 {
		out = append(out, fmt.Sprintf("not ended: %s; go on with seatrial sweep --resume FOLDER", scenarios.Count(s.Unfinished, "aimed sweep")))
	}
	if s.Repeated > 0 {
		out = append(out, fmt.Sprintf("made more than once and counted once: %s", scenarios.Count(s.Repeated, "run")))
	}
	for _, run := range s.Diverged {
		out = append(out, "diverged: "+run+" did not end the same each time")
	}
	versions := map[string]bool{}
	for _, part := range s.Folders {
		versions[part.Manifest.version()] = true
	}
	if len(versions) > 1 {
		out = append(out, fmt.Sprintf("the folders were made with %d different versions: %s", len(versions), strings.Join(sorted(versions), "; ")))
	}
	return out
}

func (s *Summary) covered(prefix string) int {
	n := 0
	for _, what := range s.Covered {
		if strings.HasPrefix(what, prefix) {
			n++
		}
	}
	return n
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for key := range set {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// WriteTrend writes how failures came and went over several nights, for people. One
// night has no trend, and nothing is written.
func WriteTrend(w io.Writer, nights []Night) error {
	if len(nights) < 2 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprint(t, "\nTREND\tSINCE\tVERDICT")
	for _, night := range nights {
		fmt.Fprintf(t, "\t%s", night.Name)
	}
	fmt.Fprintln(t, "\tFAILURE")
	for _, trend := range Trends(nights) {
		fmt.Fprintf(t, "%s\t%s\t%s", trend.Standing, trend.Since, trend.First.Verdict)
		for _, share := range trend.Shares {
			fmt.Fprintf(t, "\t%d/%d", share.Failed, share.Runs)
		}
		fmt.Fprintf(t, "\t%s\n", trend.Name())
	}
	fmt.Fprint(t, "\t\tcovered")
	for _, night := range nights {
		fmt.Fprintf(t, "\t%d", len(night.Summary.Covered))
	}
	fmt.Fprintln(t, "\t")
	if texts := searches(nights); texts != nil {
		fmt.Fprintf(t, "\t\tsearch\t%s\tprobability that the next run shows something new\n", strings.Join(texts, "\t"))
	}
	return t.Flush()
}
