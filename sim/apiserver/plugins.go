package apiserver

import (
	"fmt"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	admissionlib "k8s.io/apiserver/pkg/admission"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/admission"
)

// The admission plugins of kube-apiserver: StorageObjectInUseProtection (protection.go), and
// those that objects configure, LimitRanger, Priority and ResourceQuota. Where there are no such objects they cost a look
// at three empty lists.

var (
	podResource           = schema.GroupResource{Resource: "pods"}
	claimResource         = schema.GroupResource{Resource: "persistentvolumeclaims"}
	limitRangeResource    = schema.GroupResource{Resource: "limitranges"}
	quotaResource         = schema.GroupResource{Resource: "resourcequotas"}
	priorityClassResource = schema.GroupResource{Group: "scheduling.k8s.io", Resource: "priorityclasses"}
)

// inNamespace are the stored objects of a resource in one namespace.
func inNamespace[T runtime.Object](s *Server, gr schema.GroupResource, namespace string) []T {
	res := s.resources[gr]
	if res == nil || len(res.keys) == 0 {
		return nil
	}
	var out []T
	for _, key := range span(res.keys, namespace) {
		out = append(out, res.objects[key].value.(T))
	}
	return out
}

// mutateBuiltIn completes the pods, the volumes and their claims that are created.
func (w *write) mutateBuiltIn(a admitted, obj runtime.Object) (runtime.Object, error) {
	if a.operation == admissionlib.Create && w.endpoint.subresource == "" {
		obj = protected(obj)
	}
	if request, ok := obj.(*certificatesv1.CertificateSigningRequest); ok && a.operation == admissionlib.Create {
		return w.requestedBy(request), nil
	}
	pod, ok := obj.(*corev1.Pod)
	if !ok || a.operation != admissionlib.Create || w.trusted || w.endpoint.subresource != "" {
		return obj, nil
	}
	limits := inNamespace[*corev1.LimitRange](w.server, limitRangeResource, w.info.Namespace)
	classes := inNamespace[*schedulingv1.PriorityClass](w.server, priorityClassResource, "")
	if len(limits) == 0 && len(classes) == 0 && pod.Spec.PriorityClassName == "" {
		return obj, nil
	}
	pod = pod.DeepCopy()
	admission.DefaultResources(pod, limits)
	if err := setPriority(pod, classes); err != nil {
		return nil, w.refused(a, err)
	}
	return pod, nil
}

// requestedBy notes who asks for a certificate, whatever the request says.
func (w *write) requestedBy(r *certificatesv1.CertificateSigningRequest) runtime.Object {
	who := w.user()
	r = r.DeepCopy()
	r.Spec.Username, r.Spec.UID, r.Spec.Groups, r.Spec.Extra = who.GetName(), who.GetUID(), who.GetGroups(), nil
	return r
}

// systemClasses are the priority classes that every cluster has.
var systemClasses = map[string]int32{"system-cluster-critical": 2000000000, "system-node-critical": 2000001000}

// setPriority resolves a pod's priority class, or the default one.
func setPriority(pod *corev1.Pod, classes []*schedulingv1.PriorityClass) error {
	name, value, policy := pod.Spec.PriorityClassName, int32(0), ptr.To(corev1.PreemptLowerPriority)
	found := name == ""
	if system, ok := systemClasses[name]; ok {
		found, value = true, system
	}
	chosen := (*schedulingv1.PriorityClass)(nil)
	for _, c := range classes {
		// Of several default classes the least is taken.
		if c.Name == name || name == "" && c.GlobalDefault && (chosen == nil || c.Value < chosen.Value) {
			chosen = c
		}
	}
	if chosen != nil {
		found, name, value = true, chosen.Name, chosen.Value
		if chosen.PreemptionPolicy != nil {
			policy = chosen.PreemptionPolicy
		}
	}
	switch {
	case !found:
		return fmt.Errorf("no PriorityClass with name %v was found", name)
	case pod.Spec.Priority != nil && *pod.Spec.Priority != value:
		return fmt.Errorf("the integer value of priority (%d) must not be provided in pod spec; priority admission controller computed %d from the given PriorityClass name", *pod.Spec.Priority, value)
	case pod.Spec.PreemptionPolicy != nil && *pod.Spec.PreemptionPolicy != *policy:
		return fmt.Errorf("the string value of PreemptionPolicy (%s) must not be provided in pod spec; priority admission controller computed %s from the given PriorityClass name", *pod.Spec.PreemptionPolicy, *policy)
	}
	pod.Spec.PriorityClassName, pod.Spec.Priority, pod.Spec.PreemptionPolicy = name, &value, policy
	return nil
}

// validateBuiltIn refuses what is beyond a limit or a quota. Quotas come last:
// what they grant is taken at once, even if the write fails after all.
func (w *write) validateBuiltIn(a admitted) error {
	if w.trusted || !w.kind.Namespaced || w.endpoint.subresource != "" || a.obj == nil {
		return nil
	}
	if err := w.checkLimits(a); err != nil {
		return err
	}
	quotas := w.server.resources[quotaResource]
	if quotas == nil || len(quotas.keys) == 0 || w.res == quotas {
		return nil
	}
	return w.chargeQuotas(a, quotas)
}

func (w *write) checkLimits(a admitted) error {
	if w.res.gr != podResource && w.res.gr != claimResource {
		return nil
	}
	limits := inNamespace[*corev1.LimitRange](w.server, limitRangeResource, w.info.Namespace)
	if len(limits) == 0 {
		return nil
	}
	var err error
	switch o := a.obj.(type) {
	case *corev1.Pod:
		if a.operation == admissionlib.Create {
			err = admission.LimitPod(o, limits)
		}
	case *corev1.PersistentVolumeClaim:
		err = admission.LimitClaim(o, limits)
	}
	if err != nil {
		return w.refused(a, err)
	}
	return nil
}

func (w *write) chargeQuotas(a admitted, quotas *resource) error {
	type charge struct {
		key  string
		used corev1.ResourceList
	}
	var charges []charge
	for _, key := range span(quotas.keys, w.info.Namespace) {
		q := quotas.objects[key].value.(*corev1.ResourceQuota)
		used, err := admission.Charge(q, w.res.gr, a.obj, a.old)
		if err != nil {
			return w.refused(a, err)
		}
		if used != nil {
			charges = append(charges, charge{key, used})
		}
	}
	if w.dryRun {
		return nil
	}
	for _, c := range charges {
		existing := quotas.objects[c.key]
		next := existing.value.(*corev1.ResourceQuota).DeepCopy()
		next.Status.Used = c.used
		w.server.commit(change{res: quotas, key: c.key, requestID: w.r.ID, old: existing, value: throughProtobuf(next), fields: existing.fields})
	}
	return nil
}

// refused is the 403 of a plugin.
func (w *write) refused(a admitted, err error) error {
	return admissionlib.NewForbidden(w.attributes(a), err)
}
