package model_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/globalnet"
)

var update = flag.Bool("update", false, "write docs/use/properties.md anew")

// documented in the order of the document.
func documented() []struct {
	from       string
	properties []model.Property
} {
	return []struct {
		from       string
		properties []model.Property
	}{
		{"globalnet.Properties", globalnet.Properties(globalnet.Options{})},
		{"globalnet.Metrics", globalnet.Metrics(globalnet.Options{})},
		{"globalnet.HostRules", globalnet.HostRules()},
		{"globalnet.Promptness", globalnet.Promptness(globalnet.Options{Headless: true})},
		{"globalnet.Told", globalnet.Told()},
		{"globalnet.Order", globalnet.Order(globalnet.Options{Headless: true})},
		{"model.Generic", model.Generic()},
		{"model.Remains", model.Remains()},
		{"model.LikeBaseline", []model.Property{model.LikeBaseline(model.BaselineOptions{})}},
		{"model.WatchGuarantees", model.WatchGuarantees()},
		{"globalnet.Consumers", globalnet.Consumers(globalnet.Options{})},
	}
}

// The document lists what the code has: the table is made from the code, and
// this test fails when it was not made again.
func TestPropertiesDocument(t *testing.T) {
	const path = "../docs/use/properties.md"
	var table strings.Builder
	table.WriteString("\n| property | class | what always holds | source | list |\n|---|---|---|---|---|\n")
	for _, list := range documented() {
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
	for _, list := range documented() {
		for _, p := range list.properties {
			assert.Regexp(t, `^[a-z]+(-[a-z]+)+$|^[a-z]+$`, p.Name)
			assert.False(t, names[p.Name], "%s is used twice", p.Name)
			names[p.Name] = true
			assert.True(t, strings.HasSuffix(p.Sentence, "."), "%s: %q is a sentence", p.Name, p.Sentence)
			assert.NotEmpty(t, p.Source, p.Name)
			assert.Contains(t, []model.Class{model.ClassSafety, model.ClassLiveness, model.ClassCrash}, p.Class)
			assert.NotNil(t, p.Check, p.Name)
		}
	}
}
