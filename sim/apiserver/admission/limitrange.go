package admission

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
)

// limitRangerAnnotation says which of a pod's resources were not the user's.
const limitRangerAnnotation = "kubernetes.io/limit-ranger"

// DefaultResources gives the containers of a pod what limit ranges say where
// the pod says nothing.
func DefaultResources(pod *corev1.Pod, limits []*corev1.LimitRange) {
	for _, l := range limits {
		requests, maximum := corev1.ResourceList{}, corev1.ResourceList{}
		for i := range l.Spec.Limits {
			if item := &l.Spec.Limits[i]; item.Type == corev1.LimitTypeContainer {
				maps.Copy(requests, item.DefaultRequest)
				maps.Copy(maximum, item.Default)
			}
		}
		var set []string
		for i := range pod.Spec.Containers {
			set = append(set, defaultContainer(&pod.Spec.Containers[i], "container", requests, maximum)...)
		}
		for i := range pod.Spec.InitContainers {
			set = append(set, defaultContainer(&pod.Spec.InitContainers[i], "init container", requests, maximum)...)
		}
		if len(set) > 0 {
			if pod.Annotations == nil {
				pod.Annotations = map[string]string{}
			}
			pod.Annotations[limitRangerAnnotation] = "LimitRanger plugin set: " + strings.Join(set, "; ")
		}
	}
}

func defaultContainer(c *corev1.Container, what string, requests, limits corev1.ResourceList) (set []string) {
	merge := func(into *corev1.ResourceList, defaults corev1.ResourceList, word string) {
		var names []string
		for _, name := range sorted(defaults) {
			if _, found := (*into)[name]; found {
				continue
			}
			if *into == nil {
				*into = corev1.ResourceList{}
			}
			(*into)[name] = defaults[name].DeepCopy()
			names = append(names, string(name))
		}
		if len(names) > 0 {
			set = append(set, fmt.Sprintf("%s %s for %s %s", strings.Join(names, ", "), word, what, c.Name))
		}
	}
	merge(&c.Resources.Requests, requests, "request")
	merge(&c.Resources.Limits, limits, "limit")
	return set
}

// LimitPod tells what limit ranges forbid about a pod.
func LimitPod(pod *corev1.Pod, limits []*corev1.LimitRange) error {
	var errs []error
	for _, l := range limits {
		for i := range l.Spec.Limits {
			switch item := &l.Spec.Limits[i]; item.Type {
			case corev1.LimitTypeContainer:
				for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
					for j := range list {
						errs = append(errs, limited(item, list[j].Resources.Requests, list[j].Resources.Limits)...)
					}
				}
			case corev1.LimitTypePod:
				requests, maximum := podResources(pod)
				errs = append(errs, limited(item, requests, maximum)...)
			}
		}
	}
	return utilerrors.NewAggregate(errs)
}

// LimitClaim tells what limit ranges forbid about a claim of storage.
func LimitClaim(claim *corev1.PersistentVolumeClaim, limits []*corev1.LimitRange) error {
	var errs []error
	requests := claim.Spec.Resources.Requests
	for _, l := range limits {
		for i := range l.Spec.Limits {
			item := &l.Spec.Limits[i]
			if item.Type != corev1.LimitTypePersistentVolumeClaim {
				continue
			}
			for _, name := range sorted(item.Min) {
				errs = append(errs, atLeast(item, name, requests, nil)...)
			}
			for _, name := range sorted(item.Max) {
				enforced := item.Max[name]
				if request, ok := requests[name]; !ok {
					errs = append(errs, fmt.Errorf("maximum %s usage per %s is %s.  No request is specified", name, item.Type, enforced.String()))
				} else if request.Cmp(enforced) > 0 {
					errs = append(errs, fmt.Errorf("maximum %s usage per %s is %s, but request is %s", name, item.Type, enforced.String(), request.String()))
				}
			}
		}
	}
	return utilerrors.NewAggregate(errs)
}

func limited(item *corev1.LimitRangeItem, requests, limits corev1.ResourceList) (errs []error) {
	for _, name := range sorted(item.Min) {
		errs = append(errs, atLeast(item, name, requests, limits)...)
	}
	for _, name := range sorted(item.Max) {
		errs = append(errs, atMost(item, name, requests, limits)...)
	}
	for _, name := range sorted(item.MaxLimitRequestRatio) {
		errs = append(errs, inRatio(item, name, requests, limits)...)
	}
	return errs
}

