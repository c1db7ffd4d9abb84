package admission

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
)

// Usage is what an object takes of quotas, by the names of the resources that
// quotas limit; nil: nothing. The object may not be changed.
func Usage(gr schema.GroupResource, obj runtime.Object) corev1.ResourceList {
	if obj == nil {
		return nil
	}
	used := corev1.ResourceList{corev1.ResourceName("count/" + gr.String()): one()}
	switch o := obj.(type) {
	case *corev1.Pod:
		return podUsage(o, used)
	case *corev1.Service:
		used[corev1.ResourceServices] = one()
		serviceUsage(o, used)
	case *corev1.PersistentVolumeClaim:
		used[corev1.ResourcePersistentVolumeClaims] = one()
		claimUsage(o, used)
	case *corev1.ConfigMap:
		used[corev1.ResourceConfigMaps] = one()
	case *corev1.Secret:
		used[corev1.ResourceSecrets] = one()
	case *corev1.ResourceQuota:
		used[corev1.ResourceQuotas] = one()
	case *corev1.ReplicationController:
		used[corev1.ResourceReplicationControllers] = one()
	}
	return used
}

func one() resource.Quantity { return *resource.NewQuantity(1, resource.DecimalSI) }

// podUsage: a pod that has ended counts as an object and takes nothing else.
func podUsage(pod *corev1.Pod, used corev1.ResourceList) corev1.ResourceList {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return used
	}
	used[corev1.ResourcePods] = one()
	requests, limits := podResources(pod)
	for name, q := range requests {
		used["requests."+name] = q
		switch name {
		case corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage:
			used[name] = q
		}
	}
	for name, q := range limits {
		used["limits."+name] = q
	}
	return used
}

func serviceUsage(s *corev1.Service, used corev1.ResourceList) {
	ports := int64(len(s.Spec.Ports))
	switch s.Spec.Type {
	case corev1.ServiceTypeNodePort:
		used[corev1.ResourceServicesNodePorts] = *resource.NewQuantity(ports, resource.DecimalSI)
	case corev1.ServiceTypeLoadBalancer:
		used[corev1.ResourceServicesLoadBalancers] = one()
		if !ptr.Deref(s.Spec.AllocateLoadBalancerNodePorts, true) {
			ports = 0
			for _, p := range s.Spec.Ports {
				if p.NodePort != 0 {
					ports++
				}
			}
		}
		used[corev1.ResourceServicesNodePorts] = *resource.NewQuantity(ports, resource.DecimalSI)
	}
}

func claimUsage(c *corev1.PersistentVolumeClaim, used corev1.ResourceList) {
	storage, ok := c.Spec.Resources.Requests[corev1.ResourceStorage]
	if ok {
		used[corev1.ResourceRequestsStorage] = storage
	}
	if class := ptr.Deref(c.Spec.StorageClassName, c.Annotations[corev1.BetaStorageClassAnnotation]); class != "" {
		prefix := corev1.ResourceName(class + ".storageclass.storage.k8s.io/")
		used[prefix+corev1.ResourcePersistentVolumeClaims] = one()
		if ok {
			used[prefix+corev1.ResourceRequestsStorage] = storage
		}
	}
}

// Covers tells whether a quota is about an object, by its scopes.
func Covers(q *corev1.ResourceQuota, obj runtime.Object) bool {
	var all []corev1.ScopedResourceSelectorRequirement
	for _, scope := range q.Spec.Scopes {
		all = append(all, corev1.ScopedResourceSelectorRequirement{ScopeName: scope, Operator: corev1.ScopeSelectorOpExists})
	}
	if q.Spec.ScopeSelector != nil {
		all = append(all, q.Spec.ScopeSelector.MatchExpressions...)
	}
	if len(all) == 0 {
		return true
	}
	pod, ok := obj.(*corev1.Pod)
	return ok && !slices.ContainsFunc(all, func(s corev1.ScopedResourceSelectorRequirement) bool { return !inScope(pod, s) })
}

