package controller

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// target is one thing behind a headless Service that gets a global IP: a pod by
// its name, or, where the Service selects none, one address of its Endpoints.
type target struct {
	pod      string
	endpoint string
	// address is where packets are to be sent now. A pod's may change.
	address netip.Addr
}

// sameThing tells whether two targets are one, wherever it may have moved.
func (t target) sameThing(other target) bool {
	return t.pod == other.pod && t.endpoint == other.endpoint
}

// String names the target in Events and logs.
func (t target) String() string {
	if t.pod != "" {
		return "pod " + t.pod
	}

	return "endpoint " + t.endpoint
}

// isHeadless: the Service has no cluster IP, so its global IPs lead to what is
// behind it.
func isHeadless(service *corev1.Service) bool { return service.Spec.ClusterIP == corev1.ClusterIPNone }

// purposeOf returns what kind of target a GlobalIngressIP was made for. Once this
// controller has bound it to a Service, the label and the annotations say so, which
// outlive an edit of the spec: that is undone, and until then, or while the
// GlobalIngressIP is on its way out, nothing may be released by it, nor be left behind.
func purposeOf(gip *v1.GlobalIngressIP) v1.TargetType {
	switch {
	case !isBound(gip):
		return gip.Spec.Target
	case gip.Labels[v1.ServiceRefLabel] == "":
		return v1.ClusterIPService
	case gip.Annotations[v1.HeadlessServiceEndpointsIP] != "":
		return v1.HeadlessServiceEndpoints
	case gip.Annotations[v1.PodAnnotation] != "":
		return v1.HeadlessServicePod
	}

	return gip.Spec.Target
}

// isBound tells whether this controller has written down which Service the
// GlobalIngressIP is for.
func isBound(gip *v1.GlobalIngressIP) bool { return gip.Annotations[v1.ServiceUIDAnnotation] != "" }

// leadsBehind tells whether a GlobalIngressIP leads to something behind a
// headless Service rather than to the Service.
func leadsBehind(gip *v1.GlobalIngressIP) bool {
	purpose := purposeOf(gip)

	return purpose == v1.HeadlessServicePod || purpose == v1.HeadlessServiceEndpoints
}

// targetOf returns what a headless Service's GlobalIngressIP was made for. The
// annotation outlives an edit of the reference; Submariner's have only the
// latter.
func targetOf(gip *v1.GlobalIngressIP) target {
	switch purposeOf(gip) {
	case v1.HeadlessServicePod:
		t := target{pod: gip.Annotations[v1.PodAnnotation]}
		if t.pod == "" && gip.Spec.PodRef != nil {
			t.pod = gip.Spec.PodRef.Name
		}

		t.address, _ = parseAddr(gip.Annotations[v1.HeadlessServicePodIPAnnotation])

		return t
	case v1.HeadlessServiceEndpoints:
		t := target{endpoint: gip.Annotations[v1.HeadlessServiceEndpointsIP]}
		t.address, _ = parseAddr(t.endpoint)

		return t
	case v1.ClusterIPService:
	}

	return target{}
}

// targets returns what is behind a headless Service and ready to be reached, as
// far as the cache knows, by name.
func (r *reconciler) targets(ctx context.Context, service *corev1.Service) ([]target, error) {
	if len(service.Spec.Selector) == 0 {
		return r.endpointTargets(ctx, service)
	}

	var pods corev1.PodList
	if err := r.cached.List(ctx, &pods, client.InNamespace(service.Namespace),
		client.MatchingLabels(service.Spec.Selector)); err != nil {
		return nil, fmt.Errorf("list the pods of %s/%s in the cache: %w", service.Namespace, service.Name, err)
	}

	var targets []target

	for i := range pods.Items {
		pod := &pods.Items[i]

		if isDue(service, pod) {
			address, _ := ipv4(pod.Status.PodIP)
			targets = append(targets, target{pod: pod.Name, address: address})
		}
	}

	slices.SortFunc(targets, func(a, b target) int { return strings.Compare(a.pod, b.pod) })

	return targets, nil
}

// isDue tells whether a pod that a headless Service selects is to get a global IP
// if it has none.
func isDue(service *corev1.Service, pod *corev1.Pod) bool {
	_, located := ipv4(pod.Status.PodIP)

	return located && pod.DeletionTimestamp == nil && !finished(pod) &&
		(isReady(pod) || service.Spec.PublishNotReadyAddresses)
}

func (r *reconciler) endpointTargets(ctx context.Context, service *corev1.Service) ([]target, error) {
	list := &endpoints{}

	found, err := r.lookUp(ctx, types.NamespacedName{Namespace: service.Namespace, Name: service.Name}, list)
	if err != nil || !found {
		return nil, err
	}

	var targets []target

	for _, address := range addressesOf(list, service.Spec.PublishNotReadyAddresses) {
		targets = append(targets, target{endpoint: address.String(), address: address})
	}

	return targets, nil
}

// addressesOf returns the IPv4 addresses of Endpoints, each once, in order.
func addressesOf(list *endpoints, alsoNotReady bool) []netip.Addr {
	var addresses []netip.Addr

	for _, subset := range list.Subsets {
		listed := subset.Addresses
		if alsoNotReady {
			listed = slices.Concat(listed, subset.NotReadyAddresses)
		}

		for _, one := range listed {
			if address, ok := ipv4(one.IP); ok {
				addresses = append(addresses, address)
			}
		}
	}

	slices.SortFunc(addresses, netip.Addr.Compare)

	return slices.Compact(addresses)
}

// ipv4 reads an address that a global IP can lead to.
func ipv4(text string) (netip.Addr, bool) {
	address, ok := parseAddr(text)

	return address, ok && address.Is4()
}

// finished: the pod has run its course and will not serve again.
func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func selects(service *corev1.Service, pod *corev1.Pod) bool {
	return len(service.Spec.Selector) > 0 && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(pod.Labels))
}
