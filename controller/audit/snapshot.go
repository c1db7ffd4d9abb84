package audit

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// endpoints are what Submariner works on.
//
//lint:ignore SA1019 Submariner works on Endpoints, not on slices
type endpoints = corev1.Endpoints

// snapshot is everything that has to do with global IPs, read one list after the
// other: what changes between two lists may look wrong, which is why Run looks
// twice.
type snapshot struct {
	cidrs     []netip.Prefix
	gips      []v1.GlobalIngressIP
	services  map[types.NamespacedName]*corev1.Service // internal ones are in internal
	internal  []corev1.Service
	exports   map[types.NamespacedName]*mcsv1alpha1.ServiceExport
	pods      map[types.NamespacedName]*corev1.Pod
	endpoints map[types.NamespacedName]*endpoints
	claims    map[string]*networkingv1.IPAddress
}

func read(ctx context.Context, reader client.Reader, cidrs []netip.Prefix) (*snapshot, error) {
	var (
		gips     v1.GlobalIngressIPList
		services corev1.ServiceList
		exports  mcsv1alpha1.ServiceExportList
		pods     corev1.PodList
		lists    corev1.EndpointsList
		claims   networkingv1.IPAddressList
	)

	for _, list := range []client.ObjectList{&gips, &services, &exports, &pods, &lists, &claims} {
		if err := reader.List(ctx, list); err != nil {
			return nil, fmt.Errorf("list %T: %w", list, err)
		}
	}

	s := &snapshot{
		cidrs: cidrs, gips: gips.Items,
		services:  map[types.NamespacedName]*corev1.Service{},
		exports:   byName(exports.Items, func(e *mcsv1alpha1.ServiceExport) client.Object { return e }),
		pods:      byName(pods.Items, func(p *corev1.Pod) client.Object { return p }),
		endpoints: byName(lists.Items, func(e *endpoints) client.Object { return e }),
		claims:    map[string]*networkingv1.IPAddress{},
	}

	for i := range services.Items {
		service := &services.Items[i]
		if service.Labels[v1.InternalServiceLabel] != "" {
			s.internal = append(s.internal, *service)
		} else {
			s.services[client.ObjectKeyFromObject(service)] = service
		}
	}

	for i := range claims.Items {
		s.claims[claims.Items[i].Name] = &claims.Items[i]
	}

	return s, nil
}

func byName[T any](items []T, object func(*T) client.Object) map[types.NamespacedName]*T {
	named := make(map[types.NamespacedName]*T, len(items))
	for i := range items {
		named[client.ObjectKeyFromObject(object(&items[i]))] = &items[i]
	}

	return named
}
