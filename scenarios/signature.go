package scenarios

import (
	"regexp"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/model"
)

// Signature is the same for failures that most likely are one bug, and another
// for those that are not: the property, what the culprit did (which process, verb
// and resource) and the shape of the message, all up to renaming: replicas,
// names of objects, addresses, times and numbers do not matter. It is empty for a
// run that passed.
func Signature(r *Result) string {
	if r.Verdict.Kind == model.VerdictPass {
		return ""
	}
	parts := []string{r.Verdict.Property}
	names := namesIn(&r.Record.History)
	// What makes a liveness law false for good is one of several tries that were in
	// vain, as chance has it: it says nothing about the bug.
	if c := r.Verdict.Culprit; c.CallID != 0 && r.Verdict.Kind != model.VerdictLiveness {
		if call := callOf(&r.Record.History, c.CallID); call != nil {
			process := replica.ReplaceAllString(call.Process, "")
			if call.User {
				process = DefaultUser // whoever it is
			}
			parts = append(parts, process+" "+call.Verb+" "+call.ResourcePath())
		}
	}
	return strings.Join(append(parts, shape(r.Verdict.Message, names)), ": ")
}

// SignatureOf is [Signature] of a failure that ended the process which could have told more.
func SignatureOf(property, message string) string { return property + ": " + shape(message, nil) }

func callOf(h *model.History, id uint64) *model.Call {
	i := slices.IndexFunc(h.Calls, func(c model.Call) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &h.Calls[i]
}

// namesIn are the names that objects, namespaces and processes have in a run, the
// longest first, so that one that contains another is replaced whole.
func namesIn(h *model.History) []string {
	seen := map[string]bool{}
	for i := range h.Commits {
		for _, name := range []string{h.Commits[i].Name, h.Commits[i].Namespace, h.Commits[i].UID} {
			if len(name) > 1 {
				seen[name] = true
			}
		}
	}
	names := SortedKeys(seen)
	slices.SortStableFunc(names, func(a, b string) int { return len(b) - len(a) })
	return names
}

var (
	replica = regexp.MustCompile(`(-[0-9]+)+$`)
	quoted  = regexp.MustCompile(`"[^"]*"`)
	// values are what differs from run to run: hashes, addresses, times, counts.
	values = regexp.MustCompile(`\b[0-9a-f]{6,}\b|[0-9][0-9a-zµ.:/-]*`)
	starry = regexp.MustCompile(`\*(?:[-/.,* ]*\*)+`)
)

// longestShape keeps a signature on a line.
const longestShape = 160

// shape is a message without what names and numbers it is about.
func shape(message string, names []string) string {
	if line, _, more := strings.Cut(message, "\n"); more {
		message = line
	}
	for _, name := range names {
		message = replaceWord(message, name)
	}
	message = quoted.ReplaceAllString(message, "*")
	message = starry.ReplaceAllString(values.ReplaceAllString(message, "*"), "*")
	if len(message) > longestShape {
		message = message[:longestShape]
	}
	return message
}

// replaceWord puts a star in the place of a name where it stands alone.
func replaceWord(text, name string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, name)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := i + len(name)
		alone := (i == 0 || !wordy(text[i-1])) && (end == len(text) || !wordy(text[end]))
		b.WriteString(text[:i])
		if alone {
			b.WriteByte('*')
		} else {
			b.WriteString(name)
		}
		text = text[end:]
	}
}

func wordy(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// KnownAs is the reason for which a failure with this signature is not looked
// into; empty: it is.
func (s *Subject) KnownAs(signature string) string {
	for _, k := range s.Known {
		if k.Signature != "" && strings.HasPrefix(signature, k.Signature) {
			return k.Reason
		}
	}
	return ""
}
