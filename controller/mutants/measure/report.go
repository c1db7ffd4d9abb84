package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/controller/mutants"
)

// The tables stand between these lines of a document.
const begin, end = "<!-- made by make mutants -->\n", "<!-- end -->"

// report writes what was found, into a document or out.
func report(c config, stages []stage, results []result, out io.Writer) error {
	text := summary(c, stages, results) + table(results)

	if c.write == "" {
		_, err := io.WriteString(out, text)

		return err
	}

	raw, err := os.ReadFile(c.write)
	if err != nil {
		return err
	}

	before, rest, ok := strings.Cut(string(raw), begin)
	_, after, closed := strings.Cut(rest, end)

	if !ok || !closed {
		return fmt.Errorf("%s has no lines %q and %q: the tables go between them", c.write, strings.TrimSpace(begin), end)
	}

	return os.WriteFile(c.write, []byte(before+begin+"\n"+text+"\n"+end+after), 0o644)
}

func summary(c config, stages []stage, results []result) string {
	var b strings.Builder

	mistakes := ofKind(results, mutants.Mistake)
	found := slices.DeleteFunc(slices.Clone(mistakes), func(r result) bool { return !r.killed() })

	fmt.Fprintf(&b, "%d mistakes, %d found (%s); budget: %d seeds, %d plans a mode.", len(mistakes), len(found),
		percent(len(found), len(mistakes)), c.seeds, c.limit)

	wrong := 0

	for _, r := range ofKind(results, mutants.Legal) {
		if r.killed() {
			wrong++
		}
	}

	fmt.Fprintf(&b, " %d legal variants, %d falsely accused. CPU until found, median: %s.\n\n", len(ofKind(results, mutants.Legal)), wrong, median(found))
	b.WriteString("| stage | found by it first | found by it at all |\n|---|---|---|\n")

	for _, s := range stages {
		first, ever := 0, 0

		for _, r := range found {
			for i, k := range r.kills {
				if k.stage == s.name {
					ever++

					if i == 0 {
						first++
					}
				}
			}
		}

		fmt.Fprintf(&b, "| %s | %d | %s |\n", s.name, first, atAll(c, ever))
	}

	return b.String() + "\n"
}

// atAll is not known when the search for a mutant ends with the first that finds it.
func atAll(c config, n int) string {
	if !c.every {
		return "not measured"
	}

	return fmt.Sprint(n)
}

func percent(part, whole int) string {
	if whole == 0 {
		return "none"
	}

	return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(whole))
}

func median(found []result) string {
	if len(found) == 0 {
		return "none"
	}

	times := make([]time.Duration, len(found))
	for i := range found {
		times[i] = found[i].until
	}

	slices.Sort(times)

	return fmt.Sprintf("%.1f s", times[len(times)/2].Seconds())
}

func ofKind(results []result, kind mutants.Kind) []result {
	return slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.Kind != kind })
}

func table(results []result) string {
	var b strings.Builder

	b.WriteString("| mutant | what is changed | what a user would notice | found by | runs | CPU |\n|---|---|---|---|---|---|\n")

	for _, kind := range []mutants.Kind{mutants.Mistake, mutants.Legal, mutants.Equivalent} {
		for _, r := range ofKind(results, kind) {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %d | %.1f s |\n", r.Name, r.Summary, r.Notice, foundBy(&r), r.runs, r.until.Seconds())
		}
	}

	return b.String()
}

func foundBy(r *result) string {
	if !r.killed() {
		if r.Kind == mutants.Mistake {
			return "**nothing**"
		}

		return "nothing, as it should be"
	}

	var texts []string

	for _, k := range r.kills {
		text := fmt.Sprintf("%s: %s", k.stage, k.what)
		if k.alone {
			text += " (" + k.where + " alone)"
		}

		texts = append(texts, text)
	}

	return strings.Join(texts, "; ")
}
