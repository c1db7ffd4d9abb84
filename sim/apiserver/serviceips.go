package apiserver

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var ipAddressResource = schema.GroupResource{Group: "networking.k8s.io", Resource: "ipaddresses"}

// allocatorName is who manages the addresses of Services.
const allocatorName = "ipallocator.k8s.io"

// clusterIPs are the addresses that a Service holds.
func clusterIPs(value runtime.Object) []string {
	svc, ok := value.(*corev1.Service)
	if !ok || svc.Spec.Type == corev1.ServiceTypeExternalName || svc.Spec.ClusterIP == corev1.ClusterIPNone {
		return nil
	}
	return svc.Spec.ClusterIPs
}

// recordAddresses creates the IPAddress objects of a Service that is about to
// be committed, as the real allocator does: they come first. One that is there
// already is left alone.
func (w *write) recordAddresses(value runtime.Object, old *object) {
	if w.kind.Resource != serviceResource || !w.server.config.ServiceIPAddresses {
		return
	}
	res := w.server.resources[ipAddressResource]
	if res == nil {
		return
	}
	var held []string
	if old != nil {
		held = clusterIPs(old.value)
	}
	svc := metaOf(value)
	for _, ip := range clusterIPs(value) {
		addr, err := netip.ParseAddr(ip)
		if err != nil || slices.Contains(held, ip) || res.objects[ip] != nil {
			continue
		}
		family := corev1.IPv4Protocol
		if addr.Is6() {
			family = corev1.IPv6Protocol
		}
		a := w.server.internalWrite(res, "", ip)
		a.manager = "kube-apiserver"
		obj := a.recordFields(nil, &networkingv1.IPAddress{
			ObjectMeta: metav1.ObjectMeta{Name: ip, Labels: map[string]string{
				networkingv1.LabelIPAddressFamily: string(family),
				networkingv1.LabelManagedBy:       allocatorName,
			}},
			Spec: networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{
				Resource: "services", Namespace: svc.GetNamespace(), Name: svc.GetName(),
			}},
		})
		// It cannot fail: name, labels and parent are valid by construction.
		_, _ = a.create(obj)
	}
}

// serviceAddresses gives back the IPAddress objects of Services that are gone
// or no longer hold them.
type serviceAddresses struct{ server *Server }

func (s serviceAddresses) observe(res *resource, e *event) {
	if res.gr != serviceResource || e.old == nil {
		return
	}
	var held []string
	if !e.deleted {
		held = clusterIPs(e.current.value)
	}
	addresses := s.server.resources[ipAddressResource]
	for _, ip := range clusterIPs(e.old.value) {
		o := addresses.objects[ip]
		if slices.Contains(held, ip) || o == nil || !ofService(o, e.current.meta) {
			continue
		}
		s.server.deleteInternally(addresses, "", ip, &metav1.DeleteOptions{}, nil)
	}
}

func ofService(o *object, svc metav1.Object) bool {
	parent := o.value.(*networkingv1.IPAddress).Spec.ParentRef
	return o.meta.GetLabels()[networkingv1.LabelManagedBy] == allocatorName && parent != nil &&
		parent.Resource == "services" && parent.Namespace == svc.GetNamespace() && parent.Name == svc.GetName()
}
