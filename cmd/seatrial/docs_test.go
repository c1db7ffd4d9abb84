package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: a command that a page shows is one. Method: look at every line of a page's code
// that calls seatrial, make or go test with flags of seatrial's; seatrial's own commands
// parse theirs, the Makefile has the targets and variables.

var (
	inCode     = regexp.MustCompile("(?s)\n```(?:[a-z]*)\n(.*?)\n```|`([^`\n]+)`|\n    ([^\n]*)")
	called     = regexp.MustCompile(`(?m)(?:^|&& |; |\$ )(?:bin/|\./)?(seatrial|make) ([^|&;\n]*)`)
	testFlag   = regexp.MustCompile(`-(seatrial\.[a-z]+)`)
	makeTarget = regexp.MustCompile(`(?m)^([a-z0-9-]+):`)
	variable   = regexp.MustCompile(`\$\(([A-Z]+)\)|\$\(if \$\(([A-Z]+)\)|if ([A-Z]+),`)
	declared   = regexp.MustCompile(`flag\.\w+\("(seatrial\.[a-z]+)"`)
	continued  = regexp.MustCompile(`\\\n\s*`)
)

func TestDocsShowCommandsThatAreThere(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	require.NoError(t, err)
	targets, variables := names(makeTarget, makefile), names(variable, makefile)
	source, err := os.ReadFile("../../internal/gotest/flags.go")
	require.NoError(t, err)
	flags := names(declared, source)
	require.NotEmpty(t, flags)

	seen := map[string]int{}
	eachPage(t, func(page, text string) {
		for _, code := range inCode.FindAllStringSubmatch(continued.ReplaceAllString(text, " "), -1) {
			shown := code[1] + code[2] + code[3]
			for _, flag := range testFlag.FindAllStringSubmatch(shown, -1) {
				assert.Contains(t, flags, flag[1], page)
			}
			for _, call := range called.FindAllStringSubmatch(shown, -1) {
				line, _, _ := strings.Cut(call[2], " #")
				seen[call[1]]++
				switch call[1] {
				case "seatrial":
					assert.Empty(t, wrongCall(line), "%s: seatrial %s", page, line)
				case "make":
					assert.Empty(t, wrongMake(line, targets, variables), "%s: make %s", page, line)
				}
			}
		}
	})
	assert.Greater(t, seen["seatrial"], 60)
	assert.Greater(t, seen["make"], 10)
}

// wrongCall says what is wrong with the arguments of a call; "": nothing.
func wrongCall(line string) string {
	words := strings.Fields(strings.NewReplacer("'", "", `"`, "", "…", "", "> ", "", "[", "", "]", "").Replace(line))
	if len(words) == 0 || strings.Trim(words[0], "abcdefghijklmnopqrstuvwxyz") != "" {
		return "" // seatrial --version, or a sentence's end
	}
	c, rest, err := root().Find(words)
	switch {
	case err != nil:
		return err.Error()
	case c == root() || !c.HasParent():
		return "there is no such command"
	}
	for _, word := range rest {
		name, isFlag := strings.CutPrefix(strings.TrimRight(word, ",.)"), "-")
		name, _, _ = strings.Cut(strings.TrimPrefix(name, "-"), "=")
		switch {
		case word == "--" || c.Name() == "exec" && !strings.HasPrefix(word, "-"):
			return "" // what follows is the program's
		case isFlag && !c.DisableFlagParsing && name != "" && name != "h" && name != "help" && c.Flag(name) == nil && (len(name) > 1 || c.Flags().ShorthandLookup(name) == nil):
			return "there is no flag " + word
		}
	}
	return ""
}

func wrongMake(line string, targets, variables map[string]bool) string {
	for i, word := range strings.Fields(line) {
		name, _, assigned := strings.Cut(word, "=")
		switch {
		case assigned && !variables[name]:
			return "the Makefile has no variable " + name
		case !assigned && i == 0 && !targets[word]:
			return "the Makefile has no target " + word
		}
	}
	return ""
}

// names are what an expression finds in a text, by whichever of its groups.
func names(expression *regexp.Regexp, text []byte) map[string]bool {
	found := map[string]bool{}
	for _, match := range expression.FindAllStringSubmatch(string(text), -1) {
		found[strings.Join(match[1:], "")] = true
	}
	return found
}

// eachPage hands out every page of the repository but the changelog, whose entries
// name what there was, and the reference, which is made from the commands.
func eachPage(t *testing.T, see func(page, text string)) {
	t.Helper()
	require.NoError(t, filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".md" || filepath.Base(path) == "CHANGELOG.md" || path == filepath.FromSlash(reference) {
			return err
		}
		text, err := os.ReadFile(path)
		see(strings.TrimPrefix(filepath.ToSlash(path), "../../"), string(text))
		return err
	}))
}

func TestAWrongCommandOfAPageIsFound(t *testing.T) {
	assert.NotEmpty(t, wrongCall("swep --seeds 1-3"))
	assert.NotEmpty(t, wrongCall("sweep --seed-range 1-3"))
	assert.Empty(t, wrongCall("sweep ./internal/site -run TestSite --seeds 1-100 --out results"))
	targets, variables := map[string]bool{"sweep": true}, map[string]bool{"SEEDS": true}
	assert.NotEmpty(t, wrongMake("swep", targets, variables))
	assert.NotEmpty(t, wrongMake("sweep SEED=1", targets, variables))
	assert.Empty(t, wrongMake("sweep SEEDS=1-3", targets, variables))
}
