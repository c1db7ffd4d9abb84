// Package known holds differences between the simulated and the real server
// that are explained: each with the reason why it is not a bug.
package known

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
)

// Difference is one explained difference: what it looks like, and why it is
// there. Empty patterns match everything, but Difference must not be empty.
type Difference struct {
	Reason string `json:"reason"`
	// Request is a pattern for "METHOD path" as in the case.
	Request string `json:"request,omitempty"`
	// Difference is a pattern for the line that describes the difference.
	Difference string `json:"difference"`

	request, difference *regexp.Regexp
}

// List is what Load read; nil knows nothing.
type List []*Difference

// Load reads a list. An entry without a reason is an error: it would hide
// differences that nobody has explained.
func Load(path string) (List, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("known differences: %w", err)
	}
	var list List
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("known differences: %s: %w", path, err)
	}
	for i, k := range list {
		if k.Reason == "" || k.Difference == "" {
			return nil, fmt.Errorf("known differences: %s: entry %d needs both reason and difference", path, i)
		}
		if k.request, err = regexp.Compile(k.Request); err != nil {
			return nil, fmt.Errorf("known differences: %s: entry %d: request: %w", path, i, err)
		}
		if k.difference, err = regexp.Compile(k.Difference); err != nil {
			return nil, fmt.Errorf("known differences: %s: entry %d: difference: %w", path, i, err)
		}
	}
	return list, nil
}

// Unexplained are the lines that no entry explains.
func (l List) Unexplained(request string, lines []string) []string {
	var out []string
	for _, line := range lines {
		if !l.explains(request, line) {
			out = append(out, line)
		}
	}
	return out
}

func (l List) explains(request, line string) bool {
	for _, k := range l {
		if k.request.MatchString(request) && k.difference.MatchString(line) {
			return true
		}
	}
	return false
}
