package registry

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Custom resources obey their schema. Most rules are checked against
// recordings; here is what the recorded definitions do not have, and that the
// short cuts (remembered verdicts, recognised metadata) change no answer.

// serve compiles a definition of kind Thing from the YAML of one version.
func serve(t testing.TB, version string) (*kinds.Kind, *kinds.Version) {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	crd.Name = "things.example.com"
	crd.Spec = apiextensionsv1.CustomResourceDefinitionSpec{
		Group: "example.com",
		Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "things", Kind: "Thing"},
		Scope: apiextensionsv1.NamespaceScoped,
	}
	crd.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{{}}
	require.NoError(t, yaml.UnmarshalStrict([]byte(version), &crd.Spec.Versions[0]))
	r := New(kinds.Options{})
	require.Empty(t, createCRD(t, r, crd), "the definition is valid")
	kind, err := r.AddCRD(crd)
	require.NoError(t, err)
	return kind, &kind.Versions[0]
}

const rulesSkipped = "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"

const thing = `
name: v1
served: true
storage: true
subresources:
  status: {}
  scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.selector}
schema:
  openAPIV3Schema:
    type: object
    x-kubernetes-validations:
    - {rule: "self.metadata.name != 'forbidden'", message: "no such name"}
    properties:
      spec:
        type: object
        properties:
          replicas: {type: integer}
          once: {type: string, x-kubernetes-validations: [{rule: "self == oldSelf", message: "once only"}]}
          small: {type: integer, maximum: 10}
          any: {type: object, x-kubernetes-preserve-unknown-fields: true}
          template:
            type: object
            x-kubernetes-embedded-resource: true
            properties:
              data: {type: string, default: filled}
      status:
        type: object
        properties:
          replicas: {type: integer}
          selector: {type: string}
          note: {type: string, maxLength: 3}
`

func newThing(t testing.TB, version *kinds.Version, name, content string) *unstructured.Unstructured {
	t.Helper()
	u := version.New().(*unstructured.Unstructured)
	require.NoError(t, json.Unmarshal([]byte(content), &u.Object))
	u.SetGroupVersionKind(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Thing"})
	// Through JSON once more, so that numbers are int64 as after decoding.
	text, err := u.MarshalJSON()
	require.NoError(t, err)
	require.NoError(t, u.UnmarshalJSON(text))
	u.SetName(name)
	return u
}

func TestCustomResourceCreate(t *testing.T) {
	_, version := serve(t, thing)
	for _, row := range []struct {
		name, object, content string
		unknown, want         []string
		explanation           string
	}{
		{name: "embedded defaults", object: "a", content: `{"spec":{"template":{"apiVersion":"v1","kind":"X","metadata":{"name":"e"}}}}`,
			explanation: "an embedded resource keeps its own metadata"},
		{name: "embedded metadata", object: "a", content: `{"spec":{"template":{"apiVersion":"v1","kind":"X","metadata":{"name":"e","bogus":1}}}}`,
			unknown: []string{"spec.template.metadata.bogus"}, explanation: "unknown metadata is dropped wherever metadata stands"},
		{name: "embedded without kind", object: "a", content: `{"spec":{"template":{"metadata":{"name":"e"}}}}`,
			want:        []string{rulesSkipped, "spec.template.apiVersion: Required value", "spec.template.kind: Required value"},
			explanation: "an embedded resource must say what it is"},
		{name: "preserved", object: "a", content: `{"spec":{"any":{"x":{"y":[1]}},"gone":1}}`, unknown: []string{"spec.gone"},
			explanation: "preserve-unknown-fields keeps everything below"},
		{name: "negative scale", object: "a", content: `{"spec":{"replicas":-1}}`,
			want:        []string{".spec.replicas: Invalid value: -1: should be a non-negative integer"},
			explanation: "what /scale reads must be a count"},
		{name: "rule on the name", object: "forbidden", content: `{"spec":{}}`,
			want:        []string{"<nil>: Invalid value: no such name"},
			explanation: "rules see metadata.name, so a verdict holds for one name only"},
		{name: "transition rule", object: "a", content: `{"spec":{"once":"x"}}`,
			explanation: "a rule with oldSelf does not apply to a creation"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for range 2 { // the second time the verdict is remembered
				u := newThing(t, version, row.object, row.content)
				unknown, err := version.Strategy.Decoded(u)
				require.NoError(t, err)
				assert.ElementsMatch(t, row.unknown, unknown, row.explanation)
				version.Strategy.PrepareForCreate(u)
				var got []string
				for _, e := range version.Strategy.Validate(u) {
					got = append(got, e.Error())
				}
				assert.Equal(t, row.want, got, row.explanation)
			}
		})
	}
}

