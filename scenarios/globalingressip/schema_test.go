package globalingressip_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/sim"
)

// Goal: what the JSON Schema accepts is what the parser accepts the form of, and
// the other way round, so that no editor underlines what runs or lets pass what
// does not. Method: both judge every scenario there is (the library, the pages'
// examples, drawn plans, the corpora of the fuzzers) and thousands of broken ones:
// each node of a scenario that uses every field is taken out, doubled under another
// name and replaced by values of every type. What JSON cannot hold is left aside:
// anchors, fields that are there twice, numbers that are none.

// schemas are the compiled schema of this family's files, and that of [scenarios.Basic].
type schemas map[*scenarios.Language]*jsonschema.Schema

func compile(tb testing.TB) schemas {
	out := schemas{}
	for _, language := range []*scenarios.Language{globalingressip.Language(), scenarios.Basic()} {
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(scenarios.JSONSchema(language)))
		require.NoError(tb, err)
		compiler := jsonschema.NewCompiler()
		require.NoError(tb, compiler.AddResource("scenario.json", document))
		out[language], err = compiler.Compile("scenario.json")
		require.NoError(tb, err)
	}
	return out
}

// agree fails the test when schema and parser differ about a text, and says
// whether they were asked and accepted it.
func (s schemas) agree(t *testing.T, text []byte) (asked, accepted bool) {
	t.Helper()
	instance, ok := instanceOf(text)
	if !ok {
		return false, false
	}
	for language, schema := range s {
		parser, described := scenarios.CheckForm("form.yaml", text, language), schema.Validate(instance)
		if !assert.Equal(t, parser == nil, described == nil, "%s\nlanguage %s\nparser: %v\nschema: %v", text, language.Name, parser, described) {
			t.FailNow()
		}
		accepted = accepted || parser == nil
	}
	return true, accepted
}

// instanceOf is a YAML document as JSON has it, and whether it has it at all.
func instanceOf(text []byte) (instance any, ok bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	if decoder.Decode(&document) != nil || decoder.Decode(&second) == nil || len(document.Content) == 0 {
		return nil, false
	}
	ok = true
	instance = jsonOf(document.Content[0], &ok)
	return instance, ok
}

func jsonOf(n *yaml.Node, ok *bool) any {
	if n.Anchor != "" {
		*ok = false
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if _, twice := out[key.Value]; twice || key.Kind != yaml.ScalarNode || key.Anchor != "" {
				*ok = false
			}
			out[key.Value] = jsonOf(n.Content[i+1], ok)
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, child := range n.Content {
			out = append(out, jsonOf(child, ok))
		}
		return out
	case yaml.ScalarNode:
		return scalarOf(n, ok)
	}
	*ok = false // an alias
	return nil
}

func scalarOf(n *yaml.Node, ok *bool) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!str", "!!timestamp":
		return n.Value
	case "!!bool":
		var v bool
		*ok = *ok && n.Decode(&v) == nil
		return v
	case "!!int":
		var i int64
		if n.Decode(&i) == nil {
			return i
		}
		var u uint64
		if n.Decode(&u) == nil {
			return u
		}
	case "!!float":
		var v float64
		if n.Decode(&v) == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v
		}
	}
	*ok = false
	return nil
}

// corpus is every whole scenario there is, by where it stands.
func corpus(tb testing.TB) map[string][]byte {
	out := map[string][]byte{"everything": []byte(everything)}
	for _, pattern := range []string{"library/*.yaml", "../../internal/shrink/testdata/*.yaml", "../../internal/sweep/testdata/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(tb, err)
		require.NotEmpty(tb, files, pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(tb, err)
			out[file] = text
		}
	}
	for seed := range sim.Seed(100) {
		text, err := scenarios.Marshal(draw(tb, seed, scenarios.Extras{Illegal: true, Contention: true}))
		require.NoError(tb, err)
		out["seed "+strconv.Itoa(int(seed))] = text
	}
	page, err := os.ReadFile("../../docs/use/scenarios.md")
	require.NoError(tb, err)
	for i, block := range yamlBlock.FindAllStringSubmatch(string(page), -1) {
		if text := block[1]; strings.Contains(text, "apiVersion: "+scenarios.APIVersion) {
			out["docs "+strconv.Itoa(i)] = []byte(text)
		} else {
			out["docs "+strconv.Itoa(i)] = []byte(head + text)
		}
	}
	return out
}

// fuzzed are the entries of the fuzzers' corpora.
func fuzzed(tb testing.TB) [][]byte {
	files, err := filepath.Glob("testdata/fuzz/*/*")
	require.NoError(tb, err)
	require.NotEmpty(tb, files)
	var out [][]byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(tb, err)
		_, literal, _ := strings.Cut(string(text), "[]byte(")
		value, err := strconv.Unquote(strings.TrimSuffix(strings.TrimSpace(literal), ")"))
		require.NoError(tb, err, file)
		out = append(out, []byte(value))
	}
	return out
}

