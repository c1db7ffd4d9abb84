package kinds

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

func newPodTemplateKind() *Kind {
	type template = *corev1.PodTemplate
	return builtinKind[template, *corev1.PodTemplateList](corev1.SchemeGroupVersion, kindSpec{
		resource: "podtemplates", namespaced: true,
		strategy: &rules[template]{
			defaults:      func(t template) { defaultPodSpec(&t.Template.Spec) },
			prepareCreate: func(t template) { t.Generation = 1 },
			prepareUpdate: func(t, old template) { nextGeneration(&t.ObjectMeta, &old.ObjectMeta, t.Template, old.Template) },
			validate: func(t template) field.ErrorList {
				return validateTemplate(&t.Template, nil, "", field.NewPath("template"))
			},
			createOnUpdate: true,
		},
		table: table(append([]metav1.TableColumnDefinition{
			nameColumn,
			{Name: "Containers", Type: "string", Description: "Names of each container in the template."},
			{Name: "Images", Type: "string", Description: "Images referenced by each container in the template."},
			{Name: "Pod Labels", Type: "string", Description: "The labels for the pod template."},
		}, ageColumn), func(t template, now time.Time) []any {
			names, images := containerCells(t.Template.Spec.Containers)
			return []any{t.Name, names, images, labels.FormatLabels(t.Template.Labels), age(t.CreationTimestamp, now)}
		}),
	})
}

func newReplicationControllerKind() *Kind {
	type rc = *corev1.ReplicationController
	spec, status := corev1.ReplicationControllerSpec{}.SwaggerDoc(), corev1.ReplicationControllerStatus{}.SwaggerDoc()
	columns := []metav1.TableColumnDefinition{
		nameColumn,
		{Name: "Desired", Type: "integer", Description: spec["replicas"]},
		{Name: "Current", Type: "integer", Description: status["replicas"]},
		{Name: "Ready", Type: "integer", Description: status["readyReplicas"]},
		ageColumn,
	}
	columns = append(columns, containerColumns()...)
	columns = append(columns, metav1.TableColumnDefinition{Name: "Selector", Type: "string", Priority: 1, Description: spec["selector"]})
	return builtinKind[rc, *corev1.ReplicationControllerList](corev1.SchemeGroupVersion, kindSpec{
		resource: "replicationcontrollers", shortNames: []string{"rc"}, categories: []string{"all"}, namespaced: true,
		strategy: &rules[rc]{
			defaults:      defaultReplicationController,
			prepareCreate: func(r rc) { r.Status, r.Generation = corev1.ReplicationControllerStatus{}, 1 },
			prepareUpdate: func(r, old rc) {
				r.Status = old.Status
				nextGeneration(&r.ObjectMeta, &old.ObjectMeta, r.Spec, old.Spec)
			},
			validate: validateReplicationController,
		},
		status: &rules[rc]{
			prepareUpdate: func(r, old rc) { r.Spec = old.Spec },
			validateUpdate: func(r, _ rc) field.ErrorList {
				return counts{
					{"replicas", r.Status.Replicas},
					{"fullyLabeledReplicas", r.Status.FullyLabeledReplicas},
					{"readyReplicas", r.Status.ReadyReplicas},
					{"availableReplicas", r.Status.AvailableReplicas},
				}.validate(field.NewPath("status"))
			},
		},
		table: table(columns, func(r rc, now time.Time) []any {
			var containers []corev1.Container
			if r.Spec.Template != nil {
				containers = r.Spec.Template.Spec.Containers
			}
			names, images := containerCells(containers)
			return []any{
				r.Name, int64(ptr.Deref(r.Spec.Replicas, 0)), int64(r.Status.Replicas), int64(r.Status.ReadyReplicas),
				age(r.CreationTimestamp, now), names, images, labels.FormatLabels(r.Spec.Selector),
			}
		}),
		selectable: selectable(func(r rc) fields.Set { return fields.Set{"status.replicas": fmt.Sprint(r.Status.Replicas)} }),
	})
}

// defaultReplicationController takes labels and selector from the template.
func defaultReplicationController(r *corev1.ReplicationController) {
	r.Spec.Replicas = orPointer(r.Spec.Replicas, 1)
	if r.Spec.Template == nil {
		return
	}
	defaultPodSpec(&r.Spec.Template.Spec)
	if l := r.Spec.Template.Labels; len(l) > 0 {
		if len(r.Spec.Selector) == 0 {
			r.Spec.Selector = l
		}
		if len(r.Labels) == 0 {
			r.Labels = l
		}
	}
}

func validateReplicationController(r *corev1.ReplicationController) field.ErrorList {
	spec := field.NewPath("spec")
	errs := nonNegative(spec.Child("minReadySeconds"), int64(r.Spec.MinReadySeconds))
	if len(r.Spec.Selector) == 0 {
		errs = append(errs, field.Required(spec.Child("selector"), ""))
	}
	errs = append(errs, nonNegative(spec.Child("replicas"), int64(ptr.Deref(r.Spec.Replicas, 0)))...)
	if r.Spec.Template == nil {
		return append(errs, field.Required(spec.Child("template"), ""))
	}
	return append(errs, validateTemplate(r.Spec.Template, &metav1.LabelSelector{MatchLabels: r.Spec.Selector}, "ReplicationController", spec.Child("template"))...)
}
