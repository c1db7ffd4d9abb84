package detection_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/detection"
	"github.com/seatrial/seatrial/detection/bugs"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
)

// Goal: the corpus is what it says, nothing in it is vacuous, each bug is found and each
// sibling passes. Method: read the table; run each sibling without faults and look what
// it did; search each entry, the faulty one as long as it takes, the mended one for a
// while. `make detection` does the last at length.

func TestTheTable(t *testing.T) {
	names, classes := map[string]bool{}, map[string]bool{}
	source := regexp.MustCompile(`^https://github\.com/[^/]+/[^/]+/(issues|pull)/[0-9]+$`)
	for _, b := range bugs.All() {
		assert.False(t, names[b.Name], "%s is there twice", b.Name)
		assert.Regexp(t, `^[a-z0-9-]+$`, b.Name)
		assert.Contains(t, bugs.Classes, b.Class, b.Name)
		assert.Regexp(t, source, b.Source, b.Name)
		assert.True(t, strings.HasSuffix(b.Story, "."), "%s: its story is a sentence", b.Name)
		names[b.Name], classes[b.Class] = true, true
	}
	for _, class := range bugs.Classes {
		assert.True(t, classes[class], "the corpus has no %s", class)
	}
	assert.GreaterOrEqual(t, len(names), 35)
}

// A controller that cannot do what it is for passes every law: each sibling has to have
// changed something.
func TestSiblingsDoSomething(t *testing.T) {
	for _, b := range bugs.All() {
		subject := detection.Subject(b, true)
		plan := search.Plans(t, subject, search.Options{Seed: 1})[0]
		r := scenarios.Observe(t, plan, subject, 1, scenarios.RunOptions{})
		require.Equal(t, model.VerdictPass, r.Verdict.Kind, "%s without faults: %s", b.Name, r.Verdict.Message)
		did := 0
		for i := range r.Record.History.Commits {
			if c := &r.Record.History.Commits[i]; c.Subject() && c.Resource != "leases" {
				did++
			}
		}
		assert.Positive(t, did, "%s changes nothing", b.Name)
	}
}

// hidden are the entries that the search does not find yet, and why.
var hidden = map[string]string{
	"kubernetes-69376": "an App is replaced unseen, pods and all, and what was expected of the former one is forgotten all the same",
}

func TestEachBugIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes")
	}
	for _, b := range bugs.All() {
		if hidden[b.Name] != "" {
			continue
		}
		f := detection.Search(t, b, false, 1, *budget)
		assert.True(t, f.Found, "%s (%s) after %d runs: %s", b.Name, b.Class, f.Runs, f.Coverage.String())
	}
}

func TestNoSiblingIsAccused(t *testing.T) {
	runs := 40
	if testing.Short() {
		runs = 5
	}
	for _, b := range bugs.All() {
		f := detection.Search(t, b, true, 1, runs)
		assert.False(t, f.Found, fmt.Sprintf("%s, mended: %s by %s: %s", b.Name, f.Property, f.By, f.Message))
	}
}
