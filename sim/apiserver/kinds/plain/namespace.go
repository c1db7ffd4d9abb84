package plain

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Namespaces are born Active, with the finalizer kubernetes, which only
// /finalize can remove, and with a label that bears their name.
func newNamespaceKind() *kinds.Kind {
	return kinds.Builtin[*corev1.Namespace, *corev1.NamespaceList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource:   "namespaces",
		ShortNames: []string{"ns"},
		Strategy: &kinds.Rules[*corev1.Namespace]{
			Defaults:      labelNamespace,
			PrepareCreate: prepareNamespace,
			PrepareUpdate: func(ns, old *corev1.Namespace) {
				ns.Spec.Finalizers, ns.Status = old.Spec.Finalizers, old.Status
				labelNamespace(ns)
			},
			Check: validateNamespace,
			Name:  apivalidation.ValidateNamespaceName,
		},
		Status: &kinds.Rules[*corev1.Namespace]{
			PrepareUpdate: func(ns, old *corev1.Namespace) { ns.Spec = old.Spec },
			CheckUpdate:   validateNamespaceStatus,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Status", Type: "string", Description: "The status of the namespace"},
			kinds.AgeColumn,
		}, func(ns *corev1.Namespace, now time.Time) []any {
			return []any{ns.Name, string(ns.Status.Phase), kinds.Age(ns.CreationTimestamp, now)}
		}),
		Selectable: kinds.Selectable(func(ns *corev1.Namespace) fields.Set {
			return fields.Set{"status.phase": string(ns.Status.Phase), "name": ns.Name}
		}),
	})
}

func prepareNamespace(ns *corev1.Namespace) {
	ns.Status = corev1.NamespaceStatus{Phase: corev1.NamespaceActive}
	if !slices.Contains(ns.Spec.Finalizers, corev1.FinalizerKubernetes) {
		ns.Spec.Finalizers = append(ns.Spec.Finalizers, corev1.FinalizerKubernetes)
	}
	// The name may have been generated after defaulting.
	labelNamespace(ns)
}

func labelNamespace(ns *corev1.Namespace) {
	if ns.Name == "" || ns.Labels[corev1.LabelMetadataName] == ns.Name {
		return
	}
	labels := map[string]string{corev1.LabelMetadataName: ns.Name}
	for k, v := range ns.Labels {
		if k != corev1.LabelMetadataName {
			labels[k] = v
		}
	}
	ns.Labels = labels
}

func validateNamespace(ns *corev1.Namespace) field.ErrorList {
	return ValidateNamespaceFinalizers(ns, field.NewPath("spec", "finalizers"))
}

// ValidateNamespaceFinalizers checks spec.finalizers, as a create and a PUT to
// /finalize do.
func ValidateNamespaceFinalizers(ns *corev1.Namespace, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, finalizer := range ns.Spec.Finalizers {
		errs = append(errs, ValidateFinalizer(string(finalizer), path)...)
	}
	return errs
}

// ValidateFinalizer checks the name of a finalizer of a built-in kind: fully
// qualified, or one of the few that Kubernetes itself uses.
func ValidateFinalizer(name string, path *field.Path) field.ErrorList {
	errs := apivalidation.ValidateFinalizerName(name, path)
	if standard := []string{string(corev1.FinalizerKubernetes), metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents}; !strings.Contains(name, "/") && !slices.Contains(standard, name) {
		errs = append(errs, field.Invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified"))
	}
	return errs
}

func validateNamespaceStatus(ns, _ *corev1.Namespace) field.ErrorList {
	path := field.NewPath("status", "Phase")
	switch phase := ns.Status.Phase; {
	case ns.DeletionTimestamp.IsZero() && phase != corev1.NamespaceActive:
		return field.ErrorList{field.Invalid(path, phase, "may only be 'Active' if `deletionTimestamp` is empty")}
	case !ns.DeletionTimestamp.IsZero() && phase != corev1.NamespaceTerminating:
		return field.ErrorList{field.Invalid(path, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")}
	}
	return nil
}
