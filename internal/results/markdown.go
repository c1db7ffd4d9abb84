package results

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
)

// WriteMarkdown writes what the last of several nights found as Markdown, as GitHub shows
// it in the summary of a job: a line for each group of failures, the gravest first, and
// how it was in the nights before. No nights write nothing.
func WriteMarkdown(w io.Writer, nights []Night) error {
	if len(nights) == 0 {
		return nil
	}
	last := &nights[len(nights)-1]
	s := last.Summary
	var b strings.Builder
	fmt.Fprintf(&b, "### seatrial: %s in %s\n\n", scenarios.Count(len(s.Failures), "failure"), scenarios.Count(last.Runs(), "run"))
	trends := Trends(nights)
	if len(trends) > 0 {
		b.WriteString("| verdict | failure | times | | first |\n|---|---|---|---|---|\n")
	}
	for _, t := range trends {
		b.WriteString(t.markdown(len(nights) > 1))
	}
	b.WriteString("\n" + s.totals())
	for _, remark := range s.Remarks() {
		fmt.Fprintf(&b, "- %s\n", escaped(remark))
	}
	if len(nights) > 1 {
		b.WriteString(nightsAsMarkdown(nights))
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}

// markdown is a row of the table of failures.
func (t *Trend) markdown(before bool) string {
	standing := ""
	if before {
		standing = string(t.Standing)
		if t.Standing != New {
			standing += " since " + escaped(t.Since)
		}
	}
	f := t.First
	return fmt.Sprintf("| **%s** | %s | %d | %s | seed %d: %s<br>`%s` |\n",
		f.Verdict, escaped(t.Name()), t.Times, standing, f.Seed, escaped(f.Message), strings.NewReplacer("`", "'", "|", `\|`).Replace(f.Command()))
}

// totals is a line for each subject.
func (s *Summary) totals() string {
	var b strings.Builder
	for _, t := range s.Subjects {
		fmt.Fprintf(&b, "- %s: %s", escaped(t.Subject), scenarios.Count(t.Runs, "run"))
		for _, kind := range kinds {
			if n := t.Verdicts[kind]; n > 0 || kind == model.VerdictPass {
				fmt.Fprintf(&b, ", %d %s", n, kind)
			}
		}
		if t.Known > 0 {
			fmt.Fprintf(&b, ", %d known", t.Known)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func nightsAsMarkdown(nights []Night) string {
	var head, line, runs, failures, covered strings.Builder
	for i := range nights {
		n := &nights[i]
		fmt.Fprintf(&head, " %s |", escaped(n.Name))
		line.WriteString("---|")
		fmt.Fprintf(&runs, " %d |", n.Runs())
		fmt.Fprintf(&failures, " %d |", len(n.Summary.Failures))
		fmt.Fprintf(&covered, " %d |", len(n.Summary.Covered))
	}
	table := fmt.Sprintf("\n| |%s\n|---|%s\n| runs |%s\n| failures |%s\n| covered |%s\n", &head, &line, &runs, &failures, &covered)
	if texts := searches(nights); texts != nil {
		table += fmt.Sprintf("| the next run of the search shows something new | %s |\n", strings.Join(texts, " | "))
	}
	return table
}

// escaped is text that Markdown and HTML take for nothing else, on one line.
func escaped(text string) string {
	text = strings.Join(strings.Fields(cmp.Or(text, "–")), " ")
	for _, mark := range []string{`\`, "`", "*", "_", "[", "|"} {
		text = strings.ReplaceAll(text, mark, `\`+mark)
	}
	return html.EscapeString(text)
}
