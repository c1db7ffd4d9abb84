package admission

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// What k8s.io/apiserver has in other shapes before 0.37. Both are asked for,
// because a controller that cannot be compiled with 0.37 takes the harness along
// to its own version of Kubernetes.

// Authorizer answers whether somebody may do something; the libraries call
// this interface differently from version to version.
type Authorizer interface {
	Authorize(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error)
}

// objectIn reads a versioned object, which is one itself or holds one.
func objectIn(field any) runtime.Object {
	switch f := field.(type) {
	case *runtime.Object:
		return *f
	case interface{ Object() runtime.Object }:
		return f.Object()
	}
	panic(fmt.Sprintf("admission: a versioned object has a shape that is not known: %T", field))
}

// setObject writes one.
func setObject(field any, obj runtime.Object) {
	switch f := field.(type) {
	case *runtime.Object:
		*f = obj
	case interface{ Set(runtime.Object) }:
		f.Set(obj)
	default:
		panic(fmt.Sprintf("admission: a versioned object has a shape that is not known: %T", field))
	}
}
