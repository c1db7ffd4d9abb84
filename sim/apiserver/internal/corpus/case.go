package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

// Case is one recorded scenario. Each runs in a fresh namespace ${ns}, unless
// NoNamespace, so that cases are independent of each other.
type Case struct {
	Name        string   `json:"name"`
	Doc         string   `json:"doc,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	Requires    []string `json:"requires,omitempty"` // "kcm": garbage collector and namespace controller; "compact"
	NoNamespace bool     `json:"noNamespace,omitempty"`
	Steps       []*Step  `json:"steps"`
}

// Step is one action. Ops:
//
//	""                 send Request, compare Expect
//	"poll"             send Request until the status is PollStatus (and, if set, the raw body contains PollContains), then compare
//	"watch-start"      start a watch named Watch; Expect is compared when the HTTP status is not 200
//	"watch-read"       read from the watch named Watch until Events events came, or it closed, or TimeoutMs passed
//	"sleep"            wait TimeoutMs
//	"background"       send Request without waiting
//	"background-wait"  take the response of the background step whose id is Watch
//	"compact"          discard history up to now
type Step struct {
	ID           string    `json:"id"`
	Op           string    `json:"op,omitempty"`
	Request      *Request  `json:"request,omitempty"`
	Watch        string    `json:"watch,omitempty"`
	Events       int       `json:"events,omitempty"`
	WaitClose    bool      `json:"waitClose,omitempty"`
	TimeoutMs    int       `json:"timeoutMs,omitempty"`
	PollStatus   int       `json:"pollStatus,omitempty"`
	PollContains string    `json:"pollContains,omitempty"`
	Keep         []string  `json:"keep,omitempty"`      // "managedFields", "bookmarks"
	Only         []string  `json:"only,omitempty"`      // compare only these paths of the body: a.b, a.[k=v].c
	Unordered    []string  `json:"unordered,omitempty"` // paths of arrays to sort before comparing; "$events" for the events
	Expect       *Response `json:"expect,omitempty"`
}

// Request is what is sent. Path, query and body may hold ${...}.
type Request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers,omitempty"` // "-" removes a default one
	Body    json.RawMessage   `json:"body,omitempty"`
	BodyRaw string            `json:"bodyRaw,omitempty"` // sent as is, after ${...}
}

// Response is a normalised answer.
type Response struct {
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    any               `json:"body,omitempty"`
	Text    string            `json:"text,omitempty"`
	Events  []any             `json:"events,omitempty"`
	Closed  bool              `json:"closed,omitempty"`
}

// Load reads every case of a folder, by file name.
func Load(dir string) ([]*Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list cases in %s: %w", dir, err)
	}
	sort.Strings(files)
	var out []*Case
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read case: %w", err)
		}
		c := &Case{}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(c); err != nil {
			return nil, fmt.Errorf("decode case %s: %w", file, err)
		}
		out = append(out, c)
	}
	return out, nil
}
