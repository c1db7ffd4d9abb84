package seatrial_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: what the docs show compiles and runs. Method: Go and YAML in a page stand, line
// for line, in a file that the compiler, a test or a reader of YAML sees; what a failing
// test prints is what it prints now.

var (
	snippet = regexp.MustCompile("(?s)\n```(go|yaml)\n(.*?)\n```")
	// readElsewhere are pages whose YAML the tests of its language read.
	readElsewhere = "docs/use/scenarios.md"
)

// A snippet may leave out what stands between two of its paragraphs, nothing else.
func TestEverySnippetStandsInAFile(t *testing.T) {
	sources := map[string]map[string]string{"go": {}, "yaml": {}}
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		language := strings.TrimPrefix(filepath.Ext(path), ".")
		if err != nil || entry.IsDir() || sources[language] == nil {
			return err
		}
		text, err := os.ReadFile(path)
		sources[language][path] = strings.Join(paragraphs(string(text)), "\n")
		return err
	}))
	for page, text := range markdown(t) {
		for _, found := range snippet.FindAllStringSubmatch(text, -1) {
			language, code := found[1], found[2]
			if language == "yaml" && page == readElsewhere {
				continue
			}
			stands := false
			for _, source := range sources[language] {
				stands = stands || hasInOrder(source, paragraphs(code))
			}
			assert.True(t, stands, "%s shows what no %s file has: put it into one that a test compiles or reads\n%s", page, language, code)
		}
	}
}

// paragraphs are runs of lines without an empty one, each without its indentation.
func paragraphs(text string) []string {
	var list []string
	for paragraph := range strings.SplitSeq("\n"+text, "\n\n") {
		var lines []string
		for line := range strings.Lines(strings.Trim(paragraph, "\n")) {
			lines = append(lines, strings.TrimSpace(line))
		}
		list = append(list, strings.Join(lines, "\n"))
	}
	return list
}

func hasInOrder(source string, parts []string) bool {
	for _, part := range parts {
		_, rest, found := strings.Cut("\n"+source+"\n", "\n"+part+"\n")
		if !found {
			return false
		}
		source = rest
	}
	return true
}

// The README and the quick start show how the quick start's test fails. The run and
// what it says are those of today; how long it took and where its folder is are not.
func TestDocsShowTheFirstFailure(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "copier.test")
	build := exec.Command("go", "test", "-c", "-vet=off", "-o", binary, "./copier")
	build.Dir = "examples"
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)

	run := exec.Command(binary, "-seatrial.failures=1")
	run.Dir, run.Env = dir, append(os.Environ(), "TMPDIR="+dir)
	output, err = run.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", output)
	shown, _, ok := bytes.Cut(output, []byte("\n    copier_test.go:"))
	require.True(t, ok, "%s", output)
	shown = bytes.TrimSpace(shown)

	var (
		block   = regexp.MustCompile("(?s)```\n(--- FAIL: TestCopier.*?)\n```")
		changes = strings.NewReplacer(dir+"/", "/tmp/")
		seconds = regexp.MustCompile(`\(\d+\.\d\ds\)`)
		want    = seconds.ReplaceAllString(changes.Replace(string(shown)), "(7.99s)")
	)
	for _, page := range []string{"README.md", "docs/use/quickstart.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		if *update {
			require.NoError(t, os.WriteFile(page, block.ReplaceAllLiteral(text, []byte("```\n"+want+"\n```")), 0o644))
			continue
		}
		found := block.FindSubmatch(text)
		require.NotNil(t, found, "%s shows no failure of TestCopier", page)
		assert.Equal(t, want, string(found[1]), "%s: go test . -update", page)
	}
}
