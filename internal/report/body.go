package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// longestBody is how much of one body a page holds. Lists of hundreds of
// objects would otherwise make pages of tens of megabytes.
const longestBody = 32 << 10

// keep puts a text into the table of bodies, once, and returns what to refer
// to it by; 0 for none.
func (c *collector) keep(text string) int {
	if text == "" {
		return 0
	}
	if len(text) > longestBody {
		cut := strings.ToValidUTF8(text[:longestBody], "")
		text = fmt.Sprintf("%s\n… and %d bytes more", cut, len(text)-len(cut))
	}
	if n, known := c.bodies[text]; known {
		return n
	}
	c.data.Bodies = append(c.data.Bodies, text)
	c.bodies[text] = len(c.data.Bodies)
	return len(c.data.Bodies)
}

// wire keeps a body as it was sent: JSON as it is, protobuf as the JSON of the
// same object.
func (c *collector) wire(body []byte) int {
	switch {
	case len(body) == 0:
		return 0
	case bytes.HasPrefix(body, []byte("k8s\x00")):
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
		if err != nil {
			return c.keep(fmt.Sprintf("%d bytes of protobuf: %v", len(body), err))
		}
		return c.object(object)
	case !utf8.Valid(body):
		return c.keep(fmt.Sprintf("%d bytes", len(body)))
	}
	return c.keep(indented(body))
}

// object keeps an object of the revision log.
func (c *collector) object(o runtime.Object) int {
	if o == nil {
		return 0
	}
	text, err := json.Marshal(o)
	if err != nil {
		return c.keep(fmt.Sprintf("%T: %v", o, err))
	}
	return c.keep(indented(text))
}

// indented lays JSON out for people, without managedFields, which nobody reads.
func indented(text []byte) string {
	var value any
	if json.Unmarshal(text, &value) != nil {
		return string(text)
	}
	dropManagedFields(value)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(value) != nil {
		return string(text)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func dropManagedFields(value any) {
	switch v := value.(type) {
	case map[string]any:
		if meta, ok := v["metadata"].(map[string]any); ok {
			delete(meta, "managedFields")
		}
		items, _ := v["items"].([]any)
		for _, item := range items {
			dropManagedFields(item)
		}
	case []any:
		for _, item := range v {
			dropManagedFields(item)
		}
	}
}
