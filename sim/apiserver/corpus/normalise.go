package corpus

import (
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// normaliser turns what varies between runs into tokens that keep identity
// (the same uid gives the same token) and order (whether a resourceVersion is
// the newest so far). It lives as long as one run of one case.
type normaliser struct {
	namespace string
	steady    bool // see [Target]
	uids      map[string]string
	addresses map[string]string
	ports     map[string]string
	revisions []uint64 // by first appearance
	newest    uint64
	exact     bool              // the request asked for an exact resourceVersion
	bases     []*regexp.Regexp  // what names generated from a request's generateName look like
	names     map[string]string // generated name → token
	generated []string          // generated names, longest first
}

func newNormaliser(namespace string, steady bool) *normaliser {
	return &normaliser{
		namespace: namespace,
		steady:    steady,
		uids:      map[string]string{},
		addresses: map[string]string{},
		ports:     map[string]string{},
		names:     map[string]string{},
	}
}

var (
	uidPattern      = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	timePattern     = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	addressPattern  = regexp.MustCompile(`\b10\.0\.0\.\d+\b`)
	agePattern      = regexp.MustCompile(`^(\d+[smhdy])+$`)
	tooOldPattern   = regexp.MustCompile(`(too old resource version: )\d+ \(\d+\)`)
	tooLargePattern = regexp.MustCompile(`(Too large resource version: )\d+(, current: )\d+`)
	revisionPattern = regexp.MustCompile(`(ResourceVersion in precondition: |ResourceVersion in object meta: |StorageError: invalid object, Code: 4, Key: |the ResourceVersion in record \()(\d+)`)
	askedRevision   = regexp.MustCompile(`(the ResourceVersion in the precondition \()(\d+)`)
	quotedRevision  = regexp.MustCompile(`(\\*"resourceVersion\\*":\\*")(\d+)`)
	quotedFields    = regexp.MustCompile(`,\\*"managedFields\\*":\[[^\]]*\]`)
	printedRevision = regexp.MustCompile(`(\bresourceVersion:)\d+`)
	// Which of several errors the merge library tells is left to the order of Go
	// maps.
	mergeErrors       = regexp.MustCompile(`(?s)(failed to create typed patch object \([^)]*\): ).*`)
	duplicatePort     = regexp.MustCompile(`(Duplicate value: |duplicate nodePort: \{\w+ )(3[0-2]\d{3})\b`)
	generatedSuffixes = regexp.MustCompile(`^[bcdfghjklmnpqrstvwxz2456789]{5}$`)
)

// text normalises a string that is not a field of known meaning: a message, a
// header, a cell of a table.
func (n *normaliser) text(s string) string {
	if n.namespace != "" {
		s = strings.ReplaceAll(s, n.namespace, "<ns>")
	}
	for _, base := range n.bases {
		for _, m := range base.FindAllStringSubmatch(s, -1) {
			n.learnName(m[1], m[0])
		}
	}
	for _, name := range n.generated {
		s = strings.ReplaceAll(s, name, n.names[name])
	}
	s = uidPattern.ReplaceAllStringFunc(s, func(m string) string { return token(n.uids, m, "uid") })
	s = timePattern.ReplaceAllString(s, "<time>")
	s = addressPattern.ReplaceAllStringFunc(s, func(m string) string { return token(n.addresses, m, "ip") })
	s = duplicatePort.ReplaceAllStringFunc(s, func(m string) string {
		sub := duplicatePort.FindStringSubmatch(m)
		return sub[1] + token(n.ports, sub[2], "nodePort")
	})
	for _, port := range sortedPorts(n.ports) {
		s = strings.ReplaceAll(s, port, n.ports[port])
	}
	s = tooOldPattern.ReplaceAllString(s, "${1}<rv> (<rv>)")
	s = tooLargePattern.ReplaceAllString(s, "${1}<rv>${2}<rv>")
	if !n.steady {
		s = n.unsteady(s)
	}
	s = n.revisionsBehind(revisionPattern, s)
	s = printedRevision.ReplaceAllString(s, "${1}<rv>")
	return quotedRevision.ReplaceAllString(s, "${1}<rv>")
}

// unsteady normalises what only random requests bring about.
func (n *normaliser) unsteady(s string) string {
	s = n.revisionsBehind(askedRevision, s)
	s = mergeErrors.ReplaceAllString(s, "${1}<errors>")
	return quotedFields.ReplaceAllString(s, "")
}

func (n *normaliser) revisionsBehind(pattern *regexp.Regexp, s string) string {
	return pattern.ReplaceAllStringFunc(s, func(m string) string {
		sub := pattern.FindStringSubmatch(m)
		return sub[1] + n.objectRevision(sub[2])
	})
}

func token(seen map[string]string, value, kind string) string {
	t, ok := seen[value]
	if !ok {
		t = fmt.Sprintf("<%s:%d>", kind, len(seen)+1)
		seen[value] = t
	}
	return t
}

func sortedPorts(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for p := range m {
		out = append(out, p)
	}
	sort.Strings(out)
	return out
}

// objectRevision numbers resourceVersions of objects by first appearance and
// says whether a new one is the newest so far.
func (n *normaliser) objectRevision(s string) string {
	v, err := strconv.ParseUint(s, 10, 64)
	switch {
	case err != nil:
		return "<rv:unparsable>"
	case v == 0:
		return "<rv=0>"
	}
	if i := n.known(v); i > 0 {
		return fmt.Sprintf("<rv:%d>", i)
	}
	n.revisions = append(n.revisions, v)
	if v > n.newest {
		n.newest = v
		return fmt.Sprintf("<rv:%d newest>", len(n.revisions))
	}
	return fmt.Sprintf("<rv:%d older-than-newest>", len(n.revisions))
}

// known is the number of a revision seen before, from 1; 0 if it is new.
func (n *normaliser) known(v uint64) int {
	for i, x := range n.revisions {
		if x == v {
			return i + 1
		}
	}
	return 0
}

// listRevision only says whether a list is as new as the newest object seen:
// writes to other resources move it as well.
func (n *normaliser) listRevision(s string) string {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return "<rv:unparsable>"
	}
	if i := n.known(v); n.exact && i > 0 {
		return fmt.Sprintf("<rv:%d>", i)
	}
	if v >= n.newest {
		return "<rv>=newest>"
	}
	return "<rv<newest>"
}

