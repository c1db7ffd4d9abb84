package apiserver

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	admissionlib "k8s.io/apiserver/pkg/admission"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// The admission plugin PodSecurity: what the labels of a namespace ask of the pods in it.
// The checks are Kubernetes' own. Nothing is exempt, and a namespace without labels is
// privileged, as with the plugin's default configuration.

// podChecks evaluates pods; it is made when the first namespace asks for it.
var podChecks = sync.OnceValue(func() policy.Evaluator {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		panic("apiserver: the checks of pod security contradict each other: " + err.Error())
	}
	return evaluator
})

var privileged = psa.Policy{
	Enforce: psa.LevelVersion{Level: psa.LevelPrivileged, Version: psa.LatestVersion()},
	Audit:   psa.LevelVersion{Level: psa.LevelPrivileged, Version: psa.LatestVersion()},
	Warn:    psa.LevelVersion{Level: psa.LevelPrivileged, Version: psa.LatestVersion()},
}

// podSecurityLabels is how the labels begin that the plugin is about.
const podSecurityLabels = "pod-security.kubernetes.io/"

func podPolicy(labels map[string]string) (psa.Policy, field.ErrorList) {
	for key := range labels {
		if strings.HasPrefix(key, podSecurityLabels) {
			return psa.PolicyToEvaluate(labels, privileged)
		}
	}
	return privileged, nil
}

// podSecurity refuses pods that their namespace does not allow, warns of them and of
// templates of such, and refuses labels that say nothing.
func (w *write) podSecurity(a admitted) error {
	if a.obj == nil || a.operation != admissionlib.Create && a.operation != admissionlib.Update {
		return nil
	}
	switch obj := a.obj.(type) {
	case *corev1.Namespace:
		if w.endpoint.subresource == "" {
			return w.podSecurityOfNamespace(a, obj)
		}
	case *corev1.Pod:
		switch w.endpoint.subresource {
		case "", "ephemeralcontainers", "resize":
			return w.podSecurityOf(a, obj)
		}
	default:
		if template := podTemplate(a.obj); template != nil && w.endpoint.subresource == "" {
			if p := w.namespacePolicy(); p.Warn.Level != psa.LevelPrivileged {
				w.warnOf(p.Warn, template)
			}
		}
	}
	return nil
}

// namespacePolicy is that of the namespace of the request. Labels that say nothing ask for
// what is strictest.
func (w *write) namespacePolicy() psa.Policy {
	res := w.server.resources[namespaceResource]
	if res == nil || res.objects[w.info.Namespace] == nil {
		return privileged
	}
	p, _ := podPolicy(res.objects[w.info.Namespace].meta.GetLabels())
	return p
}

func (w *write) podSecurityOf(a admitted, pod *corev1.Pod) error {
	p := w.namespacePolicy()
	if p.FullyPrivileged() {
		return nil
	}
	if old, ok := a.old.(*corev1.Pod); ok && a.operation == admissionlib.Update && !newImages(pod, old) {
		return nil
	}
	result := policy.AggregateCheckResults(podChecks().EvaluatePod(p.Enforce, &pod.ObjectMeta, &pod.Spec))
	if !result.Allowed {
		err := fmt.Errorf("violates PodSecurity %q: %s", p.Enforce.String(), result.ForbiddenDetail())
		return apierrors.NewForbidden(w.res.gr, w.attributes(a).GetName(), err)
	}
	w.warnOf(p.Warn, &corev1.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec})
	return nil
}

func (w *write) warnOf(level psa.LevelVersion, template *corev1.PodTemplateSpec) {
	result := policy.AggregateCheckResults(podChecks().EvaluatePod(level, &template.ObjectMeta, &template.Spec))
	if !result.Allowed {
		w.warn(fmt.Sprintf("would violate PodSecurity %q: %s", level.String(), result.ForbiddenDetail()))
	}
}

// newImages tells whether an update of a pod is one that is looked at: what else can
// change in a pod is nothing to the checks.
func newImages(pod, old *corev1.Pod) bool {
	images := func(p *corev1.Pod) []string {
		var all []string
		for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
			all = append(all, c.Name+" "+c.Image)
		}
		for _, c := range p.Spec.EphemeralContainers {
			all = append(all, c.Name+" "+c.Image)
		}
		return all
	}
	return !slices.Equal(images(pod), images(old))
}

// podTemplate is that of a kind that makes pods; nil: it is none, or has none.
func podTemplate(obj runtime.Object) *corev1.PodTemplateSpec {
	switch o := obj.(type) {
	case *appsv1.Deployment:
		return &o.Spec.Template
	case *appsv1.ReplicaSet:
		return &o.Spec.Template
	case *appsv1.StatefulSet:
		return &o.Spec.Template
	case *appsv1.DaemonSet:
		return &o.Spec.Template
	case *batchv1.Job:
		return &o.Spec.Template
	case *batchv1.CronJob:
		return &o.Spec.JobTemplate.Spec.Template
	case *corev1.ReplicationController:
		return o.Spec.Template
	case *corev1.PodTemplate:
		return &o.Template
	}
	return nil
}

// podSecurityOfNamespace refuses labels that say nothing, and warns of pods that a
// stricter level than before does not allow.
func (w *write) podSecurityOfNamespace(a admitted, namespace *corev1.Namespace) error {
	next, errs := podPolicy(namespace.Labels)
	before := privileged
	var errsBefore field.ErrorList
	if old, ok := a.old.(*corev1.Namespace); ok && a.operation == admissionlib.Update {
		before, errsBefore = podPolicy(old.Labels)
	}
	if len(errs) > 0 && errs.ToAggregate().Error() != text(errsBefore) {
		return apierrors.NewInvalid(w.kind.GroupVersionKind(w.gv.Version).GroupKind(), namespace.Name, errs)
	}
	relaxed := next.Enforce.Version == before.Enforce.Version && psa.CompareLevels(next.Enforce.Level, before.Enforce.Level) < 1
	if a.operation != admissionlib.Update || next.Enforce == before.Enforce || next.Enforce.Level == psa.LevelPrivileged || relaxed {
		return nil
	}
	w.warnOfPods(namespace.Name, next.Enforce)
	return nil
}

func text(errs field.ErrorList) string {
	if len(errs) == 0 {
		return ""
	}
	return errs.ToAggregate().Error()
}

// warnOfPods warns of pods that are there and that a level does not allow, those with the
// same reason in one line, by the first of their names.
func (w *write) warnOfPods(namespace string, level psa.LevelVersion) {
	names := map[string][]string{}
	var reasons []string
	for _, pod := range inNamespace[*corev1.Pod](w.server, podResource, namespace) {
		result := policy.AggregateCheckResults(podChecks().EvaluatePod(level, &pod.ObjectMeta, &pod.Spec))
		if result.Allowed {
			continue
		}
		reason := result.ForbiddenReason()
		if names[reason] == nil {
			reasons = append(reasons, reason)
		}
		names[reason] = append(names[reason], pod.Name)
	}
	if len(reasons) == 0 {
		return
	}
	w.warn(fmt.Sprintf("existing pods in namespace %q violate the new PodSecurity enforce level %q", namespace, level.String()))
	var lines []string
	for _, reason := range reasons {
		who := slices.Min(names[reason])
		switch n := len(names[reason]); n {
		case 1:
		case 2:
			who += " (and 1 other pod)"
		default:
			who += fmt.Sprintf(" (and %d other pods)", n-1)
		}
		lines = append(lines, who+": "+reason)
	}
	slices.Sort(lines)
	for _, line := range lines {
		w.warn(line)
	}
}
