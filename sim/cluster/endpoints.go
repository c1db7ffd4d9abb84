package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/utils/ptr"
)

// endpointController says which pods serve a Service, in Endpoints or in
// EndpointSlices. There is one slice for each address family and set of ports, of
// at most 1000 endpoints.
type endpointController struct {
	*manager
	services  corelisters.ServiceLister
	pods      corelisters.PodLister
	endpoints corelisters.EndpointsLister          // nil: it keeps slices
	slices    discoverylisters.EndpointSliceLister // nil: it keeps Endpoints
	expected  expectations
}

func endpoints(pace Controller) part {
	return func(m *manager, _ context.Context) {
		kept := m.factory.Core().V1().Endpoints()
		e := m.endpointController()
		e.endpoints = kept.Lister()
		c := m.add("endpoints", pace, e.reconcile)
		e.watchServices(c)
		c.watch(kept.Informer(), keyOf)
	}
}

func endpointSlices(pace Controller) part {
	return func(m *manager, _ context.Context) {
		kept := m.factory.Discovery().V1().EndpointSlices()
		e := m.endpointController()
		e.slices = kept.Lister()
		e.expected = expectations{find: func(namespace, name string) (metav1.Object, bool) {
			slice, err := e.slices.EndpointSlices(namespace).Get(name)
			return slice, err == nil
		}}
		c := m.add("endpointslice", pace, e.reconcile)
		e.watchServices(c)
		c.watch(kept.Informer(), ownerOf("Service"))
	}
}

func (m *manager) endpointController() *endpointController {
	return &endpointController{manager: m, services: m.factory.Core().V1().Services().Lister(), pods: m.factory.Core().V1().Pods().Lister()}
}

func (e *endpointController) watchServices(c *controller) {
	c.watch(e.factory.Core().V1().Services().Informer(), keyOf)
	c.watch(e.factory.Core().V1().Pods().Informer(), func(o metav1.Object) []string {
		all, _ := e.services.Services(o.GetNamespace()).List(everything) // of an informer's cache: no error
		var keys []string
		for _, s := range sorted(all, func(s *corev1.Service) bool { return serves(s, o) }) {
			keys = append(keys, name(s))
		}
		return keys
	})
}

func serves(s *corev1.Service, pod metav1.Object) bool {
	return len(s.Spec.Selector) > 0 && labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.GetLabels()))
}

func (e *endpointController) reconcile(ctx context.Context, key string) (time.Duration, error) {
	namespace, name := split(key)
	service, err := e.services.Services(namespace).Get(name)
	if err != nil {
		if e.endpoints == nil {
			return 0, nil // slices have an owner
		}
		return 0, e.removeEndpoints(ctx, namespace, name)
	}
	if len(service.Spec.Selector) == 0 || service.Spec.Type == corev1.ServiceTypeExternalName || service.DeletionTimestamp != nil {
		return 0, nil // its endpoints are kept by somebody else
	}
	pods := sortedPods(e.pods, namespace, func(p *corev1.Pod) bool { return serves(service, p) && p.Status.PodIP != "" && !isOver(p) })
	if e.endpoints != nil {
		return 0, e.keepEndpoints(ctx, service, pods)
	}
	if !e.expected.met(key) {
		return lapse, nil
	}
	return 0, e.keepSlices(ctx, key, service, pods)
}

func (e *endpointController) removeEndpoints(ctx context.Context, namespace, name string) error {
	if _, err := e.endpoints.Endpoints(namespace).Get(name); err != nil {
		return nil
	}
	err := e.client.CoreV1().Endpoints(namespace).Delete(ctx, name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// portOf is the number of a Service's port at a pod; 0: the pod has none of that name.
func portOf(port *corev1.ServicePort, pod *corev1.Pod) int32 {
	switch {
	case port.TargetPort.Type == intstr.Int && port.TargetPort.IntVal == 0:
		return port.Port
	case port.TargetPort.Type == intstr.Int:
		return port.TargetPort.IntVal
	}
	for i := range pod.Spec.Containers {
		for _, p := range pod.Spec.Containers[i].Ports {
			if p.Name == port.TargetPort.StrVal && p.Protocol == port.Protocol {
				return p.ContainerPort
			}
		}
	}
	return 0
}

// group is endpoints with the same ports.
type group struct {
	ports []corev1.EndpointPort
	pods  []*corev1.Pod
}

func groups(service *corev1.Service, pods []*corev1.Pod) []group {
	of := map[string]*group{}
	for _, pod := range pods {
		var ports []corev1.EndpointPort
		for i := range service.Spec.Ports {
			p := &service.Spec.Ports[i]
			if number := portOf(p, pod); number != 0 {
				ports = append(ports, corev1.EndpointPort{Name: p.Name, Port: number, Protocol: p.Protocol, AppProtocol: p.AppProtocol})
			}
		}
		if len(ports) == 0 && len(service.Spec.Ports) > 0 {
			continue
		}
		key := fmt.Sprint(ports)
		if of[key] == nil {
			of[key] = &group{ports: ports}
		}
		of[key].pods = append(of[key].pods, pod)
	}
	var out []group
	for _, key := range sortedKeys(of) {
		out = append(out, *of[key])
	}
	return out
}

func targetRef(pod *corev1.Pod) *corev1.ObjectReference {
	return &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}
}

// hostname is what a pod is called in the Service's domain.
func hostname(service *corev1.Service, pod *corev1.Pod) string {
	if pod.Spec.Subdomain == service.Name {
		return pod.Spec.Hostname
	}
	return ""
}

func (e *endpointController) keepEndpoints(ctx context.Context, service *corev1.Service, pods []*corev1.Pod) error {
	var subsets []corev1.EndpointSubset
	for _, g := range groups(service, pods) {
		subset := corev1.EndpointSubset{Ports: g.ports}
		for _, pod := range g.pods {
			if pod.DeletionTimestamp != nil && !service.Spec.PublishNotReadyAddresses {
				continue
			}
			address := corev1.EndpointAddress{IP: pod.Status.PodIP, Hostname: hostname(service, pod), NodeName: ptr.To(pod.Spec.NodeName), TargetRef: targetRef(pod)}
			if isReady(pod) || service.Spec.PublishNotReadyAddresses {
				subset.Addresses = append(subset.Addresses, address)
			} else {
				subset.NotReadyAddresses = append(subset.NotReadyAddresses, address)
			}
		}
		byIP := func(a, b corev1.EndpointAddress) int { return strings.Compare(a.IP, b.IP) }
		slices.SortFunc(subset.Addresses, byIP)
		slices.SortFunc(subset.NotReadyAddresses, byIP)
		if len(subset.Addresses)+len(subset.NotReadyAddresses) > 0 {
			subsets = append(subsets, subset)
		}
	}
	existing, err := e.endpoints.Endpoints(service.Namespace).Get(service.Name)
	if err != nil {
		made := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: service.Namespace, Name: service.Name, Labels: service.Labels}, Subsets: subsets}
		_, err := e.client.CoreV1().Endpoints(service.Namespace).Create(ctx, made, metav1.CreateOptions{})
		return err
	}
	if equality.Semantic.DeepEqual(existing.Subsets, subsets) {
		return nil
	}
	next := existing.DeepCopy()
	next.Subsets = subsets
	_, err = e.client.CoreV1().Endpoints(service.Namespace).Update(ctx, next, metav1.UpdateOptions{})
	return err
}