// learnNames finds generated names before anything is rendered, so that the
// same answer's message can be normalised too.
func (n *normaliser) learnNames(v any) {
	switch x := v.(type) {
	case map[string]any:
		if metadata, ok := x["metadata"].(map[string]any); ok {
			base, _ := metadata["generateName"].(string)
			name, _ := metadata["name"].(string)
			n.learnName(base, name)
		}
		for _, k := range sortedKeys(x) {
			n.learnNames(x[k])
		}
	case []any:
		for _, e := range x {
			n.learnNames(e)
		}
	}
}

// learnBase prepares for names that only an error message tells: those of
// objects that were refused after they had been named.
func (n *normaliser) learnBase(body []byte) {
	var o struct {
		Metadata struct{ GenerateName string }
	}
	// A body that does not decode names nothing.
	if json.Unmarshal(body, &o) != nil || o.Metadata.GenerateName == "" {
		return
	}
	base := regexp.QuoteMeta(o.Metadata.GenerateName)
	n.bases = append(n.bases, regexp.MustCompile(`\b(`+base+`)[bcdfghjklmnpqrstvwxz2456789]{5}\b`))
}

func (n *normaliser) learnName(base, name string) {
	suffix, ok := strings.CutPrefix(name, base)
	if base == "" || !ok || n.names[name] != "" {
		return
	}
	shape := "bad-suffix"
	if generatedSuffixes.MatchString(suffix) {
		shape = "gen"
	}
	n.names[name] = fmt.Sprintf("%s<%s:%d>", base, shape, len(n.names)+1)
	n.generated = append(n.generated, name)
	sort.Slice(n.generated, func(i, j int) bool { return len(n.generated[i]) > len(n.generated[j]) })
}

func (n *normaliser) port(v json.Number) any {
	if v.String() == "0" {
		return v
	}
	return token(n.ports, v.String(), "nodePort")
}