func atLeast(item *corev1.LimitRangeItem, name corev1.ResourceName, requests, limits corev1.ResourceList) []error {
	enforced := item.Min[name]
	request, ok := requests[name]
	limit, limited := limits[name]
	text := fmt.Sprintf("minimum %s usage per %s is %s", name, item.Type, enforced.String())
	switch {
	case !ok:
		return []error{fmt.Errorf("%s.  No request is specified", text)}
	case request.Cmp(enforced) < 0:
		return []error{fmt.Errorf("%s, but request is %s", text, request.String())}
	case limited && limit.Cmp(enforced) < 0:
		return []error{fmt.Errorf("%s, but limit is %s", text, limit.String())}
	}
	return nil
}

func atMost(item *corev1.LimitRangeItem, name corev1.ResourceName, requests, limits corev1.ResourceList) []error {
	enforced := item.Max[name]
	request, requested := requests[name]
	limit, ok := limits[name]
	text := fmt.Sprintf("maximum %s usage per %s is %s", name, item.Type, enforced.String())
	switch {
	case !ok:
		return []error{fmt.Errorf("%s.  No limit is specified", text)}
	case limit.Cmp(enforced) > 0:
		return []error{fmt.Errorf("%s, but limit is %s", text, limit.String())}
	case requested && request.Cmp(enforced) > 0:
		return []error{fmt.Errorf("%s, but request is %s", text, request.String())}
	}
	return nil
}

func inRatio(item *corev1.LimitRangeItem, name corev1.ResourceName, requests, limits corev1.ResourceList) []error {
	enforced := item.MaxLimitRequestRatio[name]
	request, limit := requests[name], limits[name]
	text := fmt.Sprintf("%s max limit to request ratio per %s is %s", name, item.Type, enforced.String())
	switch {
	case request.Sign() == 0:
		return []error{fmt.Errorf("%s, but no request is specified or request is 0", text)}
	case limit.Sign() == 0:
		return []error{fmt.Errorf("%s, but no limit is specified or limit is 0", text)}
	}
	if ratio := limit.AsApproximateFloat64() / request.AsApproximateFloat64(); ratio > enforced.AsApproximateFloat64() {
		return []error{fmt.Errorf("%s, but provided ratio is %f", text, ratio)}
	}
	return nil
}

// podResources are what a pod takes: the sum of its containers, or what its
// most demanding init container takes before them; sidecars count with both.
func podResources(pod *corev1.Pod) (requests, limits corev1.ResourceList) {
	sum := func(of func(*corev1.Container) corev1.ResourceList) corev1.ResourceList {
		total := corev1.ResourceList{}
		for i := range pod.Spec.Containers {
			add(total, of(&pod.Spec.Containers[i]))
		}
		sidecars, most := corev1.ResourceList{}, corev1.ResourceList{}
		for i := range pod.Spec.InitContainers {
			c := &pod.Spec.InitContainers[i]
			if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
				add(total, of(c))
				add(sidecars, of(c))
				raise(most, sidecars)
				continue
			}
			now := sidecars.DeepCopy()
			add(now, of(c))
			raise(most, now)
		}
		raise(total, most)
		add(total, pod.Spec.Overhead)
		return total
	}
	return sum(func(c *corev1.Container) corev1.ResourceList { return c.Resources.Requests }),
		sum(func(c *corev1.Container) corev1.ResourceList { return c.Resources.Limits })
}

func add(into, list corev1.ResourceList) {
	for name, q := range list {
		have := into[name]
		have.Add(q)
		into[name] = have
	}
}

func raise(into, list corev1.ResourceList) {
	for name, q := range list {
		if have, ok := into[name]; !ok || have.Cmp(q) < 0 {
			into[name] = q.DeepCopy()
		}
	}
}

func sorted(list map[corev1.ResourceName]resource.Quantity) []corev1.ResourceName {
	return slices.SortedFunc(maps.Keys(list), cmp.Compare[corev1.ResourceName])
}
