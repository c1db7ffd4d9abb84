package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// normal brings the end states of two runs into a form in which they are equal
// unless the runs really ended differently. What two runs of one story may
// legitimately differ in is replaced or left out:
//
//   - uid, resourceVersion, generation, managedFields and selfLink are left
//     out; observedGeneration becomes "current" or "behind";
//   - points in time become "<time>";
//   - the uid of any object, wherever it stands, becomes the object's name;
//   - names made from generateName, and names that the process under test made
//     of a prefix and five random letters, become the prefix and "*", wherever
//     they stand; objects that become namesakes are compared as a set;
//   - addresses and node ports that the server gave a Service are left out;
//   - the address of a pod, wherever it stands, becomes the pod's name;
//   - finalizers, owner references and the endpoints of an EndpointSlice are sets; lists of maps that have a type
//     or a name each, such as conditions, are maps by it.
type normal struct {
	uids  map[string]string
	names *strings.Replacer
	// alias are generated names by their whole text.
	alias map[string]string
	// slice: the object that is looked at is an EndpointSlice.
	slice bool
}

// incidental: what the server and its actors write for themselves, and what
// controllers write for ever by design, is no part of a result.
func incidental(id objectID) bool {
	switch id.group + "/" + id.resource {
	case "/events", "events.k8s.io/events", "coordination.k8s.io/leases":
		return true
	}
	return false
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// leaves are the fields of one object by their paths, e.g.
// status.conditions[Ready].reason.
type leaves map[string]string

// normalEnd gives the end state by normal name; namesakes are in an order that
// depends on their content alone.
func normalEnd(h *History) map[string][]leaves {
	n := newNormal(h)
	out := map[string][]leaves{}
	for _, o := range h.End().all() {
		if !incidental(o.id) {
			name := n.name(o.id)
			out[name] = append(out[name], n.object(o))
		}
	}
	for _, namesakes := range out {
		slices.SortFunc(namesakes, func(a, b leaves) int { return strings.Compare(a.text(), b.text()) })
	}
	return out
}

func newNormal(h *History) *normal {
	n := &normal{uids: map[string]string{}, alias: map[string]string{}}
	prefixes := map[string]string{}
	for i := range h.Commits {
		if c := &h.Commits[i]; c.New != nil {
			if prefix, ok := generatedFrom(c); ok {
				prefixes[c.Name] = prefix
			}
		}
	}
	// Shorter names first: a generated name may be part of the prefix of another.
	names := slices.SortedFunc(maps.Keys(prefixes), func(a, b string) int {
		return cmp.Or(len(a)-len(b), strings.Compare(a, b))
	})
	var pairs []string
	for _, name := range names {
		n.alias[name] = strings.NewReplacer(pairs...).Replace(prefixes[name]) + "*"
		// The replacer takes the first of its pairs that fits: longer ones go before.
		pairs = append([]string{name, n.alias[name]}, pairs...)
	}
	n.names = strings.NewReplacer(pairs...)
	for i := range h.Commits {
		c := &h.Commits[i]
		n.uids[c.UID] = "<uid of " + n.name(c.objectID()) + ">"
		if pod, ok := c.New.(*corev1.Pod); ok && pod.Status.PodIP != "" && !pod.Spec.HostNetwork {
			n.alias[pod.Status.PodIP] = "<address of " + n.name(c.objectID()) + ">"
		}
	}
	return n
}

// madeUp is a name that ends as k8s.io/apiserver's name generator makes names,
// which many controllers call themselves.
var madeUp = regexp.MustCompile(`^(.*-)[bcdfghjklmnpqrstvwxz2456789]{5}$`)

// generatedFrom tells whether a name was generated, by the server from
// generateName or by the process under test, and from which prefix.
func generatedFrom(c *Commit) (prefix string, ok bool) {
	object := Metadata(c.New)
	if prefix = object.GetGenerateName(); prefix != "" && strings.HasPrefix(c.Name, prefix) {
		return prefix, true
	}
	if parts := madeUp.FindStringSubmatch(c.Name); parts != nil && c.Old == nil && c.Subject() {
		return parts[1], true
	}
	return "", false
}

func (n *normal) name(id objectID) string {
	if alias, ok := n.alias[id.name]; ok {
		id.name = alias
	} else {
		id.name = n.names.Replace(id.name)
	}
	return id.String()
}

func (n *normal) object(o stored) leaves {
	m := asMap(o.object)
	delete(m, "apiVersion") // the version that it was last written in
	meta, _ := m["metadata"].(map[string]any)
	generation := WholeNumber(meta["generation"])
	for _, field := range []string{"uid", "resourceVersion", "generation", "managedFields", "selfLink", "creationTimestamp", "name", "deletionGracePeriodSeconds"} {
		delete(meta, field)
	}
	if spec, ok := m["spec"].(map[string]any); ok && o.id.group == "" && o.id.resource == "services" {
		withoutAllocations(spec)
	}
	n.slice = o.id.group == "discovery.k8s.io" && o.id.resource == "endpointslices"
	out := leaves{}
	n.flatten(out, "", m, generation)
	return out
}

// withoutAllocations leaves out what the server chose for a Service.
func withoutAllocations(spec map[string]any) {
	if spec["clusterIP"] != "None" {
		delete(spec, "clusterIP")
		delete(spec, "clusterIPs")
	}
	delete(spec, "healthCheckNodePort")
	ports, _ := spec["ports"].([]any)
	for _, port := range ports {
		if fields, ok := port.(map[string]any); ok {
			delete(fields, "nodePort")
		}
	}
}

func (n *normal) flatten(out leaves, path string, value any, generation int64) {
	switch v := value.(type) {
	case map[string]any:
		for key, field := range v {
			switch key {
			case "resourceVersion":
			case "observedGeneration":
				out[join(path, key)] = observed(field, generation)
			default:
				n.flatten(out, join(path, key), field, generation)
			}
		}
	case []any:
		n.list(out, path, v, generation)
	case string:
		out[path] = n.text(v)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("model: %s holds a %T, which JSON does not have: %v", path, v, err))
		}
		out[path] = string(text)
	}
}

