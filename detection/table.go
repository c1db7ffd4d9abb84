package detection

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seatrial/seatrial/detection/bugs"
)

// How an entry was tried.
type How string

const (
	Searched How = "search"
	Swarmed  How = "swarm"
	Sibling  How = "mended"
)

// Result is one search of an entry, from a range of seeds on.
type Result struct {
	Name  string `json:"name"`
	How   How    `json:"how"`
	Range int    `json:"range"`
	Finding
}

// ReadResults reads lines of JSON, one result each. A line that is none ends the test.
func ReadResults(t testing.TB, raw []byte) []Result {
	t.Helper()
	var all []Result
	for i, line := range bytes.Split(bytes.TrimSpace(raw), []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var r Result
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("results: line %d: %v (want a line that the measure has written, or none)", i+1, err)
		}
		all = append(all, r)
	}
	return all
}

// Has says whether a result is there already.
func Has(all []Result, name string, how How, n int) bool {
	return slices.ContainsFunc(all, func(r Result) bool { return r.Name == name && r.How == how && r.Range == n })
}

// Table is the measure in Markdown: a line for each entry, and what they come to.
func Table(entries []bugs.Bug, all []Result) string {
	var b strings.Builder
	b.WriteString("| bug | class | found | by stage | violates | runs | CPU | swarm alone: found | runs | CPU | sibling |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	found, tried, siblings, accused := 0, 0, 0, 0
	var ratios []float64
	for _, e := range entries {
		s, w, m := of(all, e.Name, Searched), of(all, e.Name, Swarmed), of(all, e.Name, Sibling)
		if len(s.all) == 0 {
			continue
		}
		tried++
		if s.found == len(s.all) {
			found++
		}
		siblings += m.runs
		accused += m.found
		if w.found > 0 && s.found > 0 {
			ratios = append(ratios, s.cpu.Seconds()/max(w.cpu.Seconds(), 0.01))
		}
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", e.Name, e.Source, e.Class,
			s.share(), s.stage(), s.property(), s.medianRuns(), s.medianCPU(), w.share(), w.medianRuns(), w.medianCPU(), m.sibling())
	}
	fmt.Fprintf(&b, "\n%d of %d entries were found by each of their searches. ", found, tried)
	if len(ratios) > 0 {
		fmt.Fprintf(&b, "Where the swarm alone finds the bug too, the search takes %.2f times its CPU time (geometric mean over %d entries). ", geometricMean(ratios), len(ratios))
	}
	fmt.Fprintf(&b, "%d runs of siblings, %d false alarms.\n", siblings, accused)
	return b.String()
}

// summary of the searches of one entry.
type summary struct {
	all   []Result
	found int
	runs  int
	cpu   time.Duration // median, of those that found it
}

func of(all []Result, name string, how How) summary {
	var s summary
	var cpu []time.Duration
	for _, r := range all {
		if r.Name != name || r.How != how {
			continue
		}
		s.all = append(s.all, r)
		s.runs += r.Runs
		if r.Found {
			s.found++
			cpu = append(cpu, r.CPU)
		}
	}
	slices.Sort(cpu)
	if len(cpu) > 0 {
		s.cpu = cpu[len(cpu)/2]
	}
	return s
}

func (s summary) share() string {
	if len(s.all) == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.found, len(s.all))
}

// commonest is what most findings have, the first in order of text among equals.
func (s summary) commonest(of func(Result) string) string {
	count := map[string]int{}
	var values []string
	for _, r := range s.all {
		if v := of(r); r.Found {
			if count[v]++; count[v] == 1 {
				values = append(values, v)
			}
		}
	}
	if len(values) == 0 {
		return ""
	}
	return slices.MinFunc(values, func(a, b string) int { return cmp.Or(count[b]-count[a], cmp.Compare(a, b)) })
}

func (s summary) stage() string { return s.commonest(func(r Result) string { return string(r.Stage) }) }

func (s summary) property() string {
	if p := s.commonest(func(r Result) string { return r.Property }); p != "" {
		return "`" + p + "`"
	}
	return ""
}

func (s summary) medianRuns() string {
	var runs []int
	for _, r := range s.all {
		if r.Found {
			runs = append(runs, r.Runs)
		}
	}
	if len(runs) == 0 {
		return ""
	}
	slices.Sort(runs)
	return fmt.Sprint(runs[len(runs)/2])
}

func (s summary) medianCPU() string {
	if s.found == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f s", s.cpu.Seconds())
}

func (s summary) sibling() string {
	switch {
	case len(s.all) == 0:
		return ""
	case s.found > 0:
		return fmt.Sprintf("**accused** %d/%d", s.found, len(s.all))
	}
	return fmt.Sprintf("%d runs pass", s.runs)
}

func geometricMean(of []float64) float64 {
	sum := 0.0
	for _, x := range of {
		sum += math.Log(max(x, 1e-6))
	}
	return math.Exp(sum / float64(len(of)))
}

var made = regexp.MustCompile(`(?s)(<!-- made by make detection -->\n).*(<!-- end -->)`)

// WriteTable puts a table into the place that a document has for it.
func WriteTable(path, table string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	if !made.Match(raw) {
		return fmt.Errorf("%s: it has no place for the table (want the comments «made by make detection» and «end»)", path)
	}
	next := made.ReplaceAllString(string(raw), "${1}"+strings.ReplaceAll(table, "$", "$$")+"${2}")
	if err := os.WriteFile(path, []byte(next), 0o644); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}
