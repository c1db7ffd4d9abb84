package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	causes "github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/model"
)

// Goal: colours and links are there for people at a terminal who want them, and for
// nobody else. Method: environments and flags, and what a sweep prints at its end.

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestWhoGetsColoursAndLinks(t *testing.T) {
	for _, c := range []struct {
		name           string
		when           colourWhen
		terminal       bool
		env            []string
		colours, links bool
	}{
		{"a terminal", colourAuto, true, []string{"TERM", "xterm-256color"}, true, false},
		{"one that knows links", colourAuto, true, []string{"TERM", "xterm-kitty"}, true, true},
		{"one by its program", colourAuto, true, []string{"TERM_PROGRAM", "vscode"}, true, true},
		{"VTE since 0.50", colourAuto, true, []string{"VTE_VERSION", "7402"}, true, true},
		{"VTE before", colourAuto, true, []string{"VTE_VERSION", "4205"}, true, false},
		{"a file", colourAuto, false, []string{"TERM", "xterm-kitty"}, false, false},
		{"a dumb one", colourAuto, true, []string{"TERM", "dumb"}, false, false},
		{"NO_COLOR", colourAuto, true, []string{"NO_COLOR", "1", "TERM", "xterm-kitty"}, false, true},
		{"NO_COLOR, and asked for all the same", colourAlways, false, []string{"NO_COLOR", "1"}, true, true},
		{"not wanted", colourNever, true, []string{"TERM", "xterm-kitty"}, false, false},
	} {
		s := newStyle(new(bytes.Buffer), c.when, c.terminal, environment(c.env...))
		assert.Equal(t, c.colours, s.colours != nil, "%s: colours", c.name)
		assert.Equal(t, c.links, s.links != nil, "%s: links", c.name)
	}
}

func TestWhatIsPainted(t *testing.T) {
	s := newStyle(new(bytes.Buffer), colourAlways, false, environment())
	assert.Equal(t, "\x1b[31;1msafety\x1b[0m       seed 7", s.leading(model.VerdictSafety, "safety       seed 7"))
	assert.Regexp(t, "^\x1b\\]8;;file://[^/]*/a%20b/index.html\x1b\\\\page\x1b\\]8;;\x1b\\\\$", s.link("/a b/index.html", "page"))
	story := causes.Story{Sentence: "fault after fault", Steps: []causes.Step{{Kind: causes.Fault, Text: "fault"}, {Kind: causes.Broken, Text: "it breaks"}}}
	painted := s.story(story.Text())
	assert.Contains(t, painted, "fault after fault.\n  \x1b[33;1mfault\x1b[0m")
	assert.Contains(t, painted, "\n  \x1b[31;1mbroken\x1b[0m")
	plain := style{}
	assert.Equal(t, story.Text(), plain.story(story.Text()))
	assert.Equal(t, "page", plain.link("/x", "page"))
}

func TestColourIsOneOfThree(t *testing.T) {
	code, _, message := seatrial(t, "version", "--color", "sometimes")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, message, "want auto, always or never")
	code, out, _ := seatrial(t, "run", calmDay, "--color", "always")
	assert.Equal(t, exitPass, code)
	assert.Contains(t, out, "\x1b[32;1mpass\x1b[0m")
	_, out, _ = seatrial(t, "run", calmDay)
	assert.NotContains(t, out, "\x1b", "a buffer is no terminal")
	_, out, _ = seatrial(t, "run", calmDay, "--json", "--color", "always")
	assert.NotContains(t, out, "\x1b", "what programs read is not painted")
}

// The end of a sweep: the gravest group first, a command for each, the page, and last
// what there is to do.
func TestTheEndOfASweep(t *testing.T) {
	var out bytes.Buffer
	p := newPrinter(output{}, &out, true)
	p.index = "failures/index.html"
	for _, f := range []results.Failure{
		{Entry: results.Entry{Seed: 9, Subject: "s", Verdict: model.VerdictLiveness, Property: "q", Signature: "q: *", Replay: "seatrial replay --seed 9"}},
		{Entry: results.Entry{Seed: 8, Subject: "s", Verdict: model.VerdictSafety, Property: "p", Artifact: "s-seed-8"}, Folder: "failures"},
		{Entry: results.Entry{Seed: 7, Subject: "s", Verdict: model.VerdictSafety, Property: "p", Artifact: "s-seed-7"}, Folder: "failures"},
	} {
		p.count(f)
	}
	p.last(model.VerdictSafety, "safety: s violated p\nreplay it")
	require.Error(t, p.finish())
	assert.Regexp(t, `(?s)failures:\n     2 × safety  p\n         first seed 7\n         \S+ replay failures/s-seed-7\n     1 × liveness  q: \*\n         first seed 9\n         \S+ replay --seed 9\nreport: failures/index.html\nsafety: s violated p\nreplay it\n$`, out.String())
}