func (n *normal) list(out leaves, path string, list []any, generation int64) {
	keys := keysOf(list)
	if path == "metadata.finalizers" || path == "metadata.ownerReferences" || (path == "endpoints" && n.slice) {
		keys = n.sortedKeys(list)
	}
	for i, item := range list {
		n.flatten(out, path+"["+n.text(keys[i])+"]", item, generation)
	}
}

// sortedKeys number the items of a list by their content.
func (n *normal) sortedKeys(list []any) []string {
	texts := make([]string, len(list))
	for i, item := range list {
		inner := leaves{}
		n.flatten(inner, "", item, 0)
		texts[i] = inner.text() + strconv.Itoa(i)
	}
	sorted := slices.Sorted(slices.Values(texts))
	keys := make([]string, len(list))
	for i, text := range texts {
		keys[i] = strconv.Itoa(slices.Index(sorted, text))
	}
	return keys
}

// keysOf are what tells the items of a list apart: type or name, when every item
// is a map that has one and none has it twice; else the index.
func keysOf(list []any) []string {
	for _, field := range []string{"type", "name"} {
		seen := map[string]bool{}
		var keys []string
		for _, item := range list {
			fields, _ := item.(map[string]any)
			key, _ := fields[field].(string)
			if key == "" || seen[key] {
				break
			}
			seen[key] = true
			keys = append(keys, key)
		}
		if len(keys) == len(list) {
			return keys
		}
	}
	keys := make([]string, len(list))
	for i := range keys {
		keys[i] = strconv.Itoa(i)
	}
	return keys
}

func (n *normal) text(s string) string {
	if _, err := time.Parse(time.RFC3339, s); err == nil {
		return "<time>"
	}
	if alias, ok := n.alias[s]; ok {
		return alias
	}
	s = uuid.ReplaceAllStringFunc(s, func(uid string) string {
		if name, ok := n.uids[uid]; ok {
			return name
		}
		return uid
	})
	return n.names.Replace(s)
}

func observed(field any, generation int64) string {
	if WholeNumber(field) == generation {
		return "current"
	}
	return "behind"
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (l leaves) text() string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(l)) {
		fmt.Fprintf(&b, "%s=%s\n", path, l[path])
	}
	return b.String()
}
