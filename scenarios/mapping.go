package scenarios

import (
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/faults"
)

// mapping is a YAML mapping being written. Its methods leave out a field that
// is empty or has its default value.
type mapping struct{ node *yaml.Node }

func newMapping() *mapping { return &mapping{&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}} }

// scalar writes a value. Text of several lines is quoted, because not every
// text survives being written as a block.
func scalar(tag, value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
	if strings.Contains(value, "\n") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func (m *mapping) add(key string, value *yaml.Node) {
	m.node.Content = append(m.node.Content, scalar("!!str", key), value)
}

func (m *mapping) text(key, value string) {
	if value != "" {
		m.add(key, scalar("!!str", value))
	}
}

// prose writes text of several lines as a block, if it then reads back the same.
func (m *mapping) prose(key, value string) {
	m.text(key, value)
	if !strings.Contains(value, "\n") {
		return
	}
	block := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Style: yaml.LiteralStyle}
	var back map[string]string
	text, err := yaml.Marshal(map[string]*yaml.Node{key: block})
	if err == nil && yaml.Unmarshal(text, &back) == nil && back[key] == value {
		m.node.Content[len(m.node.Content)-1] = block
	}
}

func (m *mapping) integer(key string, value, standard int) {
	if value != standard {
		m.add(key, scalar("!!int", strconv.Itoa(value)))
	}
}

func (m *mapping) flag(key string, value bool) {
	if value {
		m.add(key, scalar("!!bool", "true"))
	}
}

func (m *mapping) duration(key string, value, standard time.Duration) {
	if value != standard {
		m.add(key, scalar("!!str", formatDuration(value)))
	}
}

func (m *mapping) span(key string, s faults.Span) {
	if s.Min == s.Max {
		m.add(key, scalar("!!str", formatDuration(s.Min)))
		return
	}
	inner := newMapping()
	inner.duration("min", s.Min, 0)
	inner.add("max", scalar("!!str", formatDuration(s.Max)))
	m.flow(key, inner)
}

func (m *mapping) texts(key string, values []string) {
	if len(values) == 0 {
		return
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	for _, v := range values {
		n.Content = append(n.Content, scalar("!!str", v))
	}
	m.add(key, n)
}

// textMap writes a map that is there even when it is empty; nil is left out.
func (m *mapping) textMap(key string, values map[string]string) {
	if values == nil {
		return
	}
	inner := newMapping()
	for _, k := range sortedKeys(values) {
		inner.add(k, scalar("!!str", values[k]))
	}
	inner.node.Style = yaml.FlowStyle
	m.add(key, inner.node)
}

func (m *mapping) list(key string, items []*yaml.Node) {
	if len(items) > 0 {
		m.add(key, &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: items})
	}
}

func (m *mapping) nested(key string, inner *mapping) {
	if len(inner.node.Content) > 0 {
		m.add(key, inner.node)
	}
}

// flow is nested, on one line.
func (m *mapping) flow(key string, inner *mapping) {
	inner.node.Style = yaml.FlowStyle
	m.nested(key, inner)
}

// longestLine is where a step or a rule is written on several lines instead.
const longestLine = 150

// fitted puts a mapping on one line if it fits, otherwise as many of the things
// in it as fit.
func fitted(m *mapping) *yaml.Node {
	fit(m.node)
	return m.node
}

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

// jsonNode writes what [Manifest] holds, keys sorted.
func jsonNode(v any) *yaml.Node {
	switch v := v.(type) {
	case map[string]any:
		m := newMapping()
		for _, k := range sortedKeys(v) {
			m.add(k, jsonNode(v[k]))
		}
		return m.node
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, item := range v {
			n.Content = append(n.Content, jsonNode(item))
		}
		return n
	case string:
		return scalar("!!str", v)
	case bool:
		return scalar("!!bool", strconv.FormatBool(v))
	case int64:
		return scalar("!!int", strconv.FormatInt(v, 10))
	case float64:
		return scalar("!!float", formatFloat(v))
	case nil:
		return scalar("!!null", "null")
	}
	panic("scenarios: a manifest holds a value that JSON has no type for")
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
