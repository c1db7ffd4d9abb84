package admission

import (
	"cmp"
	"errors"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"
)

// Plan is all that a cluster's objects say about admission, in the order in
// which it acts: configurations by name, webhooks as they stand in them.
type Plan struct {
	mutating, validating []*Webhook
	policies             []*policy
	mutatingPolicies     []*mutatingPolicy
}

// Configuration are the objects a plan is made from.
type Configuration struct {
	Mutating         []*admissionregistrationv1.MutatingWebhookConfiguration
	Validating       []*admissionregistrationv1.ValidatingWebhookConfiguration
	Policies         []*admissionregistrationv1.ValidatingAdmissionPolicy
	Bindings         []*admissionregistrationv1.ValidatingAdmissionPolicyBinding
	MutatingPolicies []*admissionregistrationv1.MutatingAdmissionPolicy
	MutatingBindings []*admissionregistrationv1.MutatingAdmissionPolicyBinding
}

// NewPlan makes a plan. Expressions are compiled when they are first needed.
// The order of the lists does not matter.
func NewPlan(c Configuration) *Plan {
	p := &Plan{}
	for _, m := range byName(c.Mutating) {
		for i := range m.Webhooks {
			p.mutating = append(p.mutating, newMutatingWebhook(m.Name, &m.Webhooks[i]))
		}
	}
	for _, v := range byName(c.Validating) {
		for i := range v.Webhooks {
			p.validating = append(p.validating, newValidatingWebhook(v.Name, &v.Webhooks[i]))
		}
	}
	for _, definition := range byName(c.Policies) {
		var bindings []*admissionregistrationv1.ValidatingAdmissionPolicyBinding
		for _, b := range byName(c.Bindings) {
			if b.Spec.PolicyName == definition.Name {
				bindings = append(bindings, b)
			}
		}
		if len(bindings) > 0 {
			p.policies = append(p.policies, newPolicy(definition, bindings))
		}
	}
	for _, definition := range byName(c.MutatingPolicies) {
		var bindings []*admissionregistrationv1.MutatingAdmissionPolicyBinding
		for _, b := range byName(c.MutatingBindings) {
			if b.Spec.PolicyName == definition.Name {
				bindings = append(bindings, b)
			}
		}
		if len(bindings) > 0 {
			p.mutatingPolicies = append(p.mutatingPolicies, newMutatingPolicy(definition, bindings))
		}
	}
	return p
}

func byName[T interface{ GetName() string }](list []T) []T {
	return slices.SortedFunc(slices.Values(list), func(a, b T) int { return cmp.Compare(a.GetName(), b.GetName()) })
}

// Empty tells that the plan changes and refuses nothing.
func (p *Plan) Empty() bool { return !p.Mutates() && !p.Validates() }

// Mutates tells whether the plan may change anything.
func (p *Plan) Mutates() bool { return len(p.mutating)+len(p.mutatingPolicies) > 0 }

// Validates tells whether the plan may refuse anything but by mutating.
func (p *Plan) Validates() bool { return len(p.validating)+len(p.policies) > 0 }

// exempt are the configurations themselves: nobody could repair a webhook that
// refuses its own removal.
func exempt(a Attributes) bool { return rules.IsExemptAdmissionConfigurationResource(a) }

// Mutate lets policies and webhooks change the object of a request, and then,
// if one of them did, those that ask for it once more. builtIn is run at the
// start of each round, as the plugins of the server are; it may be nil. The
// error is [ErrSuspended] or the Status that refuses the request.
func (p *Plan) Mutate(w World, a Attributes, builtIn func(obj runtime.Object) (runtime.Object, error)) (runtime.Object, error) {
	r := &reinvocation{}
	obj := a.GetObject()
	for ; r.round < 2; r.round++ {
		if builtIn != nil && obj != nil {
			next, err := builtIn(obj)
			if err != nil {
				return nil, err
			}
			obj = next
		}
		if exempt(a) {
			return obj, nil
		}
		r.changed = false
		next, err := mutateByPolicies(w, withObject(a, obj), p.mutatingPolicies, r)
		if err == nil {
			next, err = callMutating(w, withObject(a, next), p.mutating, r)
		}
		if err != nil {
			return nil, err
		}
		obj = next
		if !r.changed {
			break
		}
	}
	return obj, nil
}

// Validate lets policies and webhooks refuse a request. The error is
// [ErrSuspended] or the Status that refuses it.
func (p *Plan) Validate(w World, a Attributes) error {
	if exempt(a) {
		return nil
	}
	if err := checkPolicies(w, a, p.policies); err != nil {
		return asStatus(err)
	}
	return asStatus(callValidating(w, a, p.validating))
}

// asStatus makes sure that a refusal is something a client can be told.
func asStatus(err error) error {
	var status apierrors.APIStatus
	if err == nil || errors.Is(err, ErrSuspended) || errors.As(err, &status) {
		return err
	}
	return apierrors.NewInternalError(err)
}
