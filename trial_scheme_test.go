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
	builtin "k8s.io/client-go/kubernetes/scheme"
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

// client-go's global scheme holds Kubernetes' kinds and those that projects have added to
// it; only the latter are declared, also in a group that Kubernetes has as well.
func TestTheGlobalScheme(t *testing.T) {
	for _, group := range []string{"trial.example.com", "apps"} {
		builtin.Scheme.AddKnownTypeWithName(schema.GroupVersionKind{Group: group, Version: "v1", Kind: "Sheep"}, &Page{})
	}
	declared := names(t, seatrial.Scheme(builtin.Scheme,
		seatrial.SchemeKind{Name: "Sheep.trial.example.com", Plural: "sheep", ClusterScoped: true}))
	assert.Equal(t, []string{"sheeps.apps Namespaced", "sheep.trial.example.com Cluster"}, declared)
}

// names of definitions, with their scopes.
func names(t *testing.T, m seatrial.Manifests) []string {
	t.Helper()
	definitions, others, err := m.Definitions()
	require.NoError(t, err)
	require.NoError(t, m.Err())
	require.Empty(t, others)
	var all []string
	for _, crd := range definitions {
		all = append(all, crd.Name+" "+string(crd.Spec.Scope))
	}
	return all
}

func TestMistakesAboutAScheme(t *testing.T) {
	s := runtime.NewScheme()
	for _, group := range []string{"a.example.com", "b.example.com"} {
		s.AddKnownTypeWithName(schema.GroupVersionKind{Group: group, Version: "v1", Kind: "Page"}, &Page{})
	}
	for _, c := range []struct {
		name string
		say  []seatrial.SchemeKind
		want string
	}{
		{"misspelt", []seatrial.SchemeKind{{Name: "Paeg"}}, `scheme: it has no kind "Paeg" (did you mean Page?)`},
		{"Kubernetes' own", []seatrial.SchemeKind{{Name: "Deployment"}}, `scheme: it has no kind "Deployment" (want a kind of the scheme that is not Kubernetes' own)`},
		{"of two groups", []seatrial.SchemeKind{{Name: "Page"}}, `scheme: 2 groups have a kind "Page" (want its group as well, such as Page.a.example.com)`},
		{"twice", []seatrial.SchemeKind{{Name: "Page.a.example.com", Plural: "a"}, {Name: "Page.a.example.com"}}, "scheme: Page.a.example.com is there twice"},
		{"no plural", []seatrial.SchemeKind{{Name: "Page.a.example.com", Plural: "Pages of a"}}, `scheme: Page.a.example.com: plural: "Pages of a" is no name of a resource`},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.ErrorContains(t, seatrial.Scheme(s, c.say...).Err(), c.want)
		})
	}
}
