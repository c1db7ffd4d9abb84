package custom

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

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
