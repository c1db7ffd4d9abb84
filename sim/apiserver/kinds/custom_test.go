package kinds

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

// Custom resources obey their schema. Most rules are checked against
// recordings; here is what the recorded definitions do not have, and that the
// short cuts (remembered verdicts, recognised metadata) change no answer.

// serve compiles a definition of kind Thing from the YAML of one version.
func serve(t testing.TB, version string) (*Kind, *Version) {
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
	r := NewRegistry(Options{})
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

func newThing(t testing.TB, version *Version, name, content string) *unstructured.Unstructured {
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
			var strategy UpdateStrategy = version.Strategy
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
	assert.Equal(t, &Scale{SpecReplicas: []string{"spec", "replicas"}, StatusReplicas: []string{"status", "replicas"}, LabelSelector: []string{"status", "selector"}}, version.Scale)
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

func TestFinalizerWarnings(t *testing.T) {
	for _, row := range []struct {
		name        string
		now, old    []string
		want        []string
		explanation string
	}{
		{"qualified", []string{"example.com/f"}, nil, nil, "as it should be"},
		{"bare", []string{"f"}, nil, []string{`metadata.finalizers: "f": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`}, "others may use the name"},
		{"domain only", []string{"f.example.com"}, nil, []string{`metadata.finalizers: "f.example.com": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers`}, "better, not best"},
		{"had before", []string{"f"}, []string{"f"}, nil, "only additions are warned about"},
		{"standard", []string{"orphan", "foregroundDeletion"}, nil, nil, "Kubernetes' own"},
	} {
		assert.Equal(t, row.want, finalizerWarnings(row.now, row.old), "%s: %s", row.name, row.explanation)
	}
}

func TestPlainMetadataSurvives(t *testing.T) {
	for _, row := range []struct {
		metadata string
		plain    bool
	}{
		{`{"name":"a","namespace":"b","uid":"u","resourceVersion":"7","generation":3,"creationTimestamp":"2000-01-01T00:00:00Z"}`, true},
		{`{"labels":{"a":"b"},"annotations":{"c":""},"finalizers":["x/y"]}`, true},
		{`{"ownerReferences":[{"apiVersion":"v1","kind":"K","name":"n","uid":"u","controller":true}]}`, true},
		{`{"ownerReferences":[{"apiVersion":"v1","kind":"K","name":"n"}]}`, false},
		{`{"name":"","labels":{}}`, false},
		{`{"bogus":1}`, false},
		{`{"labels":{"a":1}}`, false},
		{`{"creationTimestamp":null}`, false},
		{`{"creationTimestamp":"2000-01-01T00:00:00.5+01:00"}`, false},
		{`{"generation":1.5}`, false},
		{`{"managedFields":[{"manager":"m"}]}`, false},
	} {
		u := &unstructured.Unstructured{}
		require.NoError(t, u.UnmarshalJSON(fmt.Appendf(nil, `{"apiVersion":"v1","kind":"K","metadata":%s}`, row.metadata)))
		metadata := u.Object["metadata"].(map[string]any)
		require.Equal(t, row.plain, isPlainMetadata(metadata), row.metadata)
		if !row.plain {
			continue
		}
		meta, _, unknown, err := schemaobjectmeta.GetObjectMetaWithOptions(u.Object, schemaobjectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
		require.NoError(t, err)
		assert.Empty(t, unknown)
		slow := u.DeepCopy()
		require.NoError(t, schemaobjectmeta.SetObjectMeta(slow.Object, meta))
		assert.Equal(t, u.Object, slow.Object, "the way through the Go type changes nothing")
	}
}

func TestValidatedContent(t *testing.T) {
	hash := func(text string) uint64 {
		u := &unstructured.Unstructured{}
		require.NoError(t, u.UnmarshalJSON([]byte(text)))
		h, ok := validatedContent(u)
		require.True(t, ok)
		return h
	}
	base := `{"apiVersion":"v1","kind":"K","metadata":{"name":"a","labels":{"x":"y"}},"spec":{"a":[1,2],"b":{"c":"d"},"e":null}}`
	same := `{"kind":"K","spec":{"e":null,"b":{"c":"d"},"a":[1,2]},"metadata":{"name":"a"},"apiVersion":"v1"}`
	assert.Equal(t, hash(base), hash(same), "neither order nor labels matter")
	seen := map[uint64]string{hash(base): base}
	for _, other := range []string{
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"b"},"spec":{"a":[1,2],"b":{"c":"d"},"e":null}}`,
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"a"},"spec":{"a":[2,1],"b":{"c":"d"},"e":null}}`,
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"a"},"spec":{"a":[1,2],"b":{"d":"c"},"e":null}}`,
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"a"},"spec":{"a":[1,2],"b":{"c":"d"}}}`,
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"a"},"spec":{"a":[1,2.0],"b":{"c":"d"},"e":null}}`,
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"a"},"spec":{"a":["1","2"],"b":{"c":"d"},"e":null}}`,
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"a"},"spec":{"a":[[1,2]],"b":{"c":"d"},"e":null}}`,
		`{"apiVersion":"v1","kind":"K","metadata":{"name":"a"},"spec":{"a":[1,2],"b":{"c":"d"},"e":false}}`,
	} {
		h := hash(other)
		assert.Empty(t, seen[h], "%s and %s look the same", other, seen[h])
		seen[h] = other
	}
	_, ok := validatedContent(&unstructured.Unstructured{Object: map[string]any{"x": int32(1)}})
	assert.False(t, ok, "an int32 does not come from JSON")
}

func TestMetadataErrorsBlockRules(t *testing.T) {
	_, version := serve(t, thing)
	missing := field.ErrorList{field.Required(field.NewPath("metadata", "name"), "name or generateName is required")}
	malformed := field.ErrorList{field.Invalid(field.NewPath("metadata", "labels"), "x", "bad")}
	u := newThing(t, version, "forbidden", `{"spec":{}}`)
	version.Strategy.PrepareForCreate(u)
	create := version.Strategy.(BesideValidator).ValidateBeside
	update := version.Strategy.(BesideUpdateValidator).ValidateUpdateBeside
	status := version.Status.(BesideUpdateValidator).ValidateUpdateBeside
	assert.Equal(t, []string{rulesSkipped}, text(create(missing, u)), "something required is missing")
	assert.Equal(t, []string{"<nil>: Invalid value: no such name"}, text(create(malformed, u)), "a malformed label blocks nothing")
	assert.Equal(t, []string{rulesSkipped}, text(update(missing, u, u)), "an update likewise")
	assert.Equal(t, []string{rulesSkipped}, text(status(missing, u, u)), "and of the status")
}
