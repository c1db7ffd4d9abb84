package model

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/properties.md anew")

// everyProperty in the order of the document.
func everyProperty() []struct {
	from       string
	properties []Property
} {
	return []struct {
		from       string
		properties []Property
	}{
		{"Globalnet", Globalnet(testOptions)},
		{"GlobalnetMetrics", GlobalnetMetrics(testOptions)},
		{"GlobalnetRules", GlobalnetRules()},
		{"Generic", Generic()},
		{"Remains", Remains()},
		{"LikeTwin", []Property{LikeTwin(TwinOptions{})}},
		{"WatchGuarantees", WatchGuarantees()},
		{"GlobalnetConsumers", GlobalnetConsumers()},
	}
}

// The document lists what the code has: the table is made from the code, and
// this test fails when it was not made again.
func TestPropertiesDocument(t *testing.T) {
	const path = "../docs/properties.md"
	var table strings.Builder
	table.WriteString("\n| property | class | what always holds | source | list |\n|---|---|---|---|---|\n")
	for _, list := range everyProperty() {
		for _, p := range list.properties {
			fmt.Fprintf(&table, "| `%s` | %s | %s | %s | `%s` |\n", p.Name, p.Class, p.Sentence, p.Source, list.from)
		}
	}
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	made := regexp.MustCompile(`(?s)(<!-- made from the code[^\n]*-->\n).*(<!-- end -->)`)
	want := made.ReplaceAllString(string(raw), "${1}"+strings.ReplaceAll(table.String(), "$", "$$")+"\n${2}")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, string(raw), "go test ./model -run TestPropertiesDocument -update")
}

// Whatever runs a property needs a name, a sentence, a source and a check, and
// names must not collide between lists that are judged together.
func TestPropertiesAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, list := range everyProperty() {
		for _, p := range list.properties {
			assert.Regexp(t, `^[a-z]+(-[a-z]+)+$|^[a-z]+$`, p.Name)
			assert.False(t, names[p.Name], "%s is used twice", p.Name)
			names[p.Name] = true
			assert.True(t, strings.HasSuffix(p.Sentence, "."), "%s: %q is a sentence", p.Name, p.Sentence)
			assert.NotEmpty(t, p.Source, p.Name)
			assert.Contains(t, []Class{ClassSafety, ClassLiveness, ClassCrash}, p.Class)
			assert.NotNil(t, p.Check, p.Name)
		}
	}
}
