package controller

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// served is what was given an address: a Service, by its name and the UID it had
// then, or something behind it. An empty UID stands for whichever Service bears
// the name; without a pod and an endpoint it is the Service itself.
type served struct {
	types.NamespacedName
	uid           types.UID
	pod, endpoint string
	// orphan: its GlobalIngressIP is gone or going. Then the address is kept only
	// for what is due to get the next one: of a pod that was created anew and is
	// not ready, nobody knows whether it ever will be.
	orphan bool
}

func servedBy(gip *v1.GlobalIngressIP) served {
	t := targetOf(gip)

	return served{
		NamespacedName: types.NamespacedName{Namespace: gip.Namespace, Name: serviceOf(gip)},
		uid:            types.UID(gip.Annotations[v1.ServiceUIDAnnotation]),
		pod:            t.pod, endpoint: t.endpoint,
	}
}

// serviceOf returns the name of the Service a GlobalIngressIP serves, or "". As for
// [purposeOf], that of one which is bound does not depend on an edit of the spec.
func serviceOf(gip *v1.GlobalIngressIP) string {
	switch label := gip.Labels[v1.ServiceRefLabel]; {
	case isBound(gip) && label == "":
		return gip.Name
	case isBound(gip):
		return label
	}

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

	f := fate{ending: service.DeletionTimestamp != nil || export.DeletionTimestamp != nil}
	if s.pod == "" && s.endpoint == "" {
		if isHeadless(&service) {
			f.gone = "the Service became headless"
		}

		return f, nil
	}

	f.gone, err = r.proveTarget(ctx, s, &service)

	return f, err
}

// proveTarget says why what was behind a headless Service is not there any more,
// or "". That it is not ready, or has moved, is no reason.
func (r *reconciler) proveTarget(ctx context.Context, s served, service *corev1.Service) (string, error) {
	switch selector := len(service.Spec.Selector) > 0; {
	case !isHeadless(service):
		return "the Service is no longer headless", nil
	case selector != (s.pod != ""):
		return "the Service came or ceased to select pods", nil
	case s.pod != "":
		return r.provePod(ctx, s, service)
	}

	list := &endpoints{}

	err := r.calls.get(ctx, s.NamespacedName, list)
	if apierrors.IsNotFound(err) {
		return "the Endpoints are deleted", nil
	}

	if err != nil {
		return "", err
	}

	for _, address := range addressesOf(list, !s.orphan || service.Spec.PublishNotReadyAddresses) {
		if address.String() == s.endpoint {
			return "", nil
		}
	}

	return fmt.Sprintf("%s is no longer among the Endpoints", s.endpoint), nil
}

func (r *reconciler) provePod(ctx context.Context, s served, service *corev1.Service) (string, error) {
	pod := &corev1.Pod{}

	err := r.calls.get(ctx, types.NamespacedName{Namespace: s.Namespace, Name: s.pod}, pod)

	switch {
	case apierrors.IsNotFound(err):
		return "the pod is deleted", nil
	case err != nil:
		return "", err
	case finished(pod):
		return "the pod has finished", nil
	case !selects(service, pod):
		return "the Service does not select the pod any more", nil
	case s.orphan && !isDue(service, pod):
		return "the pod is not ready for another one", nil
	}

	return "", nil
}
