package admission

import (
	"fmt"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"
)

// criteria choose the requests that a webhook, a policy or a binding is about.
type criteria struct {
	namespaces, objects *metav1.LabelSelector
	rules, exclude      []admissionregistrationv1.NamedRuleWithOperations
	match               *admissionregistrationv1.MatchPolicyType
	// always: no rules stand for all requests, as in a binding.
	always bool
}

// matched is how a request looks to what it was matched with.
type matched struct {
	resource schema.GroupVersionResource
	kind     schema.GroupVersionKind
}

// matches tells whether a request is chosen. An error of the selectors counts
// only if the rules match: it says nothing about other requests.
func (c *criteria) matches(w World, a Attributes) (m matched, ok bool, err error) {
	inNamespace, nsErr := c.matchNamespace(w, a)
	if !inNamespace && nsErr == nil {
		return m, false, nil
	}
	selected, objErr := matchObjects(c.objects, a)
	if !selected && objErr == nil {
		return m, false, nil
	}
	if _, excluded, err := c.matchRules(w, a, c.exclude); excluded || err != nil {
		return m, false, err
	}
	m = matched{resource: a.GetResource(), kind: a.GetKind()}
	if ok = c.always && len(c.rules) == 0; !ok {
		if m, ok, err = c.matchRules(w, a, c.rules); err != nil || !ok {
			return m, false, err
		}
	}
	switch {
	case nsErr != nil:
		return m, false, nsErr
	case objErr != nil:
		return m, false, objErr
	}
	return m, true, nil
}

func (c *criteria) matchNamespace(w World, a Attributes) (bool, error) {
	if a.GetNamespace() == "" && a.GetResource().Resource != "namespaces" {
		return true, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(orEmpty(c.namespaces))
	if err != nil {
		return false, apierrors.NewInternalError(err)
	}
	if selector.Empty() {
		return true, nil
	}
	if a.GetResource().Resource == "namespaces" && a.GetSubresource() == "" && a.GetOperation() != admission.Delete {
		return selector.Matches(labelsOf(a.GetObject())), nil
	}
	ns := w.Namespace(a.GetNamespace())
	if ns == nil {
		return false, apierrors.NewNotFound(corev1.Resource("namespaces"), a.GetNamespace())
	}
	return selector.Matches(labels.Set(ns.Labels)), nil
}

func orEmpty(selector *metav1.LabelSelector) *metav1.LabelSelector {
	if selector == nil {
		return &metav1.LabelSelector{}
	}
	return selector
}

func matchObjects(objects *metav1.LabelSelector, a Attributes) (bool, error) {
	selector, err := metav1.LabelSelectorAsSelector(orEmpty(objects))
	if err != nil {
		return false, apierrors.NewInternalError(err)
	}
	if selector.Empty() {
		return true, nil
	}
	return hasLabels(selector, a.GetObject()) || hasLabels(selector, a.GetOldObject()), nil
}

func hasLabels(selector labels.Selector, obj runtime.Object) bool {
	if obj == nil {
		return false
	}
	m, err := meta.Accessor(obj)
	return err == nil && selector.Matches(labels.Set(m.GetLabels()))
}

func labelsOf(obj runtime.Object) labels.Set {
	m, err := meta.Accessor(obj)
	if err != nil {
		return nil
	}
	return m.GetLabels()
}

// matchRules looks for a rule that names the request's resource, or else, if
// the policy is Equivalent, one that names it in another version.
func (c *criteria) matchRules(w World, a Attributes, named []admissionregistrationv1.NamedRuleWithOperations) (m matched, ok bool, err error) {
	for i := range named {
		if ruleMatches(&named[i], a) {
			return matched{resource: a.GetResource(), kind: a.GetKind()}, true, nil
		}
	}
	if len(named) == 0 || c.match == nil || *c.match == admissionregistrationv1.Exact {
		return m, false, nil
	}
	equivalents := w.Equivalents(a.GetResource())
	for i := range named {
		for _, e := range equivalents {
			if !ruleMatches(&named[i], &asResource{Attributes: a, resource: e.Resource}) {
				continue
			}
			if e.Kind.Empty() {
				return m, false, apierrors.NewInternalError(fmt.Errorf("unable to convert to %v: unknown kind", e.Resource))
			}
			return matched{resource: e.Resource, kind: e.Kind}, true, nil
		}
	}
	return m, false, nil
}

func ruleMatches(rule *admissionregistrationv1.NamedRuleWithOperations, a Attributes) bool {
	matcher := rules.Matcher{Rule: rule.RuleWithOperations, Attr: a}
	return matcher.Matches() && (len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, a.GetName()))
}

// asResource is a request as if it had named another resource.
type asResource struct {
	Attributes
	resource schema.GroupVersionResource
}

// GetResource implements admission.Attributes.
func (a *asResource) GetResource() schema.GroupVersionResource { return a.resource }

// versioned shows a request's objects in the version that was matched.
func versioned(w World, a Attributes, kind schema.GroupVersionKind) (*admission.VersionedAttributes, error) {
	v := &admission.VersionedAttributes{Attributes: a, VersionedKind: kind}
	for _, part := range []struct {
		from runtime.Object
		to   any
	}{{a.GetObject(), &v.VersionedObject}, {a.GetOldObject(), &v.VersionedOldObject}} {
		if part.from == nil {
			continue
		}
		out, err := w.Convert(part.from, kind)
		if err != nil {
			return nil, err
		}
		setObject(part.to, out)
	}
	return v, nil
}
