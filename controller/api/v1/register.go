package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is submariner.io/v1.
var GroupVersion = schema.GroupVersion{Group: "submariner.io", Version: "v1"}

var schemeBuilder = runtime.NewSchemeBuilder(func(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &GlobalIngressIP{}, &GlobalIngressIPList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)

	return nil
})

// AddToScheme registers the types of this package.
func AddToScheme(scheme *runtime.Scheme) error {
	return schemeBuilder.AddToScheme(scheme)
}

// Resource qualifies a resource of this group, for errors and mappings.
func Resource(resource string) schema.GroupResource {
	return GroupVersion.WithResource(resource).GroupResource()
}
