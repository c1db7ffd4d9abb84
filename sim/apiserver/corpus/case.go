package corpus

import "encoding/json"

// Case is one scenario. It runs in a fresh namespace ${ns} unless NoNamespace
// is set, so cases do not see each other's namespaced objects.
type Case struct {
	Name        string   `json:"name"`
	Doc         string   `json:"doc,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	Requires    []string `json:"requires,omitempty"`
	NoNamespace bool     `json:"noNamespace,omitempty"`
	Steps       []*Step  `json:"steps"`
}

// Step is one action. Ops:
//
//	""                 send Request, compare Expect
//	"poll"             send Request until the status is PollStatus and the raw body contains PollContains
//	"watch-start"      start a watch named Watch
//	"watch-read"       read from the watch named Watch until Events events came, it closed, or TimeoutMs passed
//	"sleep"            wait TimeoutMs
//	"background"       send Request without waiting
//	"background-wait"  take the answer to the background step whose id is Watch
//	"compact"          discard history up to now
type Step struct {
	ID           string    `json:"id"`
	Op           string    `json:"op,omitempty"`
	Request      *Request  `json:"request,omitempty"`
	Watch        string    `json:"watch,omitempty"`
	Events       int       `json:"events,omitempty"`
	WaitClose    bool      `json:"waitClose,omitempty"` // of a watch-read: read on until it closes
	TimeoutMs    int       `json:"timeoutMs,omitempty"`
	PollStatus   int       `json:"pollStatus,omitempty"`
	PollContains string    `json:"pollContains,omitempty"`
	Keep         []string  `json:"keep,omitempty"`      // managedFields, bookmarks
	Only         []string  `json:"only,omitempty"`      // keep only these paths of the body
	Unordered    []string  `json:"unordered,omitempty"` // paths of arrays to sort before comparing; "$events" for the events
	Expect       *Response `json:"expect,omitempty"`
}

// Operations of a Step.
const (
	OpSend           = ""
	OpPoll           = "poll"
	OpWatchStart     = "watch-start"
	OpWatchRead      = "watch-read"
	OpSleep          = "sleep"
	OpBackground     = "background"
	OpBackgroundWait = "background-wait"
	OpCompact        = "compact"
)

// Request is what is sent. Path (with query), header values and body may hold
// ${ns} and ${step:path}, where path names a value of that step's answer;
// rv, uid, name and continue are short for the metadata fields.
type Request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
	BodyRaw string            `json:"bodyRaw,omitempty"` // sent as it is, after ${...}
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
