package format

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Mapping is a YAML mapping being written.
type Mapping struct{ node *yaml.Node }

// NewMapping is one without fields.
func NewMapping() *Mapping { return &Mapping{&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}} }

// Node is the mapping as YAML has it.
func (m *Mapping) Node() *yaml.Node { return m.node }

// Add appends a field.
func (m *Mapping) Add(key string, value *yaml.Node) {
	m.node.Content = append(m.node.Content, Scalar("!!str", key), value)
}

// Flow puts the mapping on one line.
func (m *Mapping) Flow() *Mapping {
	m.node.Style = yaml.FlowStyle
	return m
}

// Append adds the fields of another mapping.
func (m *Mapping) Append(other *Mapping) {
	m.node.Content = append(m.node.Content, other.node.Content...)
}

// orNothing is the mapping, or nil when it has no fields.
func (m *Mapping) orNothing() *yaml.Node {
	if len(m.node.Content) == 0 {
		return nil
	}
	return m.node
}

// Encode writes a document with a comment on top.
func Encode(comment string, m *Mapping) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	document := &yaml.Node{Kind: yaml.DocumentNode, HeadComment: comment, Content: []*yaml.Node{m.node}}
	if err := e.Encode(document); err != nil {
		return nil, fmt.Errorf("writing YAML: %w", err)
	}
	if err := e.Close(); err != nil {
		return nil, fmt.Errorf("writing YAML: %w", err)
	}
	return b.Bytes(), nil
}

// Scalar writes a value. Text of several lines is quoted, because not every
// text survives being written as a block.
func Scalar(tag, value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
	if strings.Contains(value, "\n") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// DurationNode writes a duration in the shortest usual spelling.
func DurationNode(d time.Duration) *yaml.Node { return Scalar("!!str", FormatDuration(d)) }

// proseNode writes text of several lines as a block, if it then reads back the same.
func proseNode(value string) *yaml.Node {
	if value == "" {
		return nil
	}
	if !strings.Contains(value, "\n") {
		return Scalar("!!str", value)
	}
	block := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Style: yaml.LiteralStyle}
	var back map[string]string
	text, err := yaml.Marshal(map[string]*yaml.Node{"prose": block})
	if err == nil && yaml.Unmarshal(text, &back) == nil && back["prose"] == value {
		return block
	}
	return Scalar("!!str", value)
}

func spanNode(least, most time.Duration) *yaml.Node {
	if least == most {
		return DurationNode(least)
	}
	inner := NewMapping()
	if least != 0 {
		inner.Add("min", DurationNode(least))
	}
	inner.Add("max", DurationNode(most))
	return inner.Flow().node
}

func textsNode(values []string) *yaml.Node {
	if len(values) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	for _, v := range values {
		n.Content = append(n.Content, Scalar("!!str", v))
	}
	return n
}

func textMapNode(values map[string]string) *yaml.Node {
	if values == nil {
		return nil
	}
	inner := NewMapping()
	for _, k := range sortedKeys(values) {
		inner.Add(k, Scalar("!!str", values[k]))
	}
	return inner.Flow().node
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// longestLine is where a step or a rule is written on several lines instead.
const longestLine = 150

// fit puts a node on one line if it fits, otherwise as many of the things in it
// as fit.
func fit(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		return
	}
	if width(n) <= longestLine {
		n.Style = yaml.FlowStyle
		return
	}
	for _, child := range n.Content {
		fit(child)
	}
}

// width estimates how long a node is on one line.
func width(n *yaml.Node) int {
	w := len(n.Value) + 2
	for _, child := range n.Content {
		w += width(child)
	}
	return w
}

// JSONNode writes what unstructured objects hold, keys sorted. It panics on a
// value of a Go type that reading YAML does not give.
func JSONNode(v any) *yaml.Node {
	switch v := v.(type) {
	case map[string]any:
		m := NewMapping()
		for _, k := range sortedKeys(v) {
			m.Add(k, JSONNode(v[k]))
		}
		return m.node
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, item := range v {
			n.Content = append(n.Content, JSONNode(item))
		}
		return n
	case string:
		return Scalar("!!str", v)
	case bool:
		return Scalar("!!bool", strconv.FormatBool(v))
	case int64:
		return Scalar("!!int", strconv.FormatInt(v, 10))
	case float64:
		return Scalar("!!float", formatFloat(v))
	case nil:
		return Scalar("!!null", "null")
	}
	panic("format: an object holds a value that JSON has no type for")
}

// formatFloat writes a number so that it is read back as one, not as a whole
// number.
func formatFloat(v float64) string {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if _, err := strconv.ParseInt(s, 10, 64); err == nil {
		s += ".0"
	}
	return s
}
