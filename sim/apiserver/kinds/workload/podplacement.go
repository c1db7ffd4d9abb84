package workload

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Where a Pod runs and what it mounts: the rules for its volumes' names, mounts,
// tolerations and gates.

// validateVolumes returns the names of the volumes that are in order, too.
func validateVolumes(volumes []corev1.Volume, path *field.Path) (sets.Set[string], field.ErrorList) {
	names := sets.New[string]()
	var errs field.ErrorList
	for i := range volumes {
		v, path := &volumes[i], path.Index(i)
		wrong := validateVolumeSource(v, path)
		if v.Name == "" {
			wrong = append(wrong, field.Required(path.Child("name"), ""))
		} else {
			wrong = append(wrong, kinds.Invalids(path.Child("name"), v.Name, utilvalidation.IsDNS1123Label(v.Name))...)
		}
		if names.Has(v.Name) {
			wrong = append(wrong, field.Duplicate(path.Child("name"), v.Name))
		}
		if len(wrong) == 0 {
			names.Insert(v.Name)
		}
		errs = append(errs, wrong...)
	}
	return names, errs
}

// validateVolumeSource checks that sources which name another object do so.
func validateVolumeSource(v *corev1.Volume, path *field.Path) field.ErrorList {
	required := func(child *field.Path, name string) field.ErrorList {
		if name == "" {
			return field.ErrorList{field.Required(child, "")}
		}
		return nil
	}
	switch {
	case v.ConfigMap != nil:
		return required(path.Child("configMap", "name"), v.ConfigMap.Name)
	case v.Secret != nil:
		return required(path.Child("secret", "secretName"), v.Secret.SecretName)
	case v.PersistentVolumeClaim != nil:
		return required(path.Child("persistentVolumeClaim", "claimName"), v.PersistentVolumeClaim.ClaimName)
	case v.HostPath != nil:
		return required(path.Child("hostPath", "path"), v.HostPath.Path)
	}
	return nil
}

func validateMounts(mounts []corev1.VolumeMount, volumes sets.Set[string], path *field.Path) field.ErrorList {
	var errs field.ErrorList
	points := sets.New[string]()
	for i := range mounts {
		m, path := &mounts[i], path.Index(i)
		if m.Name == "" {
			errs = append(errs, field.Required(path.Child("name"), ""))
		}
		if !volumes.Has(m.Name) {
			errs = append(errs, field.NotFound(path.Child("name"), m.Name))
		}
		if m.MountPath == "" {
			errs = append(errs, field.Required(path.Child("mountPath"), ""))
		}
		if points.Has(m.MountPath) {
			errs = append(errs, field.Invalid(path.Child("mountPath"), m.MountPath, "must be unique"))
		}
		points.Insert(m.MountPath)
	}
	return errs
}

var taintEffects = []corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute}

func validateTolerations(tolerations []corev1.Toleration, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range tolerations {
		t, path := &tolerations[i], path.Index(i)
		operator := path.Child("operator")
		if t.Key != "" {
			errs = append(errs, metav1validation.ValidateLabelName(t.Key, path.Child("key"))...)
		} else if t.Operator != corev1.TolerationOpExists {
			errs = append(errs, field.Invalid(operator, t.Operator, "operator must be Exists when `key` is empty, which means \"match all values and all keys\""))
		}
		if t.TolerationSeconds != nil && t.Effect != corev1.TaintEffectNoExecute {
			errs = append(errs, field.Invalid(path.Child("effect"), t.Effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
		}
		switch t.Operator {
		case corev1.TolerationOpEqual, "":
			if wrong := utilvalidation.IsValidLabelValue(t.Value); len(wrong) > 0 {
				errs = append(errs, field.Invalid(operator, t.Value, strings.Join(wrong, ";")))
			}
		case corev1.TolerationOpExists:
			if t.Value != "" {
				errs = append(errs, field.Invalid(operator, t.Value, "value must be empty when `operator` is 'Exists'"))
			}
		default:
			errs = append(errs, field.NotSupported(operator, t.Operator, []corev1.TolerationOperator{corev1.TolerationOpEqual, corev1.TolerationOpExists}))
		}
		if t.Effect != "" {
			if !slices.Contains(taintEffects, t.Effect) {
				errs = append(errs, field.NotSupported(path.Child("effect"), t.Effect, taintEffects))
			}
		}
	}
	return errs
}

func validateGates(gates []corev1.PodSchedulingGate, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := sets.New[string]()
	for i, gate := range gates {
		path := path.Index(i)
		errs = append(errs, kinds.Invalids(path, gate.Name, utilvalidation.IsQualifiedName(gate.Name))...)
		if names.Has(gate.Name) {
			errs = append(errs, field.Duplicate(path, gate.Name))
		}
		names.Insert(gate.Name)
	}
	return errs
}

func validatePriorityClass(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return nil
	}
	return kinds.Invalids(path, name, apivalidation.NameIsDNSSubdomain(name, false))
}
