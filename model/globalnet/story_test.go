package globalnet

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// A story of global IPs. Its tellers know, besides what all know, what users
// do to exports and what a controller makes of it.
type story struct{ *modeltest.Story }

type teller struct{ modeltest.Teller }

func newStory() *story { return &story{modeltest.New()} }

func (s *story) user() teller               { return teller{s.User()} }
func (s *story) controller() teller         { return teller{s.Controller()} }
func (s *story) process(name string) teller { return teller{s.Process(name)} }

func (t teller) lost() teller    { return teller{t.Lost()} }
func (t teller) dropped() teller { return teller{t.Dropped()} }
func (t teller) refused() teller { return teller{t.Refused()} }

var (
	gips     = modeltest.Resource{Group: ingressIPGroup, Version: "v1", Name: ingressIPResource, Kind: "GlobalIngressIP"}
	exports  = modeltest.Resource{Group: exportGroup, Version: "v1alpha1", Name: exportResource, Kind: "ServiceExport"}
	claims   = modeltest.Resource{Group: claimGroup, Version: "v1", Name: claimResource, Kind: "IPAddress"}
	services = modeltest.Services

	pods      = modeltest.Pods
	endpoints = modeltest.Endpoints
)

// exportHeadless creates and exports a service without a cluster IP.
func (t teller) exportHeadless(key string, selector map[string]string) {
	namespace, name := modeltest.Split(key)
	t.Create(services, key, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: corev1.ClusterIPNone, Selector: selector},
	})
	t.export(key)
}

func (t teller) export(key string) {
	t.Create(exports, key, modeltest.Custom(exports, key, nil))
}

func (t teller) unexport(key string) { t.Remove(exports, key) }

// What controllers do.

const testFinalizer = "submariner.io/globalnet"

func (t teller) createIngressIP(key string, finalizers ...string) {
	_, name := modeltest.Split(key)
	u := modeltest.Custom(gips, key, map[string]any{"target": targetClusterIP, "serviceRef": map[string]any{"name": name}})
	u.SetFinalizers(finalizers)
	t.Create(gips, key, u)
}

// createHeadless makes the GlobalIngressIP of a pod or, without one, of an endpoint.
func (t teller) createHeadless(key, service, pod, address string) {
	spec := map[string]any{"target": targetEndpoints, "serviceRef": map[string]any{"name": service}}
	if pod != "" {
		spec["target"], spec["podRef"] = targetPod, map[string]any{"name": pod}
	}
	u := modeltest.Custom(gips, key, spec)
	u.SetAnnotations(map[string]string{endpointsIPNote: address})
	t.Create(gips, key, u)
}

func (t teller) claim(ip, key string) {
	namespace, name := modeltest.Split(key)
	t.Create(claims, ip, &networkingv1.IPAddress{
		ObjectMeta: metav1.ObjectMeta{Name: ip, Labels: map[string]string{managedByLabel: managedByIngressIP}},
		Spec: networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{
			Group: ingressIPGroup, Resource: ingressIPResource, Namespace: namespace, Name: name,
		}},
	})
}

func (t teller) unclaim(ip string) { t.Remove(claims, ip) }

func internalName(key string) string { return key + "-internal" }

func (t teller) route(key, ip string) {
	namespace, name := modeltest.Split(key)
	spec := corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ExternalIPs: []string{ip}, ClusterIP: "10.96.0.2"}
	if exported, ok := t.Stored["services "+key].(*corev1.Service); ok {
		spec.Ports, spec.Selector = exported.Spec.Ports, exported.Spec.Selector
	}
	_, internal := modeltest.Split(internalName(key))
	t.Create(services, internalName(key), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: internal, Labels: map[string]string{exportedRefLabel: name},
			Finalizers: []string{"submariner.io/globalnet-internal-service"},
		},
		Spec: spec,
	})
}

// unroute strips the finalizer and deletes the internal Service.
func (t teller) unroute(key string) {
	t.EditService(internalName(key), func(s *corev1.Service) { s.Finalizers = nil })
	t.Remove(services, internalName(key))
}

func (t teller) status(key, ip string) *model.Call { return t.report(key, ip, "True", "Success") }

func (t teller) report(key, ip, status, reason string) *model.Call {
	return t.Do(modeltest.Write{Verb: "update", Resource: gips, Key: key, Subresource: "status"}, func(old runtime.Object) runtime.Object {
		u := old.(*unstructured.Unstructured)
		body := map[string]any{"conditions": []any{map[string]any{
			"type": conditionAllocated, "status": status, "reason": reason, "observedGeneration": u.GetGeneration(),
		}}}
		if ip != "" {
			body["allocatedIP"] = ip
		}
		u.Object["status"] = body
		return u
	})
}

func (t teller) deleteIngressIP(key string) { t.Remove(gips, key) }

// serve takes a service from export to published IP, as it should be done.
func (t teller) serve(key, ip string) {
	t.createIngressIP(key, testFinalizer)
	t.claim(ip, key)
	t.route(key, ip)
	t.status(key, ip)
}

// retire gives everything back, in the right order.
func (t teller) retire(key, ip string) {
	t.deleteIngressIP(key)
	t.status(key, "")
	t.unroute(key)
	t.unclaim(ip)
	t.Finalize(gips, key)
}

// exported tells of a service that people created and exported.
func exported(keys ...string) *story {
	s := newStory()
	for _, key := range keys {
		s.user().CreateService(key)
		s.user().export(key)
	}
	return s
}

func ownedBy(key string) []metav1.OwnerReference {
	_, name := modeltest.Split(key)
	return []metav1.OwnerReference{{APIVersion: "v1", Kind: "Service", Name: name, UID: "uid-1"}}
}

// createOurs makes a GlobalIngressIP as our controller does, bound to its Service.
func (t teller) createOurs(key string) {
	_, name := modeltest.Split(key)
	u := modeltest.Custom(gips, key, map[string]any{"target": targetClusterIP, "serviceRef": map[string]any{"name": name}})
	u.SetFinalizers([]string{testFinalizer})
	u.SetAnnotations(map[string]string{serviceUIDNote: string(model.Metadata(t.Stored["services "+key]).GetUID())})
	t.Create(gips, key, u)
}

func (t teller) createOursBehind(key, service, pod string) {
	namespace, _ := modeltest.Split(key)
	u := modeltest.Custom(gips, key, map[string]any{
		"target": targetPod, "serviceRef": map[string]any{"name": service}, "podRef": map[string]any{"name": pod},
	})
	u.SetFinalizers([]string{testFinalizer})
	u.SetAnnotations(map[string]string{serviceUIDNote: string(model.Metadata(t.Stored["services "+namespace+"/"+service]).GetUID())})
	t.Create(gips, key, u)
}

func (t teller) serveOurs(key, ip string) {
	t.createOurs(key)
	t.claim(ip, key)
	t.route(key, ip)
	t.status(key, ip)
}

func (t teller) editPod(key string, edit func(*corev1.Pod)) {
	t.Do(modeltest.Write{Verb: "update", Resource: pods, Key: key}, func(old runtime.Object) runtime.Object {
		edit(old.(*corev1.Pod))
		return old
	})
}
