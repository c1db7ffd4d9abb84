package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seatrial/seatrial/internal/format"
)

// ObjectRef names an object whose resource goes without saying. Namespace is by
// default "default".
type ObjectRef struct{ Namespace, Name string }

// MoveTo says that the object is in another namespace; empty: the default one.
func (r *ObjectRef) MoveTo(namespace string) { r.Namespace = namespace }

// RefFields are the fields of an [ObjectRef] in files.
func RefFields[T any](at func(*T) *ObjectRef) format.Object[T] {
	return format.Object[T]{
		format.TextOr("namespace", "Namespace of the object.", "default", func(t *T) *string { return &at(t).Namespace }),
		format.Text("name", "Name of the object.", func(t *T) *string { return &at(t).Name }),
	}
}

// ResourceRef names any object: by its name, or by what owns it, for objects that
// a controller makes and names as it likes.
type ResourceRef struct {
	Resource string // plural, with its group where that is needed; with subresource after a slash
	ObjectRef
	// OwnedBy is KIND/NAME of an owner; the object is then the first by name of
	// those in the namespace that have it among their ownerReferences.
	OwnedBy string
}

func resourceRefFields[T any](at func(*T) *ResourceRef) format.Object[T] {
	return append(append(format.Object[T]{
		format.Text("resource", "Plural name as kubectl knows it, such as services or deployments.apps; a subresource after a slash.",
			func(t *T) *string { return &at(t).Resource }),
	}, RefFields(func(t *T) *ObjectRef { return &at(t).ObjectRef })...),
		format.Text("ownedBy", "KIND/NAME of an owner, instead of a name: the first object that it owns.",
			func(t *T) *string { return &at(t).OwnedBy }))
}

func (r *ResourceRef) setDefaults(c *Catalog) {
	if found, _, _ := c.Resource(r.Resource); r.Namespace == "" && found.Namespaced {
		r.Namespace = "default"
	}
}

// String is the resource and the name of the object.
func (r *ResourceRef) String() string {
	name := r.Name
	if r.OwnedBy != "" {
		name = "of " + r.OwnedBy
	}
	return r.Resource + " " + JoinName(r.Namespace, name)
}

// find is the name of the object. It is [ErrNothingToDo] that the owner owns none.
func (r *ResourceRef) find(ctx context.Context, a *Actor, on Resource) (string, error) {
	if r.OwnedBy == "" {
		return r.Name, nil
	}
	list, err := a.On(on, r.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	kind, owner, _ := strings.Cut(r.OwnedBy, "/")
	var names []string
	for i := range list.Items {
		if slices.ContainsFunc(list.Items[i].GetOwnerReferences(), func(o metav1.OwnerReference) bool { return o.Kind == kind && o.Name == owner }) {
			names = append(names, list.Items[i].GetName())
		}
	}
	if len(names) == 0 {
		return "", fmt.Errorf("%s: %w", r, ErrNothingToDo)
	}
	return slices.Min(names), nil
}

func (r *ResourceRef) validate(report Report, field string, scope Scope, withSubresource bool) {
	found, subresource, ok := scope.Catalog.Resource(r.Resource)
	names := scope.Catalog.Names(withSubresource)
	const plural = "a plural name as kubectl knows it, such as services or deployments.apps"
	switch {
	case r.Resource == "":
		report(field+".resource", "missing", plural)
		return
	case ok && subresource != "" && !withSubresource:
		report(field+".resource", fmt.Sprintf("%q is part of an object", r.Resource), strings.TrimSuffix(r.Resource, "/"+subresource))
		return
	case !ok:
		report(field+".resource", fmt.Sprintf("this world has no resource %q", r.Resource), closest(r.Resource, names, plural+", of a built-in kind or of a definition in the cluster"))
		return
	}
	switch {
	case r.OwnedBy != "" && r.Name != "":
		report(field+".ownedBy", "name and ownedBy", "one of them")
	case r.OwnedBy != "":
		if kind, name, _ := strings.Cut(r.OwnedBy, "/"); kind == "" || name == "" {
			report(field+".ownedBy", fmt.Sprintf("%q is not an owner", r.OwnedBy), "KIND/NAME, such as Deployment/web")
		}
	case r.Name == "":
		report(field+".name", "missing", "the name of an object")
	case len(validation.IsDNS1123Subdomain(r.Name)) > 0 && found.Group != "rbac.authorization.k8s.io":
		report(field+".name", fmt.Sprintf("%q is not a name", r.Name), "the name of an object")
	}
	switch {
	case found.Namespaced:
		r.ValidateNamespace(report, field, scope)
	case r.Namespace != "":
		report(field+".namespace", found.Resource+" are in no namespace", "no namespace")
	}
}

// ValidateNamespace reports that the world has no such namespace.
func (r *ObjectRef) ValidateNamespace(report Report, field string, scope Scope) {
	if !scope.AnyNamespace && !slices.Contains(scope.Namespaces, r.Namespace) {
		report(field+".namespace", fmt.Sprintf("this world has no namespace %q", r.Namespace), "one of "+strings.Join(scope.Namespaces, ", "))
	}
}

// gone takes an answer that says that something is not there as such.
func gone(err error) error {
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("%w: %w", ErrNothingToDo, err)
	}
	return err
}
