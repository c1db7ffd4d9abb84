package registry

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Every kind must be complete: whatever the request path may ask of any of
// them is asked here of all of them.

var testTime = time.Date(2000, 1, 1, 0, 5, 0, 0, time.UTC)

func TestEveryKindIsComplete(t *testing.T) {
	r := newTestRegistry(t)
	all := r.Kinds()
	assert.Greater(t, len(all), 35)
	for _, kind := range all {
		for i := range kind.Versions {
			version := &kind.Versions[i]
			t.Run(kind.Resource.String()+"/"+version.Name, func(t *testing.T) {
				checkNames(t, r, kind, version)
				checkTable(t, kind, version)
				if kind.Virtual {
					return // nobody merges what is never stored
				}
				converter, err := version.TypeConverter()
				require.NoError(t, err)
				_, err = converter.ObjectToTyped(version.New())
				assert.NoError(t, err, "the version has a merge type")
				if version.SelectableFields != nil {
					assert.NotEmpty(t, version.SelectableFields(version.New()), "an empty object tells the names")
				}
			})
		}
	}
}

func checkNames(t *testing.T, r *Registry, kind *kinds.Kind, version *kinds.Version) {
	t.Helper()
	gvk := kind.GroupVersionKind(version.Name)
	assert.Equal(t, gvk, version.New().GetObjectKind().GroupVersionKind())
	if kind.Virtual {
		assert.Nil(t, version.NewList, "what is never stored is never listed")
		return
	}
	assert.Equal(t, gvk.GroupVersion().WithKind(kind.ListKind), version.NewList().GetObjectKind().GroupVersionKind())
	found, same, ok := r.Kind(gvk)
	require.True(t, ok)
	assert.Same(t, kind, found)
	assert.Equal(t, version.Name, same.Name)
	_, ok = kind.Version(kind.Storage)
	assert.True(t, ok, "the storage version is served")
	assert.NotEmpty(t, kind.Singular)
}

func checkTable(t *testing.T, kind *kinds.Kind, version *kinds.Version) {
	t.Helper()
	obj := version.New()
	_, err := version.Strategy.Decoded(obj)
	require.NoError(t, err)
	accessor, err := meta.Accessor(obj)
	require.NoError(t, err)
	accessor.SetName("x")
	accessor.SetCreationTimestamp(metav1.NewTime(testTime.Add(-5 * time.Minute)))
	cells := version.Cells(obj, testTime)
	want := len(version.Columns)
	if kind.Kind == "IPAddress" {
		want++ // see ipAddressCells
	}
	assert.Len(t, cells, want)
	assert.Contains(t, cells, "x", "a row names its object")
}

func TestTablesAsKubectlShowsThem(t *testing.T) {
	for _, row := range []struct {
		resource, version, object string
		want                      []any
	}{
		{"services", "v1", `{"metadata":{"name":"a"},"spec":{"type":"NodePort","clusterIPs":["10.0.0.5"],"ports":[{"port":80,"protocol":"TCP","nodePort":30080}],"selector":{"b":"c"}}}`,
			[]any{"a", "NodePort", "10.0.0.5", "<none>", "80:30080/TCP", "5m", "b=c"}},
		{"services", "v1", `{"metadata":{"name":"a"},"spec":{"type":"LoadBalancer"}}`,
			[]any{"a", "LoadBalancer", "<none>", "<pending>", "<none>", "5m", "<none>"}},
		{"widgets", "v1", `{"metadata":{"name":"w"},"spec":{"size":3},"status":{"phase":"Ready"}}`,
			[]any{"w", int64(3), "Ready"}},
		{"ipaddresses", "v1", `{"metadata":{"name":"192.0.2.1"},"spec":{"parentRef":{"group":"g.io","resource":"things","namespace":"n","name":"t"}}}`,
			[]any{"192.0.2.1", "things.g.io/n/t", "5m"}},
		{"configmaps", "v1", `{"metadata":{"name":"c"},"data":{"a":"1"},"binaryData":{"b":"MQ=="}}`,
			[]any{"c", int64(2), "5m"}},
		{"pods", "v1", `{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"c"}]},"status":{"phase":"Running","podIPs":[{"ip":"10.1.1.1"}],"containerStatuses":[{"ready":true,"state":{"running":{}},"restartCount":2}]}}`,
			[]any{"p", "1/1", "Running", "2", "5m", "10.1.1.1", "n", "<none>", "<none>"}},
		{"endpointslices", "v1", `{"metadata":{"name":"e"},"addressType":"IPv4","endpoints":[{"addresses":["a"]},{"addresses":["b"]},{"addresses":["c"]},{"addresses":["d"]}]}`,
			[]any{"e", "IPv4", "<unset>", "a,b,c + 1 more...", "5m"}},
	} {
		t.Run(row.resource, func(t *testing.T) {
			kind := kindOf(t, newTestRegistry(t), row.resource)
			version, _ := kind.Version(row.version)
			obj := version.New()
			require.NoError(t, json.Unmarshal([]byte(row.object), asUnmarshaler(obj)))
			accessor, err := meta.Accessor(obj)
			require.NoError(t, err)
			accessor.SetCreationTimestamp(metav1.NewTime(testTime.Add(-5 * time.Minute)))
			assert.Equal(t, row.want, version.Cells(obj, testTime))
		})
	}
}

func kindOf(t testing.TB, r *Registry, resource string) *kinds.Kind {
	t.Helper()
	for _, kind := range r.Kinds() {
		if kind.Resource.Resource == resource && kind.StoredAs.Empty() {
			return kind
		}
	}
	require.Fail(t, "no such kind", resource)
	return nil
}

