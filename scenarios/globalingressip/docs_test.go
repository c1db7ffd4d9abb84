package globalingressip_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// Every example in the documentation is read. One that is not a whole scenario
// is put into one.
func TestDocumentedExamplesParse(t *testing.T) {
	text, err := os.ReadFile("../../docs/use/scenarios.md")
	require.NoError(t, err)
	blocks := yamlBlock.FindAllStringSubmatch(string(text), -1)
	require.GreaterOrEqual(t, len(blocks), 5)
	for _, block := range blocks {
		example := block[1]
		if !strings.Contains(example, "apiVersion: "+scenarios.APIVersion) {
			if !strings.Contains(example, "world:") {
				example = "world: {namespaces: [shop]}\n" + example
			}
			example = head + example
		}
		plan, err := scenarios.Parse("example.yaml", []byte(example), globalingressip.Language())
		if assert.NoError(t, err, "%s", example) {
			_, err = scenarios.Marshal(plan)
			assert.NoError(t, err)
		}
	}
}

// Every field, action, verdict and kind of fault is documented, by its name in
// backquotes or, for a kind, as a heading of its own. The error message that
// the page shows is the one that is given.
func TestDocumentationIsComplete(t *testing.T) {
	format, err := os.ReadFile("../../docs/use/scenarios.md")
	require.NoError(t, err)
	words := slices.Concat(faults.AllFields(), scenarios.Verdicts(), faults.Verbs(), fieldsOf(scenarios.JSONSchema(globalingressip.Language())))
	words = append(words, "controller.replicas", "controller.workers", "controller.leaderElection",
		"apiServer.replicas", "apiServer.watchList", "apiServer.compactEvery", "headless: true")
	for _, word := range words {
		assert.Regexp(t, "`([a-zA-Z]+\\.)?"+word+"`", string(format), "docs/use/scenarios.md")
	}

	kinds, err := os.ReadFile("../../docs/use/faults.md")
	require.NoError(t, err)
	sections := strings.Split(string(kinds), "\n### ")
	documented := map[string]string{}
	for _, section := range sections[1:] {
		name, body, _ := strings.Cut(section, "\n")
		documented[name] = body
	}
	for _, info := range append(faults.Kinds(), faults.ProgramKinds()...) {
		body := documented[string(info.Kind)]
		assert.Contains(t, body, "Source: ", "docs/use/faults.md, %s", info.Kind)
		assert.Contains(t, body, "What must hold: ", "docs/use/faults.md, %s", info.Kind)
		delete(documented, string(info.Kind))
	}
	assert.Empty(t, documented, "kinds that do not exist")

	_, err = scenarios.Parse("storm.yaml", []byte("# 1\n# 2\n# 3\n# 4\n# 5\n# 6\n"+head+"faults:\n- kind: internal-error\n  verbs: [get, gett]\n"), globalingressip.Language())
	assert.Contains(t, string(format), err.Error())
}

// fieldsOf lists the names of all fields in a JSON Schema, those of actions included.
func fieldsOf(schema []byte) []string {
	var root any
	if err := json.Unmarshal(schema, &root); err != nil {
		panic(err)
	}
	names := map[string]bool{}
	var walk func(node any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, item := range node {
				walk(item)
			}
		case map[string]any:
			if properties, ok := node["properties"].(map[string]any); ok {
				for name := range properties {
					names[name] = true
				}
			}
			for _, inner := range node {
				walk(inner)
			}
		}
	}
	walk(root)
	return scenarios.SortedKeys(names)
}
