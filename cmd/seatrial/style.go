package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/muesli/termenv"
	"github.com/spf13/cobra"

	causes "github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/model"
)

// colourWhen is the value of --color.
type colourWhen string

const (
	colourAuto   colourWhen = "auto"
	colourAlways colourWhen = "always"
	colourNever  colourWhen = "never"
)

// String, Set and Type implement pflag.Value.
func (w *colourWhen) String() string { return string(*w) }

func (w *colourWhen) Set(text string) error {
	switch colourWhen(text) {
	case colourAuto, colourAlways, colourNever:
		*w = colourWhen(text)
		return nil
	}
	return fmt.Errorf("want %s, %s or %s", colourAuto, colourAlways, colourNever)
}

func (w *colourWhen) Type() string { return "when" }

const colourFlag = "color"

// addColourFlag adds --color to a command and all below it.
func addColourFlag(root *cobra.Command) {
	when := colourAuto
	root.PersistentFlags().Var(&when, colourFlag, "colours and links: auto, on a terminal and unless NO_COLOR is set; always; never")
	root.RegisterFlagCompletionFunc(colourFlag, cobra.FixedCompletions([]string{string(colourAuto), string(colourAlways), string(colourNever)}, cobra.ShellCompDirectiveNoFileComp))
}

// style decorates what is printed, if whoever reads it sees that. The zero value
// decorates nothing.
type style struct {
	colours *termenv.Output // nil: none
	links   *termenv.Output // nil: none
}

// styleOf is the style for what a command writes to out.
func styleOf(c *cobra.Command, out io.Writer) style {
	when := colourAuto
	if flag := c.Flag(colourFlag); flag != nil {
		when = colourWhen(flag.Value.String())
	}
	return newStyle(out, when, isTerminal(out), os.Getenv)
}

func newStyle(out io.Writer, when colourWhen, terminal bool, env func(string) string) (s style) {
	dumb := env("TERM") == "dumb"
	switch {
	case when == colourNever || when == colourAuto && (!terminal || dumb):
		return style{}
	case when == colourAlways || env("NO_COLOR") == "":
		s.colours = termenv.NewOutput(out, termenv.WithProfile(termenv.ANSI))
	}
	if when == colourAlways || hyperlinks(env) {
		s.links = termenv.NewOutput(out, termenv.WithProfile(termenv.ANSI))
	}
	return s
}

// hyperlinks tells from its environment whether a terminal makes links of OSC 8.
// Those that do not know the sequence may print it.
func hyperlinks(env func(string) string) bool {
	switch env("TERM_PROGRAM") {
	case "iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "Tabby":
		return true
	}
	for _, known := range []string{"WT_SESSION", "KONSOLE_VERSION", "DOMTERM", "KITTY_WINDOW_ID"} {
		if env(known) != "" {
			return true
		}
	}
	name := env("TERM")
	for _, known := range []string{"kitty", "alacritty", "foot", "ghostty", "contour"} {
		if strings.Contains(name, known) {
			return true
		}
	}
	// Before 0.50 links crashed terminals that are made with VTE.
	vte := 0
	_, err := fmt.Sscan(env("VTE_VERSION"), &vte)
	return err == nil && vte >= 5000
}

// Colours of a terminal's own sixteen: what they look like its user chose.
const (
	red, green, yellow, magenta, cyan = "1", "2", "3", "5", "6"
)

func (s style) paint(colour, text string) string {
	if s.colours == nil || text == "" {
		return text
	}
	return s.colours.String(text).Foreground(s.colours.Color(colour)).Bold().String()
}

func (s style) bold(text string) string {
	if s.colours == nil || text == "" {
		return text
	}
	return s.colours.String(text).Bold().String()
}

// verdict paints a text in the colour of a verdict.
func (s style) verdict(kind model.VerdictKind, text string) string {
	switch kind {
	case model.VerdictPass:
		return s.paint(green, text)
	case model.VerdictSafety:
		return s.paint(red, text)
	case model.VerdictLiveness:
		return s.paint(yellow, text)
	case model.VerdictCrash:
		return s.paint(magenta, text)
	}
	return s.paint(cyan, text)
}

// leading paints the verdict with which a line begins.
func (s style) leading(kind model.VerdictKind, line string) string {
	rest, ok := strings.CutPrefix(line, string(kind))
	if !ok {
		return line
	}
	return s.verdict(kind, string(kind)) + rest
}

// link makes of a text a link to a file.
func (s style) link(file, text string) string {
	path, err := filepath.Abs(file)
	if s.links == nil || err != nil {
		return text
	}
	host, _ := os.Hostname() // without it, the link is to this machine as well
	target := url.URL{Scheme: "file", Host: host, Path: filepath.ToSlash(path)}
	return s.links.Hyperlink(target.String(), text)
}

// story paints the kinds of the steps of a story, which are a line each.
func (s style) story(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		fields := strings.Fields(line)
		if len(fields) == 0 || !strings.HasPrefix(line, "  ") {
			continue
		}
		colour := ""
		switch causes.Kind(fields[0]) {
		case causes.Broken:
			colour = red
		case causes.Fault, causes.Death:
			colour = yellow
		case causes.Change, causes.Told, causes.Known, causes.Decision:
			colour = cyan
		default:
			continue
		}
		lines[i] = strings.Replace(line, fields[0], s.paint(colour, fields[0]), 1)
	}
	return strings.Join(lines, "")
}
