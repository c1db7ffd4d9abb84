package access

import (
	"reflect"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// newReviewKinds are questions about users: created, answered, never stored.
func newReviewKinds() []*kinds.Kind {
	return []*kinds.Kind{
		reviewKind[*authenticationv1.TokenReview](authenticationv1.SchemeGroupVersion, "tokenreviews", false),
		reviewKind[*authenticationv1.SelfSubjectReview](authenticationv1.SchemeGroupVersion, "selfsubjectreviews", false),
		reviewKind[*authorizationv1.SubjectAccessReview](authorizationv1.SchemeGroupVersion, "subjectaccessreviews", false),
		reviewKind[*authorizationv1.SelfSubjectAccessReview](authorizationv1.SchemeGroupVersion, "selfsubjectaccessreviews", false),
		reviewKind[*authorizationv1.SelfSubjectRulesReview](authorizationv1.SchemeGroupVersion, "selfsubjectrulesreviews", false),
		reviewKind[*authorizationv1.LocalSubjectAccessReview](authorizationv1.SchemeGroupVersion, "localsubjectaccessreviews", true),
	}
}

func reviewKind[T runtime.Object](gv schema.GroupVersion, resource string, namespaced bool) *kinds.Kind {
	name := reflect.TypeFor[T]().Elem().Name()
	return &kinds.Kind{
		Resource: schema.GroupResource{Group: gv.Group, Resource: resource}, Singular: resource[:len(resource)-1],
		Kind: name, ListKind: name + "List", Namespaced: namespaced, Virtual: true, Storage: gv.Version,
		Versions: []kinds.Version{{
			Name: gv.Version, New: kinds.NewOf[T](gv.WithKind(name)), Strategy: &kinds.Rules[T]{},
			Columns: kinds.PlainTable().Columns, Cells: kinds.PlainTable().Cells,
			TypeConverter: func() (managedfields.TypeConverter, error) { return kinds.BuiltinTypes(), nil },
		}},
	}

}
