package registry

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// A definition must go the way a real server takes it: completed and checked
// on create, named and established by the controllers afterwards. What is
// expected is recorded in testdata/cases/setup.json.

func widgets(t testing.TB) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	require.NoError(t, json.Unmarshal(readCase(t, "setup").Steps[0].Request.Body, crd))
	return crd
}

// createCRD takes a definition through the strategy.
func createCRD(t testing.TB, r *Registry, crd *apiextensionsv1.CustomResourceDefinition) []string {
	t.Helper()
	_, version, found := r.Resource(apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions"))
	require.True(t, found)
	_, err := version.Strategy.Decoded(crd)
	require.NoError(t, err)
	version.Strategy.PrepareForCreate(crd)
	var messages []string
	for _, e := range version.Strategy.Validate(crd) {
		messages = append(messages, e.Error())
	}
	return messages
}

func TestCRDIsEstablishedAsRecorded(t *testing.T) {
	setup := readCase(t, "setup")
	r := New(kinds.Options{})
	crd := widgets(t)
	require.Empty(t, createCRD(t, r, crd))

	created := setup.Steps[0]
	require.Equal(t, "crd-widgets", created.ID)
	compareAnswer(t, created, asMap(t, crd))

	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	established, changed := r.Establish(crd, now)
	assert.True(t, changed)
	for _, step := range setup.Steps {
		if step.ID == "est-widgets" {
			got := asMap(t, established)
			for _, path := range []string{"acceptedNames", "conditions", "storedVersions"} {
				assert.Equal(t, normalise(step.Expect.Body["status."+path]), normalise(got["status"].(map[string]any)[path]), path)
			}
		}
	}
	_, changed = r.Establish(established, now.Add(time.Hour))
	assert.False(t, changed, "an established definition is left alone")
}

func TestCRDNamesConflict(t *testing.T) {
	r := newTestRegistry(t)
	crd := widgets(t)
	crd.Name, crd.Spec.Names.Plural, crd.Spec.Names.Singular = "wodgets.sim.example.com", "wodgets", "wodget"
	require.Empty(t, createCRD(t, r, crd))
	refused, _ := r.Establish(crd, time.Time{})
	assert.Equal(t, "wodgets", refused.Status.AcceptedNames.Plural)
	assert.Empty(t, refused.Status.AcceptedNames.Kind)
	conditions := map[apiextensionsv1.CustomResourceDefinitionConditionType]string{}
	for _, c := range refused.Status.Conditions {
		conditions[c.Type] = string(c.Status) + " " + c.Reason + ": " + c.Message
	}
	assert.Equal(t, map[apiextensionsv1.CustomResourceDefinitionConditionType]string{
		apiextensionsv1.NamesAccepted: `False ListKindConflict: "WidgetList" is already in use`,
		apiextensionsv1.Established:   "False NotAccepted: not all names are accepted",
	}, conditions)
}

func TestCRDValidation(t *testing.T) {
	for _, row := range []struct {
		name        string
		change      func(crd *apiextensionsv1.CustomResourceDefinition)
		want        []string
		explanation string
	}{
		{
			name:        "as recorded",
			change:      func(*apiextensionsv1.CustomResourceDefinition) {},
			explanation: "a real server accepted it",
		},
		{
			name:        "wrong name",
			change:      func(crd *apiextensionsv1.CustomResourceDefinition) { crd.Name = "gizmos.sim.example.com" },
			want:        []string{`metadata.name: Invalid value: "gizmos.sim.example.com": must be spec.names.plural+"."+spec.group`},
			explanation: "the name of a definition follows from what it defines",
		},
		{
			name:        "two storage versions",
			change:      func(crd *apiextensionsv1.CustomResourceDefinition) { crd.Spec.Versions[1].Storage = true },
			want:        []string{`spec.versions: Invalid value: ` + "*", `status.storedVersions: Invalid value: ["v1"]: must have the storage version v1alpha1`},
			explanation: "objects are stored in one version",
		},
		{
			name: "no schema",
			change: func(crd *apiextensionsv1.CustomResourceDefinition) {
				crd.Spec.Versions[1].Schema = nil
			},
			want:        []string{"spec.versions[1].schema.openAPIV3Schema: Required value"},
			explanation: "apiextensions.k8s.io/v1 demands a structural schema of every version",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			crd := widgets(t)
			row.change(crd)
			got := createCRD(t, New(kinds.Options{}), crd)
			require.Len(t, got, len(row.want), "%s: %v", row.explanation, got)
			for i, want := range row.want {
				if prefix, open := want[:len(want)-1], want[len(want)-1] == '*'; open {
					assert.Contains(t, got[i], prefix, row.explanation)
					continue
				}
				assert.Equal(t, want, got[i], row.explanation)
			}
		})
	}
}

func TestCRDUpdate(t *testing.T) {
	_, version, _ := New(kinds.Options{}).Resource(apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions"))
	old := widgets(t)
	require.Empty(t, createCRD(t, New(kinds.Options{}), old))
	crd := old.DeepCopy()
	crd.Spec.Versions[0].Storage, crd.Spec.Versions[1].Storage = false, true
	version.Strategy.PrepareForUpdate(crd, old)
	assert.EqualValues(t, 2, crd.Generation, "the spec changed")
	assert.Equal(t, []string{"v1", "v1alpha1"}, crd.Status.StoredVersions, "a new storage version is noted")
	assert.Empty(t, version.Strategy.ValidateUpdate(crd, old))
	status := crd.DeepCopy()
	status.Labels = map[string]string{"via": "status"}
	status.Spec.Group = "other.example.com"
	status.Status.Conditions = []apiextensionsv1.CustomResourceDefinitionCondition{{Type: "X", Status: "True", LastTransitionTime: metav1.Time{}}}
	version.Status.PrepareForUpdate(status, crd)
	assert.Equal(t, crd.Spec, status.Spec)
	assert.Empty(t, status.Labels)
	assert.Len(t, status.Status.Conditions, 1)
}

func TestCRDTable(t *testing.T) {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	require.NoError(t, json.Unmarshal([]byte(`{
		"metadata": {"name": "gizmos.rv2.io", "creationTimestamp": "2000-01-01T00:00:00Z"},
		"spec": {"group": "rv2.io", "scope": "Namespaced",
			"names": {"kind": "Gizmo", "plural": "gizmos", "shortNames": ["gz", "giz"]},
			"versions": [{"name": "v2", "served": true}, {"name": "v1", "served": true, "storage": true}, {"name": "v0"}]},
		"status": {"conditions": [{"type": "Established", "status": "True"}]}}`), crd))
	version := &kindOf(t, New(kinds.Options{}), "customresourcedefinitions").Versions[0]
	assert.Equal(t, []any{"gizmos.rv2.io", "Namespaced", "v1(storage),v2", "2000-01-01T00:00:00Z", "rv2.io", "Gizmo", "gz,giz", true},
		version.Cells(crd, time.Time{}))
	assert.Len(t, version.Columns, 8)
}
