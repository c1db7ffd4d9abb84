package apiserver

import (
	"fmt"
	"net/http"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var budgetResource = schema.GroupResource{Group: "policy", Resource: "poddisruptionbudgets"}

// decodeInto decodes a body of a kind that is not stored.
func (c *call) decodeInto(into runtime.Object, gvk schema.GroupVersionKind) error {
	if err := c.checkSize(); err != nil {
		return err
	}
	enc, err := c.inputOptions()
	if err != nil {
		return err
	}
	_, got, err := typedDecoders.strict[enc].Decode(c.r.Body, &gvk, into)
	if err == nil && got.Kind == gvk.Kind || runtime.IsStrictDecodingError(err) {
		return nil
	}
	switch {
	case c.kind.Custom:
		// The handler of custom resources cannot even name what it expected.
		err = runtime.NewNotRegisteredErrForType(schemeName, reflect.TypeOf(into).Elem())
	case err == nil:
		err = fmt.Errorf("expected %s, got %s", gvk.Kind, got.Kind)
	default:
		err = fmt.Errorf("%s in version %q cannot be handled as a %s: %w", gvk.Kind, gvk.Version, gvk.Kind, err)
	}
	return apierrors.NewBadRequest(err.Error())
}

// evict deletes a pod unless a disruption budget forbids it.
func (c *call) evict() {
	eviction := &policyv1.Eviction{}
	if err := c.decodeInto(eviction, policyv1.SchemeGroupVersion.WithKind("Eviction")); err != nil {
		c.fail(err)
		return
	}
	if eviction.Name != c.info.Name {
		c.fail(apierrors.NewBadRequest("name in URL does not match name in Eviction object"))
		return
	}
	existing := c.res.objects[objectKey(c.info.Namespace, c.info.Name)]
	if existing == nil {
		c.fail(c.notFound())
		return
	}
	pod := existing.value.(*corev1.Pod)
	if err := c.checkBudget(pod); err != nil {
		c.fail(err)
		return
	}
	opts := eviction.DeleteOptions
	if opts == nil {
		opts = &metav1.DeleteOptions{}
	}
	if !isDryRun(opts.DryRun) {
		next := pod.DeepCopy()
		c.setCondition(next, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue,
			Reason: "EvictionByEvictionAPI", Message: "Eviction API: evicting",
		})
		c.server.commit(change{res: c.res, key: existing.key, requestID: c.r.ID, old: existing, value: next, fields: existing.fields})
	}
	d := deletion{write: write{call: c, dryRun: isDryRun(opts.DryRun)}, opts: opts, name: c.info.Name}
	if _, _, err := d.delete(); err != nil {
		c.fail(err)
		return
	}
	body, contentType := encodeStatus(&metav1.Status{Status: metav1.StatusSuccess, Code: http.StatusCreated}, encodeJSON)
	c.respond(http.StatusCreated, contentType, body)
}

// setCondition replaces or adds a condition.
func (c *call) setCondition(pod *corev1.Pod, condition corev1.PodCondition) {
	condition.LastTransitionTime = metav1.NewTime(c.server.now())
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == condition.Type {
			pod.Status.Conditions[i] = condition
			return
		}
	}
	pod.Status.Conditions = append(pod.Status.Conditions, condition)
}

// checkBudget takes one disruption from the pod's budget.
func (c *call) checkBudget(pod *corev1.Pod) error {
	finished := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodPending
	if finished || pod.DeletionTimestamp != nil {
		return nil
	}
	budgets := c.budgetsOf(pod)
	switch len(budgets) {
	case 0:
		return nil
	case 1:
	default:
		return errGeneric(http.StatusInternalServerError, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
	}
	pdb := budgets[0]
	if pdb.Status.ObservedGeneration < pdb.Generation {
		err := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 10)
		err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{
			Type:    policyv1.DisruptionBudgetCause,
			Message: fmt.Sprintf("The disruption budget %s is still being processed by the server.", pdb.Name),
		})
		return err
	}
	if pdb.Status.DisruptionsAllowed > 0 {
		c.takeDisruption(pdb, pod.Name)
		return nil
	}
	err := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{
		Type:    policyv1.DisruptionBudgetCause,
		Message: fmt.Sprintf("The disruption budget %s needs %d healthy pods and has %d currently", pdb.Name, pdb.Status.DesiredHealthy, pdb.Status.CurrentHealthy),
	})
	return err
}

func (c *call) budgetsOf(pod *corev1.Pod) []*policyv1.PodDisruptionBudget {
	res := c.server.resources[budgetResource]
	if res == nil {
		return nil
	}
	var out []*policyv1.PodDisruptionBudget
	for _, k := range span(res.keys, pod.Namespace) {
		pdb := res.objects[k].value.(*policyv1.PodDisruptionBudget)
		selector, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
		if err == nil && selector.Matches(labels.Set(pod.Labels)) {
			out = append(out, pdb)
		}
	}
	return out
}

func (c *call) takeDisruption(pdb *policyv1.PodDisruptionBudget, pod string) {
	res := c.server.resources[budgetResource]
	existing := res.objects[objectKey(pdb.Namespace, pdb.Name)]
	next := pdb.DeepCopy()
	next.Status.DisruptionsAllowed--
	if next.Status.DisruptedPods == nil {
		next.Status.DisruptedPods = map[string]metav1.Time{}
	}
	next.Status.DisruptedPods[pod] = metav1.NewTime(c.server.now())
	c.server.commit(change{res: res, key: existing.key, requestID: c.r.ID, old: existing, value: next, fields: existing.fields})
}

// bind assigns a pod to a node, as the scheduler does.
func (c *call) bind() {
	binding := &corev1.Binding{}
	if err := c.decodeInto(binding, corev1.SchemeGroupVersion.WithKind("Binding")); err != nil {
		c.fail(err)
		return
	}
	existing := c.res.objects[objectKey(c.info.Namespace, c.info.Name)]
	if existing == nil {
		c.fail(c.notFound())
		return
	}
	pod := existing.value.(*corev1.Pod)
	if pod.DeletionTimestamp != nil {
		c.fail(apierrors.NewConflict(c.kind.Resource, pod.Name, fmt.Errorf("pod %s is being deleted, cannot be assigned to a host", pod.Name)))
		return
	}
	if pod.Spec.NodeName != "" {
		c.fail(apierrors.NewConflict(schema.GroupResource{Resource: "pods/binding"}, pod.Name, fmt.Errorf("pod %v is already assigned to node %q", pod.Name, pod.Spec.NodeName)))
		return
	}
	next := pod.DeepCopy()
	next.Spec.NodeName = binding.Target.Name
	c.setCondition(next, corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionTrue})
	c.server.commit(change{res: c.res, key: existing.key, requestID: c.r.ID, old: existing, value: next, fields: existing.fields})
	body, contentType := encodeStatus(&metav1.Status{Status: metav1.StatusSuccess, Code: http.StatusCreated}, encodeJSON)
	c.respond(http.StatusCreated, contentType, body)
}
