package model

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// What tellers do, in the words of the stories: what users do to Services and exports,
// and what a controller makes of it.

func (t teller) createService(key string) {
	namespace, name := split(key)
	t.create(services, key, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.96.0.1", Selector: map[string]string{"app": name},
			Ports: []corev1.ServicePort{{Name: "http", Protocol: corev1.ProtocolTCP, Port: 80}},
		},
	})
}

// exportHeadless creates and exports a service without a cluster IP.
func (t teller) exportHeadless(key string, selector map[string]string) {
	namespace, name := split(key)
	t.create(services, key, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: corev1.ClusterIPNone, Selector: selector},
	})
	t.export(key)
}

func (t teller) export(key string) {
	t.create(exports, key, custom(exports, key, nil))
}

func custom(r resource, key string, spec map[string]any) *unstructured.Unstructured {
	namespace, name := split(key)
	u := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": r.group + "/" + r.version, "kind": r.kind,
		"metadata": map[string]any{"namespace": namespace, "name": name, "generation": int64(1)},
	}}
	if spec != nil {
		u.Object["spec"] = spec
	}
	return u
}

// remove deletes an object at once, or marks it when it has finalizers.
func (t teller) remove(r resource, key string) *Call {
	return t.do(call{verb: "delete", resource: r, key: key}, func(old runtime.Object) runtime.Object {
		if len(Metadata(old).GetFinalizers()) == 0 {
			return nil
		}
		now := metav1.NewTime(time.Unix(946684800, 0).Add(t.now))
		Metadata(old).SetDeletionTimestamp(&now)
		return old
	})
}

func (t teller) deleteService(key string) { t.remove(services, key) }
func (t teller) unexport(key string)      { t.remove(exports, key) }

func (t teller) editService(key string, edit func(*corev1.Service)) {
	t.do(call{verb: "update", resource: services, key: key}, func(old runtime.Object) runtime.Object {
		edit(old.(*corev1.Service))
		return old
	})
}

func (t teller) createPod(key, app string) {
	namespace, name := split(key)
	t.create(pods, key, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": app}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: "10.244.0.9",
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	})
}

func (t teller) setEndpoints(key string, addresses ...string) {
	namespace, name := split(key)
	//lint:ignore SA1019 Submariner works on Endpoints, not on slices
	object := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	for _, address := range addresses {
		//lint:ignore SA1019 as above
		object.Subsets = append(object.Subsets, corev1.EndpointSubset{Addresses: []corev1.EndpointAddress{{IP: address}}})
	}
	t.create(endpoints, key, object)
}

// What controllers do.

const testFinalizer = "submariner.io/globalnet"

func (t teller) createIngressIP(key string, finalizers ...string) {
	_, name := split(key)
	u := custom(gips, key, map[string]any{"target": targetClusterIP, "serviceRef": map[string]any{"name": name}})
	u.SetFinalizers(finalizers)
	t.create(gips, key, u)
}

// createHeadless makes the GlobalIngressIP of a pod or, without one, of an endpoint.
func (t teller) createHeadless(key, service, pod, address string) {
	spec := map[string]any{"target": targetEndpoints, "serviceRef": map[string]any{"name": service}}
	if pod != "" {
		spec["target"], spec["podRef"] = targetPod, map[string]any{"name": pod}
	}
	u := custom(gips, key, spec)
	u.SetAnnotations(map[string]string{endpointsIPNote: address})
	t.create(gips, key, u)
}

func (t teller) claim(ip, key string) {
	namespace, name := split(key)
	t.create(claims, ip, &networkingv1.IPAddress{
		ObjectMeta: metav1.ObjectMeta{Name: ip, Labels: map[string]string{managedByLabel: managedByIngressIP}},
		Spec: networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{
			Group: ingressIPGroup, Resource: ingressIPResource, Namespace: namespace, Name: name,
		}},
	})
}

func (t teller) unclaim(ip string) { t.remove(claims, ip) }

func internalName(key string) string { return key + "-internal" }

func (t teller) route(key, ip string) {
	namespace, name := split(key)
	spec := corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ExternalIPs: []string{ip}, ClusterIP: "10.96.0.2"}
	if exported, ok := t.stored["services "+key].(*corev1.Service); ok {
		spec.Ports, spec.Selector = exported.Spec.Ports, exported.Spec.Selector
	}
	_, internal := split(internalName(key))
	t.create(services, internalName(key), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: internal, Labels: map[string]string{exportedRefLabel: name},
			Finalizers: []string{"submariner.io/globalnet-internal-service"},
		},
		Spec: spec,
	})
}

// unroute strips the finalizer and deletes the internal Service.
func (t teller) unroute(key string) {
	t.editService(internalName(key), func(s *corev1.Service) { s.Finalizers = nil })
	t.remove(services, internalName(key))
}

func (t teller) status(key, ip string) *Call { return t.report(key, ip, "True", "Success") }

func (t teller) report(key, ip, status, reason string) *Call {
	return t.do(call{verb: "update", resource: gips, key: key, subresource: "status"}, func(old runtime.Object) runtime.Object {
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

func (t teller) deleteIngressIP(key string) { t.remove(gips, key) }

// finalize removes the finalizers of a GlobalIngressIP, and with the last the object.
func (t teller) finalize(key string) {
	t.do(call{verb: "update", resource: gips, key: key}, func(old runtime.Object) runtime.Object {
		Metadata(old).SetFinalizers(nil)
		return old
	})
}

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
	t.finalize(key)
}

// exported tells of a service that people created and exported.
func exported(keys ...string) *story {
	s := newStory()
	for _, key := range keys {
		s.user().createService(key)
		s.user().export(key)
	}
	return s
}
