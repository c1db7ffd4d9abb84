package faults

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// String is the rule on one line, as a scenario file has it.
func (r *Rule) String() string { return "{" + r.Text() + "}" }

// Text is what the rule says, as in a scenario file but without the braces and
// without some of the fields.
func (r *Rule) Text(without ...string) string {
	var told []string
	for _, f := range fields {
		if value, set := f.value(r); set && !slices.Contains(without, f.Name) {
			told = append(told, f.Name+": "+value)
		}
	}
	return strings.Join(told, ", ")
}

// String is one duration when both are the same.
func (s Span) String() string {
	if s.Min == s.Max {
		return s.Min.String()
	}
	return fmt.Sprintf("{min: %s, max: %s}", s.Min, s.Max)
}

func list(items []string) string {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = word(item)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

var plain = regexp.MustCompile(`^[a-z][a-zA-Z0-9/.-]*$`)

// word is text in quotes if YAML might not take it for text without them, as the
// stars of patterns and the digits of addresses.
func word(s string) string {
	if !plain.MatchString(s) || s == "true" || s == "false" || s == "null" {
		return strconv.Quote(s)
	}
	return s
}

func restart(after time.Duration) string {
	if after < 0 {
		return "never"
	}
	return after.String()
}