// asUnmarshaler lets unstructured objects be read without a kind in the text.
func asUnmarshaler(obj runtime.Object) any {
	if u, ok := obj.(*unstructured.Unstructured); ok {
		return &u.Object
	}
	return obj
}

func TestFieldManagersAcceptTheTypes(t *testing.T) {
	r := newTestRegistry(t)
	for _, row := range []struct {
		gvr  schema.GroupVersionResource
		body string
		want string
	}{
		{schema.GroupVersionResource{Version: "v1", Resource: "services"},
			`{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":80,"protocol":"TCP"}]}}`,
			`{"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{},"f:protocol":{}}}}}`},
		{schema.GroupVersionResource{Group: "sim.example.com", Version: "v1", Resource: "widgets"},
			`{"apiVersion":"sim.example.com/v1","kind":"Widget","metadata":{"name":"a","finalizers":["x.io/y"]},"spec":{"size":1,"rules":[{"name":"r"}],"tags":["t"]}}`,
			`{"f:metadata":{"f:finalizers":{"v:\"x.io/y\"":{}}},"f:spec":{"f:rules":{"k:{\"name\":\"r\"}":{".":{},"f:name":{}}},"f:size":{},"f:tags":{"v:\"t\"":{}}}}`},
	} {
		t.Run(row.gvr.Resource, func(t *testing.T) {
			kind, version, found := r.Resource(row.gvr)
			require.True(t, found)
			manager := fieldManager(t, kind, version)
			patch := &unstructured.Unstructured{}
			require.NoError(t, json.Unmarshal([]byte(row.body), &patch.Object))
			applied, err := manager.Apply(version.New(), patch, "me", false)
			require.NoError(t, err)
			accessor, err := meta.Accessor(applied)
			require.NoError(t, err)
			require.Len(t, accessor.GetManagedFields(), 1)
			assert.JSONEq(t, row.want, string(accessor.GetManagedFields()[0].FieldsV1.GetRawBytes()))
		})
	}
}

// fieldManager is set up as in the real server.
func fieldManager(t *testing.T, kind *kinds.Kind, version *kinds.Version) *managedfields.FieldManager {
	t.Helper()
	converter, err := version.TypeConverter()
	require.NoError(t, err)
	gvk := kind.GroupVersionKind(version.Name)
	resets := map[fieldpath.APIVersion]fieldpath.Filter{
		fieldpath.APIVersion(gvk.GroupVersion().String()): fieldpath.NewExcludeSetFilter(version.ResetFields),
	}
	if kind.Custom {
		manager, err := managedfields.NewDefaultCRDFieldManager(converter, unstructuredScheme{}, unstructuredScheme{}, unstructuredScheme{}, gvk, gvk.GroupVersion(), "", resets)
		require.NoError(t, err)
		return manager
	}
	manager, err := managedfields.NewDefaultFieldManager(converter, scheme.Scheme, scheme.Scheme, scheme.Scheme, gvk, gvk.GroupVersion(), "", resets)
	require.NoError(t, err)
	return manager
}

// unstructuredScheme converts, defaults and makes unstructured objects: with
// one version there is nothing to do.
type unstructuredScheme struct{}

func (unstructuredScheme) Convert(_, _, _ any) error { return nil }
func (unstructuredScheme) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}
func (unstructuredScheme) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}
func (unstructuredScheme) Default(runtime.Object) {}
func (unstructuredScheme) New(gvk schema.GroupVersionKind) (runtime.Object, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(gvk)
	return u, nil
}

func TestRegistryAddsAndRemovesDefinitions(t *testing.T) {
	r := newTestRegistry(t)
	gvr := schema.GroupVersionResource{Group: "sim.example.com", Version: "v1", Resource: "widgets"}
	first, _, found := r.Resource(gvr)
	require.True(t, found)
	other, _, _ := newTestRegistry(t).Resource(gvr)
	assert.Same(t, first, other, "the same definition is compiled once")

	crd := widgets(t)
	crd.Spec.Versions[1].Served = false
	_, err := r.AddCRD(crd)
	require.NoError(t, err)
	_, _, found = r.Resource(gvr.GroupResource().WithVersion("v1alpha1"))
	assert.False(t, found, "a version that is not served is not found")

	broken := crd.DeepCopy()
	broken.Spec.Versions[0].Storage = false
	_, err = r.AddCRD(broken)
	assert.EqualError(t, err, "compiling CustomResourceDefinition widgets.sim.example.com: no version is the storage version")
	_, _, found = r.Resource(gvr)
	assert.True(t, found, "a definition that cannot be compiled leaves what was served")

	r.RemoveCRD(crd)
	_, _, found = r.Resource(gvr)
	assert.False(t, found)
}

func TestRegistryIsSafeForConcurrentUse(t *testing.T) {
	crd := widgets(t)
	gvr := schema.GroupVersionResource{Group: "sim.example.com", Version: "v1", Resource: "widgets"}
	r := newTestRegistry(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				_, err := r.AddCRD(crd)
				assert.NoError(t, err)
				_, version, found := r.Resource(gvr)
				if assert.True(t, found) {
					u := version.New().(*unstructured.Unstructured)
					u.Object["spec"] = map[string]any{"size": int64(101)}
					assert.Len(t, version.Strategy.Validate(u), 1)
					assert.Len(t, version.Cells(u, testTime), 3)
				}
			}
		})
	}
	group.Wait()
}