func TestCustomResourceUpdate(t *testing.T) {
	_, version := serve(t, thing)
	for _, row := range []struct {
		name, old, now string
		status         bool
		want           []string
		generation     int64
		explanation    string
	}{
		{name: "transition", old: `{"spec":{"once":"x"}}`, now: `{"spec":{"once":"y"}}`, generation: 2,
			want: []string{`spec.once: Invalid value: "y": once only`}, explanation: "a rule with oldSelf compares"},
		{name: "unchanged mistake", old: `{"spec":{"small":11}}`, now: `{"spec":{"small":11,"replicas":1}}`, generation: 2,
			explanation: "what was wrong before and did not change is tolerated"},
		{name: "new mistake", old: `{"spec":{"small":11}}`, now: `{"spec":{"small":12}}`, generation: 2,
			want: []string{"spec.small: Invalid value: 12: spec.small in body should be less than or equal to 10"}, explanation: "a changed value is checked"},
		{name: "status on the main resource", old: `{"spec":{},"status":{"note":"a"}}`, now: `{"spec":{},"status":{"note":"too long"}}`, generation: 1,
			explanation: "status is kept as it was"},
		{name: "status", status: true, old: `{"spec":{"once":"x"}}`, now: `{"spec":{"once":"y"},"status":{"note":"too long"}}`, generation: 1,
			want: []string{"status.note: Too long: may not be more than 3 bytes", rulesSkipped}, explanation: "of a status update only the status counts"},
		{name: "status scale", status: true, old: `{"spec":{}}`, now: `{"status":{"replicas":-2}}`, generation: 1,
			want: []string{".status.replicas: Invalid value: -2: should be a non-negative integer"}, explanation: "what /scale reads must be a count"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var strategy kinds.UpdateStrategy = version.Strategy
			if row.status {
				strategy = version.Status
			}
			for range 2 {
				old, u := newThing(t, version, "a", row.old), newThing(t, version, "a", row.now)
				old.SetGeneration(1)
				u.SetGeneration(1)
				strategy.PrepareForUpdate(u, old)
				var got []string
				for _, e := range strategy.ValidateUpdate(u, old) {
					got = append(got, e.Error())
				}
				assert.ElementsMatch(t, row.want, got, row.explanation)
				assert.Equal(t, row.generation, u.GetGeneration(), row.explanation)
			}
		})
	}
}

func TestCustomScaleAndSelectableFields(t *testing.T) {
	kind, version := serve(t, thing)
	assert.Equal(t, "thing", kind.Singular)
	assert.Equal(t, "ThingList", kind.ListKind)
	assert.Equal(t, &kinds.Scale{SpecReplicas: []string{"spec", "replicas"}, StatusReplicas: []string{"status", "replicas"}, LabelSelector: []string{"status", "selector"}}, version.Scale)
	assert.Nil(t, version.SelectableFields)

	widget := kindOf(t, newTestRegistry(t), "widgets")
	v1, _ := widget.Version("v1")
	u := v1.New().(*unstructured.Unstructured)
	assert.Equal(t, fields.Set{"spec.color": ""}, v1.SelectableFields(u))
	u.Object["spec"] = map[string]any{"color": "red"}
	assert.Equal(t, fields.Set{"spec.color": "red"}, v1.SelectableFields(u))
	alpha, _ := widget.Version("v1alpha1")
	assert.Nil(t, alpha.SelectableFields, "each version declares its own")
	assert.Equal(t, "sim.example.com/v1alpha1 Widget is deprecated; use sim.example.com/v1 Widget", alpha.DeprecationWarning)
}

func TestMetadataErrorsBlockRules(t *testing.T) {
	_, version := serve(t, thing)
	missing := field.ErrorList{field.Required(field.NewPath("metadata", "name"), "name or generateName is required")}
	malformed := field.ErrorList{field.Invalid(field.NewPath("metadata", "labels"), "x", "bad")}
	u := newThing(t, version, "forbidden", `{"spec":{}}`)
	version.Strategy.PrepareForCreate(u)
	create := version.Strategy.(kinds.BesideValidator).ValidateBeside
	update := version.Strategy.(kinds.BesideUpdateValidator).ValidateUpdateBeside
	status := version.Status.(kinds.BesideUpdateValidator).ValidateUpdateBeside
	assert.Equal(t, []string{rulesSkipped}, text(create(missing, u)), "something required is missing")
	assert.Equal(t, []string{"<nil>: Invalid value: no such name"}, text(create(malformed, u)), "a malformed label blocks nothing")
	assert.Equal(t, []string{rulesSkipped}, text(update(missing, u, u)), "an update likewise")
	assert.Equal(t, []string{rulesSkipped}, text(status(missing, u, u)), "and of the status")
}
