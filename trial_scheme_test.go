package seatrial_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/model"
)

// Goal: a scheme is enough to declare kinds. Method: a process that uses what
// the scheme declares, status subresource included, and something that it does
// not declare: that answers 404, as a real API server without the definition.

// Page stands for a project's own Go type.
type Page struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Status            map[string]string `json:"status,omitempty"`
}

// DeepCopyObject implements [runtime.Object].
func (p *Page) DeepCopyObject() runtime.Object {
	next := *p
	p.DeepCopyInto(&next.ObjectMeta)
	return &next
}

func TestAScheme(t *testing.T) {
	s := runtime.NewScheme()
	s.AddKnownTypeWithName(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Page"}, &Page{})
	var answers []error // of the run without faults, the first
	use := func(ctx context.Context, cfg *rest.Config) error {
		client, err := dynamic.NewForConfig(cfg)
		if err != nil {
			return err
		}
		pages := client.Resource(schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "pages"})
		_, undeclared := client.Resource(schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "books"}).List(ctx, metav1.ListOptions{})
		page := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "example.com/v1", "kind": "Page", "metadata": map[string]any{"name": "a"}, "anything": "goes",
		}}
		page, err = pages.Namespace("default").Create(ctx, page, metav1.CreateOptions{})
		if err == nil {
			page.Object["status"] = map[string]any{"read": "yes"}
			_, err = pages.Namespace("default").UpdateStatus(ctx, page, metav1.UpdateOptions{})
		}
		if answers == nil {
			answers = []error{undeclared, err}
		}
		<-ctx.Done()
		return nil
	}
	run := seatrial.Run(t, seatrial.Trial{Controller: use, Cluster: seatrial.Scheme(s), Objects: seatrial.Objects(&unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.com/v1", "kind": "Page", "metadata": map[string]any{"name": "b"},
	}})}, 1, seatrial.RunOptions{})
	assert.NotEqual(t, model.VerdictInconclusive, run.Verdict.Kind, run.Verdict.Message)
	require.Len(t, answers, 2)
	assert.EqualError(t, answers[0], "the server could not find the requested resource")
	assert.NoError(t, answers[1])
}

func TestASchemeWithoutTheKindNamed(t *testing.T) {
	defer func() { assert.Contains(t, recover(), `scheme: it has no kind "Paeg"`) }()
	seatrial.Run(t, seatrial.Trial{Controller: idle, Cluster: seatrial.Scheme(runtime.NewScheme(), "Paeg")}, 1, seatrial.RunOptions{})
}
