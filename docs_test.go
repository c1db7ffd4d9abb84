package seatrial_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: what the docs show is what the tests run. Method: compare the text.

func TestOwnControllerShowsTheExample(t *testing.T) {
	page, err := os.ReadFile("docs/own-controller.md")
	require.NoError(t, err)
	for language, path := range map[string]string{"go": "example_test.go", "yaml": "testdata/website.yaml"} {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		_, rest, ok := strings.Cut(string(page), "```"+language+"\n")
		require.True(t, ok)
		shown, _, ok := strings.Cut(rest, "\n```")
		require.True(t, ok)
		assert.Contains(t, string(source), shown, "copy %s into docs/own-controller.md", path)
	}
}

func TestNoPlaceholderIsLeft(t *testing.T) {
	for _, page := range []string{"README.md", "BUGS.md", "docs/failures.md", "docs/own-controller.md", "docs/quickstart.md", "docs/gallery.md", "docs/determinism.md", "docs/performance.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "@@", page)
	}
}

var update = flag.Bool("update", false, "write the hashes that docs show anew")

// What `make run` prints stands in the README. The hashes tell when it is stale:
// go test . -update brings them up to date, and whoever uses it reads the rest
// of what is shown, too.
func TestDocsShowTheIncident(t *testing.T) {
	plan, ok := globalingressip.Find("incident-3336")
	require.True(t, ok)
	for _, name := range []string{globalingressip.Shipped, "historical/3336"} {
		subject, ok := globalingressip.Registry().Find(name)
		require.True(t, ok)
		result := scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{})
		line := regexp.MustCompile(`(incident-3336  seed 0  subject ` + name + `  )\d+ requests (.*hash )[0-9a-f]+`)
		want := fmt.Sprintf("${1}%d requests ${2}%s", result.Record.Requests, result.Record.Hash)
		for _, page := range []string{"README.md", "docs/failures.md"} {
			text, err := os.ReadFile(page)
			require.NoError(t, err)
			fresh := line.ReplaceAll(text, []byte(want))
			if *update {
				require.NoError(t, os.WriteFile(page, fresh, 0o644))
				continue
			}
			assert.True(t, bytes.Equal(text, fresh), "%s shows an old run of %s: go test . -update", page, name)
			assert.True(t, page != "README.md" || line.Match(text), "%s shows no run of %s", page, name)
		}
	}
}
