package scenarios_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/scenarios"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// Every example in the documentation is read. One that is not a whole scenario
// is put into one.
func TestDocumentedExamplesParse(t *testing.T) {
	text, err := os.ReadFile("../docs/scenarios.md")
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
		plan, err := scenarios.Parse("example.yaml", []byte(example))
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
	format, err := os.ReadFile("../docs/scenarios.md")
	require.NoError(t, err)
	words := append(append(scenarios.Actions(), faults.AllFields()...), scenarios.Verdicts()...)
	words = append(words, faults.Verbs()...)
	words = append(words, "name", "description", "seed", "world", "safety", "settle", "steps", "faults", "expect",
		"cidrs", "namespaces", "controller.replicas", "controller.workers", "controller.leaderElection",
		"apiServer.replicas", "apiServer.watchList", "apiServer.compactEvery", "consumers", "latency", "user", "headless: true", "resource")
	for _, word := range words {
		assert.Contains(t, string(format), "`"+word+"`", "docs/scenarios.md")
	}

	kinds, err := os.ReadFile("../docs/faults.md")
	require.NoError(t, err)
	sections := strings.Split(string(kinds), "\n### ")
	documented := map[string]string{}
	for _, section := range sections[1:] {
		name, body, _ := strings.Cut(section, "\n")
		documented[name] = body
	}
	for _, info := range faults.Kinds() {
		body := documented[string(info.Kind)]
		assert.Contains(t, body, "Source: ", "docs/faults.md, %s", info.Kind)
		assert.Contains(t, body, "What must hold: ", "docs/faults.md, %s", info.Kind)
		delete(documented, string(info.Kind))
	}
	assert.Empty(t, documented, "kinds that do not exist")

	_, err = scenarios.Parse("storm.yaml", []byte("# 1\n# 2\n# 3\n# 4\n# 5\n# 6\n"+head+"faults:\n- kind: internal-error\n  verbs: [get, gett]\n"))
	assert.Contains(t, string(format), err.Error())
}
