package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/version"
)

// Goal: the command line has the habits of others: help with examples, a reference that
// is what the program says, completion, and advice for what is misspelt. Method: look at
// every command; ask for completion as the shells' scripts do.

var update = flag.Bool("update", false, "write docs/use/commands.md anew")

const reference = "../../docs/use/commands.md"

// commandsAsMarkdown is the reference of all commands, made from them.
func commandsAsMarkdown(t *testing.T) string {
	t.Helper()
	r := root()
	r.InitDefaultVersionFlag()
	r.DisableAutoGenTag = true
	var page bytes.Buffer
	page.WriteString("# Commands\n\nMade from the commands themselves by `go test ./cmd/seatrial -run TestReference -update`.\n\n")
	link := func(file string) string {
		return "#" + strings.ReplaceAll(strings.TrimSuffix(file, ".md"), "_", "-")
	}
	require.NoError(t, doc.GenMarkdownCustom(r, &page, link))
	r.PersistentFlags().VisitAll(func(f *pflag.Flag) { f.Hidden = true }) // told once is enough
	for _, c := range r.Commands() {
		if c.IsAvailableCommand() {
			c.DisableAutoGenTag = true
			require.NoError(t, doc.GenMarkdownCustom(c, &page, link))
		}
	}
	return strings.ReplaceAll(page.String(), version.String(), "(devel)")
}

func TestReferenceOfCommands(t *testing.T) {
	want := commandsAsMarkdown(t)
	if *update {
		require.NoError(t, os.WriteFile(reference, []byte(want), 0o644))
	}
	got, err := os.ReadFile(reference)
	require.NoError(t, err)
	assert.Equal(t, want, string(got), "docs/use/commands.md is not what the commands say: run this test with -update")
}

func TestEveryCommandHasAnExampleThatIsOne(t *testing.T) {
	for _, c := range root().Commands() {
		require.NotEmpty(t, c.Example, c.Name())
		for line := range strings.Lines(c.Example) {
			words := strings.Fields(line)
			require.Equal(t, "seatrial", words[0], line)
			found, rest, err := root().Find(words[1:])
			require.NoError(t, err, line)
			assert.Equal(t, c.Name(), found.Name(), line)
			if !found.DisableFlagParsing && found.Name() != "exec" {
				assert.NoError(t, found.ParseFlags(goStyle(append([]string{c.Name()}, rest...))[1:]), line)
			}
		}
	}
}

func TestWhatWasMeant(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"swep"}, "did you mean sweep?"},
		{[]string{"replay", "no-such-folder"}, "want the folder of a failure, or a scenario file"},
		{[]string{"dance"}, "see seatrial --help"},
		{[]string{"sweep", "--seed", "1-3"}, "did you mean --seeds?"},
		{[]string{"sweep", "-seeds", "1-3"}, "did you mean --seeds?"},
		{[]string{"run", calmDay, "--subjekt", "x"}, "did you mean --subject?"},
		{[]string{"run", calmDay, "--subject", "3336"}, "did you mean historical/3336?"},
		{[]string{"run", calmDay, "--subject", "historical/3363"}, "did you mean historical/3336?"},
	} {
		code, _, message := seatrial(t, c.args...)
		assert.Equal(t, exitUsage, code, "%v", c.args)
		assert.Contains(t, message, c.want, "%v", c.args)
		assert.NotContains(t, message, "\n", "%v", c.args)
	}
}

func TestVersionFlag(t *testing.T) {
	_, command, _ := seatrial(t, "version")
	code, out, _ := seatrial(t, "--version")
	assert.Equal(t, 0, code)
	assert.Equal(t, command, out)
}

func TestEachOfSeveralMistakesSaysWhoComplains(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("apiVersion: seatrial.dev/v1alpha1\nkind: Scenario\nname: bad\nfaults:\n- {kind: latency, verbs: [gett], from: -3s}\n"), 0o644))
	c := root()
	c.SetArgs([]string{"run", bad, bad})
	c.SetOut(&bytes.Buffer{})
	err := c.ExecuteContext(t.Context())
	require.Error(t, err)
	var out bytes.Buffer
	complain(&out, err)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.GreaterOrEqual(t, len(lines), 4)
	for _, line := range lines {
		assert.True(t, strings.HasPrefix(line, "seatrial: "), line)
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, out, _ := seatrial(t, "completion", shell)
		assert.Equal(t, 0, code)
		assert.Contains(t, out, "seatrial")
	}
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "failures", "a-seed-1"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "failures", "a-seed-1", "verdict.json"), nil, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "storm.yaml"), nil, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644))
	t.Chdir(dir)
	for _, c := range []struct {
		args      []string
		want, not string
	}{
		{[]string{"run", "x.yaml", "--subject", "historical/33"}, "historical/3336\t", "historical/1457"},
		{[]string{"sweep", "--mode", ""}, "every-call", "storm"},
		{[]string{"replay", ""}, "failures/\nstorm.yaml\n", "notes"},
		{[]string{"explain", ""}, "failures/\n", "storm"},
		{[]string{"replay", "failures/"}, "failures/a-seed-1\n", "storm"},
		{[]string{"replay", "gone/"}, ":4", "storm"},
		{[]string{"swe"}, "sweep\t", "summarize"},
	} {
		_, out, _ := seatrial(t, append([]string{cobra.ShellCompRequestCmd}, c.args...)...)
		assert.Contains(t, out, c.want, "%v", c.args)
		assert.NotContains(t, out, c.not, "%v", c.args)
	}
}
