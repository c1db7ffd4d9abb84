package seatrial

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios"
)

// Goal: what the docs show is what the tests run. Method: compare the text.

func TestOwnControllerShowsTheExample(t *testing.T) {
	page, err := os.ReadFile("docs/own-controller.md")
	require.NoError(t, err)
	example, err := os.ReadFile("sim/example_test.go")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(page), "```go\n")
	require.True(t, ok)
	shown, _, ok := strings.Cut(rest, "\n```")
	require.True(t, ok)
	assert.Contains(t, string(example), shown, "copy the example into docs/own-controller.md")
}

func TestNoPlaceholderIsLeft(t *testing.T) {
	for _, page := range []string{"README.md", "BUGS.md", "docs/failures.md", "docs/own-controller.md", "docs/determinism.md", "docs/performance.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "@@", page)
	}
}

// What `make run` prints stands in the README. The hashes tell when it is stale.
func TestREADMEShowsTheIncident(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	plan, ok := scenarios.Find("incident-3336")
	require.True(t, ok)
	for _, name := range []string{scenarios.DefaultSubject, "historical/3336"} {
		subject, ok := scenarios.FindSubject(name)
		require.True(t, ok)
		result := scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{})
		assert.Contains(t, string(readme), result.Record.Hash, "run `make run` and put what it prints for %s into README.md", name)
	}
}