func TestSchemaAcceptsWhatTheParserDoes(t *testing.T) {
	s := compile(t)
	texts := corpus(t)
	for _, name := range scenarios.SortedKeys(texts) {
		asked, accepted := s.agree(t, texts[name])
		assert.True(t, asked && accepted, name)
	}
	for _, text := range fuzzed(t) {
		s.agree(t, text)
	}
}

func TestSchemaRefusesWhatTheParserDoes(t *testing.T) {
	s := compile(t)
	accepted, refused := 0, 0
	for text, language := range map[string]*scenarios.Language{everything: globalingressip.Language(), site: scenarios.Basic()} {
		one := schemas{language: s[language]}
		for _, broken := range mutants(t, text) {
			switch asked, fine := one.agree(t, broken); {
			case fine:
				accepted++
			case asked:
				refused++
			}
		}
	}
	assert.Greater(t, accepted, 100)
	assert.Greater(t, refused, 1000)
}

// site is what a file may say of a controller of its own, and all that users can
// do in any language.
const site = head + `generator: by hand
processes:
- name: manager
  build: {module: ../op, package: ./cmd/manager}
  args: [--leader-elect]
  env: {A: b, C: ''}
  namespace: system
  files: {/etc/a: text}
  replicas: 2
  serviceAccount: system/manager
  start: 1s
  grace: 2s
  patience: 3s
  exits: [0, -1]
  liveness: [{port: 8081, https: true, path: /healthz, initialDelay: 1s, period: 2s, timeout: 1s, failureThreshold: 2}]
  metrics: {port: 8080, https: true, path: /metrics}
- {name: other, program: other.sea}
cluster:
- crds/*.yaml
- {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}
objects:
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}
laws:
- {name: ready, sentence: It gets ready., resource: deployments.apps, eventually: 'object.status.readyReplicas == 1'}
- {name: kept, sentence: It stays., resource: deployments.apps, always: 'true', change: 'true'}
except: [no-orphans]
ignore: ['deployments.apps: status']
known:
- {signature: no-exit, reason: known}
world: {without: [controller], apiServer: {replicas: 2, watchList: true, compactEvery: 1m}, latency: {min: 1ms, max: 2ms}}
steps:
- {at: 0, id: first, user: alice, apply: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {b: c}}}
- {at: 1s, patch: {resource: configmaps, namespace: default, name: a, type: json, patch: [{op: remove, path: /data}], mayBeRefused: true}}
- {at: 2s, delete: {resource: pods, ownedBy: ReplicaSet/web, propagation: Orphan, wait: true}}
- {at: 3s, do: something}
faults:
- {kind: crash, when: before, verbs: [write], nth: 3, limit: 1, restartAfter: never}
- {kind: fail-over, at: 5s, replica: 2}
- {kind: cache-lag, delay: {min: 1s, max: 2s}, until: 10s}
- {kind: hold, until: 10s, direction: from-server}
expect: {TestSite: {verdict: safety, property: ready}, other: pass}
`

// values stand in the place of others: right ones here, wrong ones there.
var values = []string{
	"null", "''", "text", "Foreground", "create", "true", "'7'", "7", "0", "-1", "0.0", "2.0", "0.5", "1.5", "1e400", "18446744073709551615", "1e30",
	"0s", "5s", "-5s", "-0s", "+1m30s", "1.s", "5", ".5h", "never", "2024-10-01", "242.1.0.0/24", "242.1.0.1/33", "fd00::/112", "[]", "[a]", "['']", "[7]", "[create]",
	"{}", "{min: 1s}", "{max: 1s}", "{a: b}", "{a: 7}", "{name: a}", "{apiVersion: v1, kind: Pod}", "[{}]", "crash", "latency", "before",
}

// everyOther of the values stand in the place of one node; they take turns.
const everyOther = 6

// mutants are a scenario with one thing changed, each.
func mutants(tb testing.TB, text string) [][]byte {
	var document yaml.Node
	require.NoError(tb, yaml.Unmarshal([]byte(text), &document))
	var out [][]byte
	write := func() {
		changed, err := yaml.Marshal(&document)
		require.NoError(tb, err)
		out = append(out, changed)
	}
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		content := n.Content
		stride := 1
		if n.Kind == yaml.MappingNode {
			stride = 2
		}
		for i := 0; i+stride <= len(content) && n.Kind != yaml.ScalarNode; i += stride {
			n.Content = slices.Concat(content[:i], content[i+stride:])
			write() // taken away
			at := i + stride - 1
			for j := len(out) % everyOther; j < len(values); j += everyOther {
				value := values[j]
				var other yaml.Node
				require.NoError(tb, yaml.Unmarshal([]byte(value), &other))
				n.Content = slices.Clone(content)
				n.Content[at] = other.Content[0]
				write() // replaced
			}
			if stride == 2 {
				misspelt := *content[i]
				misspelt.Value += "x"
				n.Content = slices.Concat(content, []*yaml.Node{&misspelt, content[at]})
				write() // something more
			}
			n.Content = content
			visit(content[at])
		}
	}
	visit(document.Content[0])
	return out
}

// FuzzSchema looks for a text about which they differ.
func FuzzSchema(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	f.Add([]byte(site))
	s := compile(f)
	f.Fuzz(func(t *testing.T, text []byte) { s.agree(t, text) })
}
