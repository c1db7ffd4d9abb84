package report

import (
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
)

// Index is a page over many failures.
type Index struct {
	Title    string
	Remarks  []string // a line each: what was run, what is missing
	Verdicts []Count
	Groups   []Group
	// Nights are those that are compared, the first night first; with one of them
	// nothing is.
	Nights []Night
	// Likely are the properties that were violated in one of the nights.
	Likely []Likely
	// Live says how far a sweep is that still goes on; nil: none does.
	Live *Live
}

// Live is a sweep that goes on. The page asks [Live.Path] for it anew, and loads itself
// again when there are more failures.
type Live struct {
	Path     string `json:"-"`
	Done     int    `json:"done"`
	Total    uint64 `json:"total"` // 0: nobody knows
	Failures int    `json:"failures"`
	Covered  int    `json:"covered"`
	Ended    bool   `json:"ended"`
}

// Percent is how much is done, for a bar; -1: nobody knows.
func (l *Live) Percent() int {
	if l.Total == 0 {
		return -1
	}
	return int(100 * uint64(l.Done) / l.Total)
}

// Count is how often something occurred.
type Count struct {
	Name  string
	Times int
}

// Night is what one night's sweeps were.
type Night struct {
	Name                    string
	Runs, Failures, Covered int
}

// Likely is a property, and what part of the runs violated it.
type Likely struct {
	Subject, Property string
	Shares            []Share
}

// Share is a part of the runs of a night.
type Share struct {
	Night        string
	Failed, Runs int
}

// Part is the share, from 0 to 1.
func (s Share) Part() float64 { return float64(s.Failed) / float64(max(1, s.Runs)) }

// Group are failures that most likely are one bug.
type Group struct {
	Verdict, Subject, Property, Name string
	Times                            int
	// Standing is how it stands after several nights, empty when there is one, and
	// Since the night since which it does.
	Standing, Since string
	Shares          []Share
	Replay          string // the command that shows the first of them again
	Causes          []Cause
}

// Spark is the share over the nights as the points of a line, 100 wide and 20 high,
// the largest on top; empty when there are fewer than two nights.
func (g Group) Spark() string { return spark(g.Shares) }

// Spark is as that of a [Group].
func (l Likely) Spark() string { return spark(l.Shares) }

func spark(shares []Share) string {
	if len(shares) < 2 {
		return ""
	}
	most := 0.0
	for _, s := range shares {
		most = max(most, s.Part())
	}
	var points []string
	for i, s := range shares {
		y := 19.0
		if most > 0 {
			y = 19 - 18*s.Part()/most
		}
		points = append(points, fmt.Sprintf("%.1f,%.1f", 100*float64(i)/float64(len(shares)-1), y))
	}
	return strings.Join(points, " ")
}

// Cause are failures that shrink to the same.
type Cause struct {
	Text     string // empty: they were not shrunk
	Plan     string // the smallest of their small plans
	Failures []Case
}

// Case is one failure, with links relative to the page.
type Case struct {
	Scenario, Message, Reproduced string
	Seed                          uint64
	Folder                        string // of its artifact
	Porcupine, Shrunk             bool
	Illegal                       bool // with faults that Kubernetes does not permit
	Replay                        string
}

// WriteIndex writes the page.
func WriteIndex(w io.Writer, index Index) error {
	err := indexPage().Execute(w, struct {
		Index
		Style  template.CSS
		Script template.JS
	}{index, template.CSS(asset("style.css") + asset("index.css")), template.JS(asset("index.js"))})
	if err != nil {
		return fmt.Errorf("writing an index: %w", err)
	}
	return nil
}

var indexPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("index").Parse(asset("index.html")))
})
