package controller

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// served is a Service that was given an address: its name and the UID it had
// then. An empty UID stands for whichever Service bears the name.
type served struct {
	types.NamespacedName
	uid types.UID
}

func servedBy(gip *v1.GlobalIngressIP) served {
	return served{
		NamespacedName: types.NamespacedName{Namespace: gip.Namespace, Name: serviceOf(gip)},
		uid:            types.UID(gip.Annotations[v1.ServiceUIDAnnotation]),
	}
}

// serviceOf returns the name of the Service a GlobalIngressIP serves, or "".
func serviceOf(gip *v1.GlobalIngressIP) string {
	if gip.Spec.ServiceRef != nil {
		return gip.Spec.ServiceRef.Name
	}

	return gip.Labels[v1.ServiceRefLabel]
}

// fate is what quorum reads proved about a Service that was given an address.
type fate struct {
	// gone is why the address may be released; empty if it may not.
	gone string
	// ending: the Service or its export is being deleted but still exists.
	ending bool
}

// prove asks the API server, never a cache, whether a Service still exists and
// is exported. It returns an error whenever the answer is not certain; an error
// is not a proof of anything.
func (r *reconciler) prove(ctx context.Context, s served) (fate, error) {
	if s.Name == "" {
		return fate{gone: "it refers to no Service"}, nil
	}

	var service corev1.Service

	err := r.calls.get(ctx, s.NamespacedName, &service)
	if apierrors.IsNotFound(err) {
		return fate{gone: "the Service is deleted"}, nil
	}

	if err != nil {
		return fate{}, err
	}

	if s.uid != "" && service.UID != s.uid {
		return fate{gone: "the Service was deleted and created again"}, nil
	}

	var export mcsv1alpha1.ServiceExport

	err = r.calls.get(ctx, s.NamespacedName, &export)
	if apierrors.IsNotFound(err) {
		return fate{gone: "the Service is no longer exported"}, nil
	}

	if err != nil {
		return fate{}, err
	}

	return fate{ending: service.DeletionTimestamp != nil || export.DeletionTimestamp != nil}, nil
}
