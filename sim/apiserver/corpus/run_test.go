package corpus

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A scripted server answers with whatever varies between two real ones: uids,
// times, resourceVersions, names, addresses. Two scripts that differ in nothing
// else must normalise to the same answers, and one that breaks a relation
// (an old resourceVersion after a write, another uid) must not.

// script is a round tripper: a body per request, with the request's namespace
// for %s.
type script []string

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	code, body := http.StatusCreated, "{}"
	if r.URL.Path != "/api/v1/namespaces" {
		code, body = http.StatusOK, (*s)[0]
		*s = (*s)[1:]
	}
	return &http.Response{
		StatusCode: code,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}, nil
}

func object(uid, rv, ip string) string {
	return fmt.Sprintf(`{"kind":"Service","metadata":{"name":"a","uid":"%s-0000-0000-0000-000000000000","resourceVersion":%q,"creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{"clusterIP":%q,"note":"is %s"}}`,
		uid, rv, ip, ip)
}

func answers(t *testing.T, bodies ...string) []*Response {
	t.Helper()
	c := &Case{Name: "test"}
	for i := range bodies {
		c.Steps = append(c.Steps, &Step{ID: fmt.Sprintf("s%d", i), Request: &Request{Method: "GET", Path: "/x"}})
	}
	s := script(bodies)
	out, err := Run(context.Background(), &Target{Transport: &s, Base: "http://server"}, c, "ns-1")
	require.NoError(t, err)
	return out
}

func allDifferences(want, got []*Response) []string {
	var out []string
	for i := range want {
		out = append(out, Diff(want[i], got[i])...)
	}
	return out
}

func TestRunKeepsRelations(t *testing.T) {
	want := answers(t, object("11111111", "5", "10.0.0.7"), object("11111111", "9", "10.0.0.7"))
	for _, row := range []struct {
		name, first, second string
		same                bool
		explanation         string
	}{
		{"other values", object("22222222", "105", "10.0.0.99"), object("22222222", "107", "10.0.0.99"), true, "only identity and order count"},
		{"other uid", object("22222222", "105", "10.0.0.99"), object("33333333", "107", "10.0.0.99"), false, "the object was replaced"},
		{"same resourceVersion", object("22222222", "105", "10.0.0.99"), object("22222222", "105", "10.0.0.99"), false, "the write was none"},
		{"older resourceVersion", object("22222222", "105", "10.0.0.99"), object("22222222", "104", "10.0.0.99"), false, "time went backwards"},
		{"other address", object("22222222", "105", "10.0.0.99"), object("22222222", "107", "10.0.0.98"), false, "the address changed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := allDifferences(want, answers(t, row.first, row.second))
			assert.Equal(t, row.same, len(d) == 0, "%s: %v", row.explanation, d)
		})
	}
}

func TestRunFillsInReferences(t *testing.T) {
	r := &run{namespace: "ns-1", answers: map[string]any{"s1": map[string]any{
		"metadata": map[string]any{"resourceVersion": "41"},
		"items":    []any{map[string]any{"name": "b", "port": json.Number("80")}},
	}}}
	for in, want := range map[string]string{
		"${ns}/x":                    "ns-1/x",
		"${s1:rv}":                   "41",
		"${s1:rv+1}":                 "42",
		"${s1:items[name=b].port}":   "80",
		"${s1:items[0].name}":        "b",
		"${s1:uid}":                  "<missing s1:uid>",
		"${repeat:3}":                "xxx",
		"no reference, $braces {ns}": "no reference, $braces {ns}",
	} {
		assert.Equal(t, want, r.expand(in), in)
	}
	assert.Equal(t, "/x?continue=%3Cmissing+s9%3Acontinue%3E", r.expandPath("/x?continue=${s9:continue}"), "a path stays well-formed")
}

func TestNormaliserNamesAndOrder(t *testing.T) {
	n := newNormaliser("ns-1", false)
	n.learnBase([]byte(`{"metadata":{"generateName":"a-"}}`))
	assert.Equal(t, `Service "a-<gen:1>" in <ns>`, n.text(`Service "a-bcdfg" in ns-1`))
	assert.Equal(t, "failed to create typed patch object (/a; v1, Kind=X): <errors>", n.text("failed to create typed patch object (/a; v1, Kind=X): errors:\n  .b: y\n  .a: x"))
	assert.Equal(t, "Duplicate value: <nodePort:1>", n.text("Duplicate value: 30904"))
	assert.Equal(t, "Invalid value: 10", n.text("Invalid value: 10"), "what the request said stays")
}

func TestNormaliserOfSteadyCasesHidesLess(t *testing.T) {
	message := "failed to create typed patch object (/a; v1, Kind=X): .spec.bogus: field not declared in schema"
	assert.Equal(t, message, newNormaliser("ns-1", true).text(message))
	fields := []any{map[string]any{"manager": "b"}, map[string]any{"manager": "a"}}
	keep := map[string]bool{"managedFields": true}
	assert.Equal(t, fields, newNormaliser("ns-1", true).managedFields(fields, keep), "in the server's order")
	assert.NotEqual(t, fields, newNormaliser("ns-1", false).managedFields(fields, keep), "in one of its own")
}
