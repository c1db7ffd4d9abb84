package workload

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newPodTemplateKind() *kinds.Kind {
	type template = *corev1.PodTemplate
	return kinds.Builtin[template, *corev1.PodTemplateList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource: "podtemplates", Namespaced: true,
		Strategy: warnOfTemplate(&kinds.Rules[template]{
			Defaults:      func(t template) { defaultPodSpec(&t.Template.Spec) },
			PrepareCreate: func(t template) { t.Generation = 1 },
			PrepareUpdate: func(t, old template) { kinds.NextGeneration(&t.ObjectMeta, &old.ObjectMeta, t.Template, old.Template) },
			Check: func(t template) field.ErrorList {
				return validateTemplate(&t.Template, nil, "", field.NewPath("template"))
			},
			CreateOnUpdate: true,
		}, func(o template) *corev1.PodTemplateSpec { return &o.Template }, field.NewPath("template")),
		Table: kinds.TableOf(append([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Containers", Type: "string", Description: "Names of each container in the template."},
			{Name: "Images", Type: "string", Description: "Images referenced by each container in the template."},
			{Name: "Pod Labels", Type: "string", Description: "The labels for the pod template."},
		}, kinds.AgeColumn), func(t template, now time.Time) []any {
			names, images := containerCells(t.Template.Spec.Containers)
			return []any{t.Name, names, images, labels.FormatLabels(t.Template.Labels), kinds.Age(t.CreationTimestamp, now)}
		}),
	})
}

func newReplicationControllerKind() *kinds.Kind {
	type rc = *corev1.ReplicationController
	spec, status := corev1.ReplicationControllerSpec{}.SwaggerDoc(), corev1.ReplicationControllerStatus{}.SwaggerDoc()
	columns := []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Desired", Type: "integer", Description: spec["replicas"]},
		{Name: "Current", Type: "integer", Description: status["replicas"]},
		{Name: "Ready", Type: "integer", Description: status["readyReplicas"]},
		kinds.AgeColumn,
	}
	columns = append(columns, containerColumns()...)
	columns = append(columns, metav1.TableColumnDefinition{Name: "Selector", Type: "string", Priority: 1, Description: spec["selector"]})
	return kinds.Builtin[rc, *corev1.ReplicationControllerList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource: "replicationcontrollers", ShortNames: []string{"rc"}, Categories: []string{"all"}, Namespaced: true,
		Strategy: warnOfTemplate(&kinds.Rules[rc]{
			Defaults:      defaultReplicationController,
			PrepareCreate: func(r rc) { r.Status, r.Generation = corev1.ReplicationControllerStatus{}, 1 },
			PrepareUpdate: func(r, old rc) {
				r.Status = old.Status
				kinds.NextGeneration(&r.ObjectMeta, &old.ObjectMeta, r.Spec, old.Spec)
			},
			Check:      validateReplicationController,
			WarnCreate: func(r rc) []string { return nameWarnings(r.Name, "Pod names and hostnames") },
		}, func(o rc) *corev1.PodTemplateSpec { return o.Spec.Template }, templatePath),
		Status: &kinds.Rules[rc]{
			PrepareUpdate: func(r, old rc) { r.Spec = old.Spec },
			CheckUpdate: func(r, _ rc) field.ErrorList {
				return counts{
					{"replicas", r.Status.Replicas},
					{"fullyLabeledReplicas", r.Status.FullyLabeledReplicas},
					{"readyReplicas", r.Status.ReadyReplicas},
					{"availableReplicas", r.Status.AvailableReplicas},
				}.validate(field.NewPath("status"))
			},
		},
		Table: kinds.TableOf(columns, func(r rc, now time.Time) []any {
			var containers []corev1.Container
			if r.Spec.Template != nil {
				containers = r.Spec.Template.Spec.Containers
			}
			names, images := containerCells(containers)
			return []any{
				r.Name, int64(ptr.Deref(r.Spec.Replicas, 0)), int64(r.Status.Replicas), int64(r.Status.ReadyReplicas),
				kinds.Age(r.CreationTimestamp, now), names, images, labels.FormatLabels(r.Spec.Selector),
			}
		}),
		Selectable: kinds.Selectable(func(r rc) fields.Set { return fields.Set{"status.replicas": fmt.Sprint(r.Status.Replicas)} }),
	})
}

// defaultReplicationController takes labels and selector from the template.
func defaultReplicationController(r *corev1.ReplicationController) {
	r.Spec.Replicas = kinds.OrPointer(r.Spec.Replicas, 1)
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
	errs := kinds.NonNegative(spec.Child("minReadySeconds"), int64(r.Spec.MinReadySeconds))
	if len(r.Spec.Selector) == 0 {
		errs = append(errs, field.Required(spec.Child("selector"), ""))
	}
	errs = append(errs, kinds.NonNegative(spec.Child("replicas"), int64(ptr.Deref(r.Spec.Replicas, 0)))...)
	if r.Spec.Template == nil {
		return append(errs, field.Required(spec.Child("template"), ""))
	}
	return append(errs, validateTemplate(r.Spec.Template, &metav1.LabelSelector{MatchLabels: r.Spec.Selector}, "ReplicationController", spec.Child("template"))...)
}
