package seatrial_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: what the docs show is what the tests run. Method: compare the text.

func TestOwnControllerShowsTheExample(t *testing.T) {
	page, err := os.ReadFile("docs/use/own-controller.md")
	require.NoError(t, err)
	for language, path := range map[string]string{"go": "example_test.go", "yaml": "testdata/website.yaml"} {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		_, rest, ok := strings.Cut(string(page), "```"+language+"\n")
		require.True(t, ok)
		shown, _, ok := strings.Cut(rest, "\n```")
		require.True(t, ok)
		assert.Contains(t, string(source), shown, "copy %s into docs/use/own-controller.md", path)
	}
}

// A page begins with whom it is for and which page comes next; the map, the reference of
// commands and single decisions and findings have no need to.
func TestEveryPageSaysForWhomItIsAndWhatComesNext(t *testing.T) {
	for page, text := range markdown(t) {
		shelf, name := filepath.Split(filepath.ToSlash(page))
		if name != "commands.md" && slices.Contains([]string{"docs/use/", "docs/globalingressip/", "docs/inside/"}, shelf) {
			assert.Regexp(t, `^# .*\n\n\*For .*\. Next: \[.*\.\*\n\n`, text, page)
		}
	}
}

func TestNoPlaceholderIsLeft(t *testing.T) {
	for page, text := range markdown(t) {
		assert.NotContains(t, text, "@@", page)
	}
}

// Every link from page to page leads to a file, and to a heading of it where it
// names one. So does every page of docs/ that code, scripts and scenarios name.
func TestNoLinkIsBroken(t *testing.T) {
	pages := markdown(t)
	for page, text := range pages {
		for _, link := range markdownLink.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			path, anchor, _ := strings.Cut(link[1], "#")
			if strings.Contains(path, ":") {
				continue // to another site
			}
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); !assert.NoError(t, err, "%s links to %s", page, link[1]) || anchor == "" {
				continue
			}
			assert.Contains(t, anchors(pages[target]), anchor, "%s links to %s", page, link[1])
		}
	}
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !namesPages.MatchString(path) {
			return err
		}
		text, err := os.ReadFile(path)
		for _, page := range pageName.FindAllString(string(text), -1) {
			assert.Contains(t, pages, page, "%s names it", path)
		}
		return err
	}))
}

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fenced       = regexp.MustCompile("(?s)\n```.*?\n```")
	heading      = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInAnchor  = regexp.MustCompile(`[^a-z0-9 _-]`)
	namesPages   = regexp.MustCompile(`\.(go|ya?ml|sh|golden|mod)$|(^|/)(Makefile|run|nightly|Containerfile)$`)
	pageName     = regexp.MustCompile(`\bdocs/(use|inside|globalingressip|findings)/[a-z0-9/-]+\.md`)
)

// anchors lists the headings of a page as GitHub makes anchors of them.
func anchors(page string) []string {
	var list []string
	for _, line := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
		list = append(list, strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(line[1]), ""), " ", "-"))
	}
	return list
}

// markdown reads all pages of the repository, by their paths.
func markdown(t *testing.T) map[string]string {
	pages := map[string]string{}
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		pages[path] = string(text)
		return err
	}))
	return pages
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
		for _, page := range []string{"README.md", "docs/use/failures.md"} {
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
