package registry

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// What a write costs in this package, without HTTP, store and encoding.

func BenchmarkServiceCreate(b *testing.B) {
	s := newServices(b, kinds.Options{})
	body := []byte(`{"metadata":{"name":"x","namespace":"default"},"spec":{"selector":{"app":"x"},"ports":[{"name":"http","port":80,"targetPort":8080}]}}`)
	strategy := s.to.version.Strategy
	for _, part := range []struct {
		name   string
		decode bool
	}{{"decode,default,allocate,validate", true}, {"default,allocate,validate", false}} {
		b.Run(part.name, func(b *testing.B) {
			parsed := &corev1.Service{}
			require.NoError(b, json.Unmarshal(body, parsed))
			for b.Loop() {
				svc := parsed.DeepCopy()
				if part.decode {
					svc = s.to.version.New().(*corev1.Service)
					_ = json.Unmarshal(body, svc)
				}
				_, _ = strategy.Decoded(svc)
				undo, err := s.alloc.Allocate(svc, nil)
				if err != nil {
					b.Fatal(err)
				}
				strategy.PrepareForCreate(svc)
				if errs := strategy.Validate(svc); len(errs) > 0 {
					b.Fatal(errs)
				}
				undo()
			}
		})
	}
}

func benchWidget(b *testing.B) (*kinds.Version, *unstructured.Unstructured) {
	_, version, _ := newTestRegistry(b).Resource(schema.GroupVersionResource{Group: "sim.example.com", Version: "v1", Resource: "widgets"})
	u := version.New().(*unstructured.Unstructured)
	u.SetName("a")
	u.Object["spec"] = map[string]any{
		"size": int64(3), "max": int64(9), "immutableId": "x", "port": "http",
		"rules": []any{map[string]any{"name": "r"}, map[string]any{"name": "s"}}, "tags": []any{"a", "b"},
	}
	_, err := version.Strategy.Decoded(u)
	require.NoError(b, err)
	version.Strategy.PrepareForCreate(u)
	return version, u
}

func BenchmarkCustomResource(b *testing.B) {
	version, old := benchWidget(b)
	spec := old.DeepCopy()
	spec.Object["spec"].(map[string]any)["size"] = int64(4)
	labels := old.DeepCopy()
	labels.SetLabels(map[string]string{"a": "b"})
	status := old.DeepCopy()
	status.Object["status"] = map[string]any{"phase": "Ready", "conditions": []any{map[string]any{"type": "Ready", "status": "True"}}}
	b.Run("copy", func(b *testing.B) {
		for b.Loop() {
			_ = old.DeepCopy()
		}
	})
	b.Run("copy,prune,default", func(b *testing.B) {
		for b.Loop() {
			_, _ = version.Strategy.Decoded(old.DeepCopy())
		}
	})
	b.Run("validate create", func(b *testing.B) {
		for b.Loop() {
			if errs := version.Strategy.Validate(old); len(errs) > 0 {
				b.Fatal(errs)
			}
		}
	})
	for name, obj := range map[string]*unstructured.Unstructured{"spec": spec, "labels": labels} {
		b.Run("validate update of "+name, func(b *testing.B) {
			for b.Loop() {
				if errs := version.Strategy.ValidateUpdate(obj, old); len(errs) > 0 {
					b.Fatal(errs)
				}
			}
		})
	}
	b.Run("validate update of status", func(b *testing.B) {
		for b.Loop() {
			if errs := version.Status.ValidateUpdate(status, old); len(errs) > 0 {
				b.Fatal(errs)
			}
		}
	})
}

func BenchmarkAddCRD(b *testing.B) {
	crd := widgets(b)
	b.Run("known", func(b *testing.B) {
		r := New(kinds.Options{})
		for b.Loop() {
			if _, err := r.AddCRD(crd); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("new", func(b *testing.B) {
		r, n := New(kinds.Options{}), 0
		for b.Loop() {
			n++
			crd.Spec.Names.Categories = []string{fmt.Sprint("c", n)}
			if _, err := r.AddCRD(crd); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkNewRegistry(b *testing.B) {
	for b.Loop() {
		New(kinds.Options{})
	}
}