func inScope(pod *corev1.Pod, s corev1.ScopedResourceSelectorRequirement) bool {
	ends := pod.Spec.ActiveDeadlineSeconds != nil && *pod.Spec.ActiveDeadlineSeconds >= 0
	switch s.ScopeName {
	case corev1.ResourceQuotaScopeTerminating:
		return ends
	case corev1.ResourceQuotaScopeNotTerminating:
		return !ends
	case corev1.ResourceQuotaScopeBestEffort:
		return bestEffort(pod)
	case corev1.ResourceQuotaScopeNotBestEffort:
		return !bestEffort(pod)
	case corev1.ResourceQuotaScopePriorityClass:
		class := pod.Spec.PriorityClassName
		switch s.Operator {
		case corev1.ScopeSelectorOpExists:
			return class != ""
		case corev1.ScopeSelectorOpDoesNotExist:
			return class == ""
		case corev1.ScopeSelectorOpIn:
			return slices.Contains(s.Values, class)
		case corev1.ScopeSelectorOpNotIn:
			return !slices.Contains(s.Values, class)
		}
	}
	return false
}

func bestEffort(pod *corev1.Pod) bool {
	for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range list {
			if len(list[i].Resources.Requests)+len(list[i].Resources.Limits) > 0 {
				return false
			}
		}
	}
	return true
}

// Charge takes what a write adds to an object's usage from a quota. It returns
// the quota's new usage, nil if the quota is not concerned; the error says what
// is exceeded or not known yet.
func Charge(q *corev1.ResourceQuota, gr schema.GroupResource, obj, old runtime.Object) (corev1.ResourceList, error) {
	if !Covers(q, obj) {
		return nil, nil
	}
	requested := delta(Usage(gr, obj), Usage(gr, old), q.Spec.Hard)
	pod, _ := obj.(*corev1.Pod)
	if pod != nil && old == nil {
		if missing := unspecified(pod, q.Spec.Hard); missing != "" {
			return nil, fmt.Errorf("failed quota: %s: must specify %s", q.Name, missing)
		}
	}
	if len(requested) == 0 {
		return nil, nil
	}
	var unknown []string
	for _, name := range sorted(requested) {
		if _, ok := q.Status.Hard[name]; !ok {
			unknown = append(unknown, string(name))
		} else if _, ok := q.Status.Used[name]; !ok {
			unknown = append(unknown, string(name))
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("status unknown for quota: %s, resources: %s", q.Name, strings.Join(unknown, ","))
	}
	used := q.Status.Used.DeepCopy()
	over := corev1.ResourceList{}
	for name, more := range requested {
		total := used[name].DeepCopy()
		total.Add(more)
		if more.Sign() > 0 && total.Cmp(q.Status.Hard[name]) > 0 {
			over[name] = more
		}
		used[name] = total
	}
	if len(over) > 0 {
		return nil, fmt.Errorf("exceeded quota: %s, requested: %s, used: %s, limited: %s", q.Name, pretty(over, over), pretty(over, q.Status.Used), pretty(over, q.Status.Hard))
	}
	return used, nil
}

// delta is what changes of the resources that are limited.
func delta(now, before, hard corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{}
	for name := range hard {
		q, was := now[name].DeepCopy(), before[name]
		if q.Sub(was); q.Sign() != 0 {
			out[name] = q
		}
	}
	return out
}

// unspecified lists the containers that say nothing of a resource that the
// quota limits.
func unspecified(pod *corev1.Pod, hard corev1.ResourceList) string {
	var parts []string
	for _, name := range sorted(hard) {
		resourceName, limits := strings.CutPrefix(string(name), "limits.")
		if !limits {
			resourceName = strings.TrimPrefix(string(name), "requests.")
		}
		switch corev1.ResourceName(resourceName) {
		case corev1.ResourceCPU, corev1.ResourceMemory:
		default:
			continue
		}
		var containers []string
		for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
			for i := range list {
				have := list[i].Resources.Requests
				if limits {
					have = list[i].Resources.Limits
				}
				if _, ok := have[corev1.ResourceName(resourceName)]; !ok {
					containers = append(containers, list[i].Name)
				}
			}
		}
		if len(containers) > 0 {
			slices.Sort(containers)
			parts = append(parts, fmt.Sprintf("%s for: %s", name, strings.Join(containers, ",")))
		}
	}
	return strings.Join(parts, "; ")
}

func pretty(names, list corev1.ResourceList) string {
	var parts []string
	for _, name := range sorted(names) {
		q := list[name]
		parts = append(parts, string(name)+"="+q.String())
	}
	return strings.Join(parts, ",")
}
