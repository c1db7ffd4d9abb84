package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
)

// balancerFinalizer keeps a Service until its load balancer is removed.
const balancerFinalizer = "service.kubernetes.io/load-balancer-cleanup"

// balancerController is a cloud's Service controller together with its cloud: an
// address of 203.0.113.0/24 or 198.51.100.0/24 for each Service.
type balancerController struct {
	*manager
	services corelisters.ServiceLister
	held     map[string]string // addresses, by the Service's key
}

func loadBalancers(o LoadBalancers) part {
	return func(m *manager, _ context.Context) {
		services := m.factory.Core().V1().Services()
		b := &balancerController{m, services.Lister(), map[string]string{}}
		m.add("service-lb", Controller(o), b.reconcile).watch(services.Informer(), keyOf)
	}
}

func (b *balancerController) reconcile(ctx context.Context, key string) (time.Duration, error) {
	namespace, name := split(key)
	service, err := b.services.Services(namespace).Get(name)
	if err != nil {
		delete(b.held, key)
		return 0, nil
	}
	api := b.client.CoreV1().Services(namespace)
	next := service.DeepCopy()
	wanted := service.Spec.Type == corev1.ServiceTypeLoadBalancer && service.DeletionTimestamp == nil && service.Spec.LoadBalancerClass == nil
	has := slices.Contains(service.Finalizers, balancerFinalizer)
	switch {
	case wanted && !has:
		next.Finalizers = append(next.Finalizers, balancerFinalizer)
		_, err = api.Update(ctx, next, metav1.UpdateOptions{})
	case wanted && len(service.Status.LoadBalancer.Ingress) == 0:
		mode := corev1.LoadBalancerIPModeVIP
		next.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: b.address(key), IPMode: &mode}}
		_, err = api.UpdateStatus(ctx, next, metav1.UpdateOptions{})
	case !wanted && has && len(service.Status.LoadBalancer.Ingress) > 0:
		next.Status.LoadBalancer = corev1.LoadBalancerStatus{}
		_, err = api.UpdateStatus(ctx, next, metav1.UpdateOptions{})
	case !wanted && has:
		delete(b.held, key)
		next.Finalizers = slices.DeleteFunc(next.Finalizers, func(f string) bool { return f == balancerFinalizer })
		_, err = api.Update(ctx, next, metav1.UpdateOptions{})
	}
	return 0, err
}

// address is what a Service gets, by its name; the next free one where that is taken.
func (b *balancerController) address(key string) string {
	if ip := b.held[key]; ip != "" {
		return ip
	}
	taken := map[string]bool{}
	for _, service := range b.all() {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			taken[ingress.IP] = true
		}
	}
	for _, ip := range b.held {
		taken[ip] = true
	}
	const addresses = 2 * 254
	at := int(b.draw("balancer", key) * addresses)
	for range addresses {
		ip := fmt.Sprintf("%s.%d", []string{"203.0.113", "198.51.100"}[at/254], at%254+1)
		if !taken[ip] {
			b.held[key] = ip
			return ip
		}
		at = (at + 1) % addresses
	}
	panic("cluster: more load balancers than addresses: 508")
}

func (b *balancerController) all() []*corev1.Service {
	all, _ := b.services.List(everything) // of an informer's cache: no error
	return all
}
