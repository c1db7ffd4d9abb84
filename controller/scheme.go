package controller

import (
	"errors"
	"sync"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// AddToScheme registers every kind the controller reads or writes.
func AddToScheme(scheme *runtime.Scheme) error {
	return errors.Join(
		corev1.AddToScheme(scheme),
		networkingv1.AddToScheme(scheme),
		mcsv1alpha1.Install(scheme),
		v1.AddToScheme(scheme))
}

// sharedScheme is the scheme of every Run in the process: nobody changes it, and
// registering some hundred kinds takes as long as a dozen requests.
var sharedScheme = sync.OnceValues(func() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()

	return scheme, AddToScheme(scheme)
})

// NewRESTMapper returns a mapper of the few kinds the controller uses. Asking the API server
// instead would add a failure at start that no retry inside controller-runtime
// covers, for an answer that cannot differ.
func NewRESTMapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{
		corev1.SchemeGroupVersion,
		networkingv1.SchemeGroupVersion,
		mcsv1alpha1.SchemeGroupVersion,
		v1.GroupVersion,
	})
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Service"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Endpoints"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Event"), meta.RESTScopeNamespace)
	mapper.Add(networkingv1.SchemeGroupVersion.WithKind("IPAddress"), meta.RESTScopeRoot)
	mapper.Add(mcsv1alpha1.SchemeGroupVersion.WithKind("ServiceExport"), meta.RESTScopeNamespace)
	mapper.Add(v1.GroupVersion.WithKind("GlobalIngressIP"), meta.RESTScopeNamespace)

	return mapper
}