const managedByUs = "endpointslice-controller.k8s.io"

func (e *endpointController) keepSlices(ctx context.Context, key string, service *corev1.Service, pods []*corev1.Pod) error {
	all, _ := e.slices.EndpointSlices(service.Namespace).List(everything) // of an informer's cache: no error
	existing := sorted(all, func(s *discoveryv1.EndpointSlice) bool {
		return s.Labels[discoveryv1.LabelServiceName] == service.Name && s.Labels[discoveryv1.LabelManagedBy] == managedByUs && s.DeletionTimestamp == nil
	})
	for _, wanted := range e.slicesOf(service, pods) {
		at := slices.IndexFunc(existing, func(s *discoveryv1.EndpointSlice) bool {
			return s.AddressType == wanted.AddressType && (len(s.Ports) == 0 || len(wanted.Ports) == 0 || equality.Semantic.DeepEqual(s.Ports, wanted.Ports))
		})
		if at < 0 {
			made, err := e.client.DiscoveryV1().EndpointSlices(service.Namespace).Create(ctx, wanted, metav1.CreateOptions{})
			if err != nil {
				return err
			}
			e.expected.expect(key, made, false)
			continue
		}
		next := existing[at].DeepCopy()
		existing = slices.Delete(slices.Clone(existing), at, at+1)
		if equality.Semantic.DeepEqual(next.Endpoints, wanted.Endpoints) && equality.Semantic.DeepEqual(next.Ports, wanted.Ports) {
			continue
		}
		next.Endpoints, next.Ports = wanted.Endpoints, wanted.Ports
		if _, err := e.client.DiscoveryV1().EndpointSlices(service.Namespace).Update(ctx, next, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	for _, s := range existing {
		if err := e.client.DiscoveryV1().EndpointSlices(s.Namespace).Delete(ctx, s.Name, withPrecondition(s)); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// slicesOf is what a Service is to have: one slice without endpoints when no pod
// serves it.
func (e *endpointController) slicesOf(service *corev1.Service, pods []*corev1.Pod) []*discoveryv1.EndpointSlice {
	slice := func(g group) *discoveryv1.EndpointSlice {
		s := &discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: service.Namespace, GenerateName: service.Name + "-",
				Labels:          map[string]string{discoveryv1.LabelServiceName: service.Name, discoveryv1.LabelManagedBy: managedByUs},
				OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(service, corev1.SchemeGroupVersion.WithKind("Service"))},
			},
			AddressType: discoveryv1.AddressTypeIPv4,
		}
		if service.Spec.ClusterIP == corev1.ClusterIPNone {
			s.Labels[corev1.IsHeadlessService] = ""
		}
		for _, p := range g.ports {
			s.Ports = append(s.Ports, discoveryv1.EndpointPort{Name: ptr.To(p.Name), Port: ptr.To(p.Port), Protocol: ptr.To(p.Protocol), AppProtocol: p.AppProtocol})
		}
		for _, pod := range g.pods {
			serving, terminating := isReady(pod), pod.DeletionTimestamp != nil
			ready := service.Spec.PublishNotReadyAddresses || serving && !terminating
			endpoint := discoveryv1.Endpoint{
				Addresses: []string{pod.Status.PodIP}, NodeName: ptr.To(pod.Spec.NodeName), TargetRef: targetRef(pod),
				Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &serving, Terminating: &terminating},
			}
			if h := hostname(service, pod); h != "" {
				endpoint.Hostname = &h
			}
			s.Endpoints = append(s.Endpoints, endpoint)
		}
		slices.SortFunc(s.Endpoints, func(a, b discoveryv1.Endpoint) int { return cmp.Compare(a.Addresses[0], b.Addresses[0]) })
		return s
	}
	var out []*discoveryv1.EndpointSlice
	for _, g := range groups(service, pods) {
		out = append(out, slice(g))
	}
	if out == nil {
		out = append(out, slice(group{}))
	}
	return out
}
