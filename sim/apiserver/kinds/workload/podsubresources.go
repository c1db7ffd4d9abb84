package workload

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// EphemeralContainers rules pods/ephemeralcontainers: containers may be added
// there to a pod that runs, and nothing else changed.
func EphemeralContainers() kinds.UpdateStrategy {
	return &kinds.Rules[*corev1.Pod]{
		PrepareUpdate: func(pod, old *corev1.Pod) {
			added := pod.Spec.EphemeralContainers
			meta := pod.ObjectMeta
			*pod = *old.DeepCopy()
			pod.ManagedFields, pod.ResourceVersion = meta.ManagedFields, meta.ResourceVersion
			pod.Spec.EphemeralContainers = added
			if !apiequality.Semantic.DeepEqual(pod.Spec, old.Spec) {
				pod.Generation = old.Generation + 1
			}
		},
		CheckUpdate: func(pod, old *corev1.Pod) field.ErrorList {
			path := field.NewPath("spec", "ephemeralContainers")
			names := sets.New[string]()
			for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
				for _, c := range list {
					names.Insert(c.Name)
				}
			}
			plain := make([]corev1.Container, len(pod.Spec.EphemeralContainers))
			for i := range plain {
				plain[i] = corev1.Container(pod.Spec.EphemeralContainers[i].EphemeralContainerCommon)
			}
			volumes, _ := validateVolumes(pod.Spec.Volumes, field.NewPath("spec", "volumes"))
			errs := validateContainers(plain, names, volumes, path)
			for _, before := range old.Spec.EphemeralContainers {
				i := slices.IndexFunc(pod.Spec.EphemeralContainers, func(c corev1.EphemeralContainer) bool { return c.Name == before.Name })
				switch {
				case i < 0:
					errs = append(errs, field.Forbidden(path, "existing ephemeral containers \""+before.Name+"\" may not be removed\n"))
				case !apiequality.Semantic.DeepEqual(pod.Spec.EphemeralContainers[i], before):
					errs = append(errs, field.Forbidden(path, "existing ephemeral containers \""+before.Name+"\" may not be changed\n"))
				}
			}
			return errs
		},
	}
}

// Resize rules pods/resize: the resources of containers may be changed there,
// and nothing else.
func Resize() kinds.UpdateStrategy {
	return &kinds.Rules[*corev1.Pod]{
		PrepareUpdate: func(pod, old *corev1.Pod) {
			wanted, meta := pod.Spec.Containers, pod.ObjectMeta
			*pod = *old.DeepCopy()
			pod.ManagedFields, pod.ResourceVersion = meta.ManagedFields, meta.ResourceVersion
			for i := range pod.Spec.Containers {
				for j := range wanted {
					if wanted[j].Name == pod.Spec.Containers[i].Name {
						pod.Spec.Containers[i].Resources = wanted[j].Resources
						pod.Spec.Containers[i].ResizePolicy = wanted[j].ResizePolicy
					}
				}
			}
			if !apiequality.Semantic.DeepEqual(pod.Spec, old.Spec) {
				pod.Generation = old.Generation + 1
			}
		},
		CheckUpdate: func(pod, old *corev1.Pod) field.ErrorList {
			var errs field.ErrorList
			for i := range pod.Spec.Containers {
				errs = append(errs, validateResources(&pod.Spec.Containers[i].Resources, field.NewPath("spec", "containers").Index(i).Child("resources"))...)
			}
			if now, before := qosClass(pod), qosClass(old); now != before {
				errs = append(errs, field.Invalid(field.NewPath("spec"), now, "Pod QOS Class may not change as a result of resizing"))
			}
			return errs
		},
	}
}

// validateResources: what is asked for may be no less than nothing and no more
// than the limit.
func validateResources(r *corev1.ResourceRequirements, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for name, q := range r.Limits {
		if q.Sign() < 0 {
			errs = append(errs, field.Invalid(path.Child("limits").Key(string(name)), q.String(), "must be greater than or equal to 0"))
		}
	}
	for name, q := range r.Requests {
		if q.Sign() < 0 {
			errs = append(errs, field.Invalid(path.Child("requests").Key(string(name)), q.String(), "must be greater than or equal to 0"))
		}
		if limit, ok := r.Limits[name]; ok && q.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(path.Child("requests"), q.String(), "must be less than or equal to "+string(name)+" limit of "+limit.String()))
		}
	}
	return kinds.SortedErrors(errs)
}
