package globalnet

import (
	"slices"
	"strings"

	"github.com/seatrial/seatrial/model"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// The names that Submariner's objects bear. The judge has them from the
// objects' documentation, not from the controller it judges.
const (
	ingressIPGroup     = "submariner.io"
	ingressIPResource  = "globalingressips"
	exportGroup        = "multicluster.x-k8s.io"
	exportResource     = "serviceexports"
	claimGroup         = "networking.k8s.io"
	claimResource      = "ipaddresses"
	serviceResource    = "services"
	namespaceResource  = "namespaces"
	exportedRefLabel   = "submariner.io/exportedServiceRef"
	serviceRefLabel    = "submariner.io/serviceRef"
	managedByLabel     = "ipaddress.kubernetes.io/managed-by"
	managedByIngressIP = "globalingressip.submariner.io"
	finalizerDomain    = "submariner.io/"

	podResource       = "pods"
	endpointsResource = "endpoints"
	endpointsIPNote   = "submariner.io/headless-svc-endpoints-ip"
	podIPNote         = "submariner.io/headless-svc-pod-ip"
	podNote           = "globalingressip.submariner.io/pod"
	addressNote       = "globalingressip.submariner.io/address"
	serviceUIDNote    = "globalingressip.submariner.io/service-uid"

	targetClusterIP = "ClusterIPService"
	targetPod       = "HeadlessServicePod"
	targetEndpoints = "HeadlessServiceEndpoints"

	conditionAllocated   = "Allocated"
	reasonPoolAllocation = "IPPoolAllocationFailed"
)

// owner is who holds an IP: "namespace/name" of the GlobalIngressIP, which for
// a ClusterIP service is also that of the service. A foreign IPAddress claim
// has an owner of the form "resource:namespace/name".
type owner string

func ownerOf(namespace, name string) owner { return owner(namespace + "/" + name) }

// ingressIP is what the judge needs of a GlobalIngressIP.
type ingressIP struct {
	metav1.Object
	target     string
	serviceRef string // name of the service; the GIP's own name by default
	podRef     string // name of the pod, for a headless target
	ip         string
	conditions []condition
}

type condition struct {
	kind, status, reason string
	observedGeneration   int64
}

// ingressIPOf reads a stored GlobalIngressIP; nil for nil.
func ingressIPOf(object runtime.Object) *ingressIP {
	u, ok := object.(*unstructured.Unstructured)
	if !ok || u == nil {
		return nil
	}
	gip := &ingressIP{Object: u}
	gip.target, _, _ = unstructured.NestedString(u.Object, "spec", "target")
	gip.serviceRef, _, _ = unstructured.NestedString(u.Object, "spec", "serviceRef", "name")
	gip.podRef, _, _ = unstructured.NestedString(u.Object, "spec", "podRef", "name")
	if gip.serviceRef == "" {
		gip.serviceRef = u.GetLabels()[serviceRefLabel]
	}
	if gip.serviceRef == "" {
		gip.serviceRef = u.GetName()
	}
	status, _ := u.Object["status"].(map[string]any)
	gip.ip, _ = status["allocatedIP"].(string)
	list, _ := status["conditions"].([]any)
	for _, item := range list {
		fields, _ := item.(map[string]any)
		var c condition
		c.kind, _ = fields["type"].(string)
		c.status, _ = fields["status"].(string)
		c.reason, _ = fields["reason"].(string)
		c.observedGeneration = model.WholeNumber(fields["observedGeneration"])
		gip.conditions = append(gip.conditions, c)
	}
	return gip
}

// condition returns the first condition of a type.
func (g *ingressIP) condition(kind string) (condition, bool) {
	for _, c := range g.conditions {
		if c.kind == kind {
			return c, true
		}
	}
	return condition{}, false
}

func (g *ingressIP) owner() owner { return ownerOf(g.GetNamespace(), g.GetName()) }

// address is the endpoint's, for a headless target without pods.
func (g *ingressIP) address() string { return g.GetAnnotations()[endpointsIPNote] }

// made tells whether our controller looks after it: it writes down for which Service.
func (g *ingressIP) made() bool { return g.GetAnnotations()[serviceUIDNote] != "" }

// madeFor tells whether it was made for the service: a controller may write
// down the UID of the Service that it meant, which may have gone meanwhile.
func (g *ingressIP) madeFor(service *corev1.Service) bool {
	uid := g.GetAnnotations()[serviceUIDNote]
	return uid == "" || service == nil || uid == string(service.UID)
}

// service is the owner under whose name service and export are to be found.
func (g *ingressIP) service() owner { return ownerOf(g.GetNamespace(), g.serviceRef) }

func serviceOf(object runtime.Object) *corev1.Service {
	service, _ := object.(*corev1.Service)
	return service
}

// internalOwner tells whether a Service is one that carries global IPs, and
// for whom.
func internalOwner(service *corev1.Service) (owner, bool) {
	ref, internal := service.Labels[exportedRefLabel]
	return ownerOf(service.Namespace, ref), internal
}

// exportable tells whether the life cycle of a ClusterIP service applies:
// type ClusterIP, with a cluster IP, not being deleted.
func exportable(service *corev1.Service) bool {
	return service.DeletionTimestamp == nil && service.Spec.ClusterIP != corev1.ClusterIPNone &&
		(service.Spec.Type == "" || service.Spec.Type == corev1.ServiceTypeClusterIP)
}

// headless tells whether global IPs lead to what is behind the service.
func headless(service *corev1.Service) bool { return service.Spec.ClusterIP == corev1.ClusterIPNone }

// finished: the pod has run its course and will not serve again.
func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// addressesOf lists the addresses of an Endpoints object, those that are ready
// and those that are not.
func addressesOf(object runtime.Object) (ready, notReady []string) {
	//lint:ignore SA1019 Submariner works on Endpoints, not on slices
	endpoints, ok := object.(*corev1.Endpoints)
	if !ok || endpoints == nil {
		return nil, nil
	}
	for _, subset := range endpoints.Subsets {
		for _, address := range subset.Addresses {
			ready = append(ready, address.IP)
		}
		for _, address := range subset.NotReadyAddresses {
			notReady = append(notReady, address.IP)
		}
	}
	return ready, notReady
}

// claim is what the judge needs of an IPAddress.
type claim struct {
	metav1.Object
	owner  owner
	ours   bool // its label says that a GlobalIngressIP controller manages it
	parent bool // its parent is a GlobalIngressIP
}

func claimOf(object runtime.Object) *claim {
	address, ok := object.(*networkingv1.IPAddress)
	if !ok || address == nil {
		return nil
	}
	c := &claim{Object: address, ours: address.Labels[managedByLabel] == managedByIngressIP}
	c.owner, c.parent = claimOwner(address.Spec.ParentRef)
	return c
}

func claimOwner(parent *networkingv1.ParentReference) (who owner, ingressIP bool) {
	if parent == nil {
		return "nobody:", false
	}
	who = ownerOf(parent.Namespace, parent.Name)
	if parent.Group == ingressIPGroup && parent.Resource == ingressIPResource {
		return who, true
	}
	return owner(parent.Resource) + ":" + who, false
}

// ourFinalizers lists the finalizers that a global IP controller has put on an object.
func ourFinalizers(object metav1.Object) []string {
	var ours []string
	for _, finalizer := range object.GetFinalizers() {
		if strings.HasPrefix(finalizer, finalizerDomain) || strings.Contains(finalizer, "."+finalizerDomain) {
			ours = append(ours, finalizer)
		}
	}
	slices.Sort(ours)
	return ours
}
