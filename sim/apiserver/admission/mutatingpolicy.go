package admission

import (
	"context"
	"errors"
	"fmt"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apiserver/pkg/admission"
	celplugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/utils/ptr"
)

// TypeConverter knows how objects are merged.
type TypeConverter = managedfields.TypeConverter

// mutatingPolicy is a MutatingAdmissionPolicy with its bindings.
type mutatingPolicy struct {
	definition *admissionregistrationv1.MutatingAdmissionPolicy
	bindings   []*admissionregistrationv1.MutatingAdmissionPolicyBinding
	compiled   func() *compiledMutation
}

type compiledMutation struct {
	err        error
	compiler   *celplugin.CompositedCompiler
	conditions matchconditions.Matcher // nil: none
	patchers   []patch.Patcher
}

func newMutatingPolicy(definition *admissionregistrationv1.MutatingAdmissionPolicy, bindings []*admissionregistrationv1.MutatingAdmissionPolicyBinding) *mutatingPolicy {
	return &mutatingPolicy{definition: definition, bindings: bindings, compiled: sync.OnceValue(func() *compiledMutation { return compileMutation(definition) })}
}

func compileMutation(p *admissionregistrationv1.MutatingAdmissionPolicy) *compiledMutation {
	compiler, err := celplugin.NewCompositedCompiler(baseEnv())
	if err != nil {
		return &compiledMutation{err: err}
	}
	out := &compiledMutation{compiler: compiler}
	vars := celplugin.OptionalVariableDeclarations{HasParams: p.Spec.ParamKind != nil, HasAuthorizer: true}
	compiler.CompileAndStoreVariables(variables(p.Spec.Variables), vars, environment.StoredExpressions)
	if len(p.Spec.MatchConditions) > 0 {
		out.conditions = matchconditions.NewMatcher(compiler.CompileCondition(conditionAccessors(p.Spec.MatchConditions), vars, environment.StoredExpressions), p.Spec.FailurePolicy, "policy", "validate", p.Name)
	}
	vars.HasPatchTypes = true
	for _, m := range p.Spec.Mutations {
		switch {
		case m.PatchType == admissionregistrationv1.PatchTypeJSONPatch && m.JSONPatch != nil:
			out.patchers = append(out.patchers, patch.NewJSONPatcher(compiler.CompileMutatingEvaluator(&patch.JSONPatchCondition{Expression: m.JSONPatch.Expression}, vars, environment.StoredExpressions)))
		case m.PatchType == admissionregistrationv1.PatchTypeApplyConfiguration && m.ApplyConfiguration != nil:
			out.patchers = append(out.patchers, patch.NewApplyConfigurationPatcher(compiler.CompileMutatingEvaluator(&patch.ApplyConfigurationCondition{Expression: m.ApplyConfiguration.Expression}, vars, environment.StoredExpressions)))
		}
	}
	return out
}

// mutateByPolicies lets the policies change an object one after the other.
func mutateByPolicies(w World, a Attributes, policies []*mutatingPolicy, r *reinvocation) (runtime.Object, error) {
	obj := a.GetObject()
	for _, p := range policies {
		for _, b := range p.bindings {
			key := "policy " + p.definition.Name + "/" + b.Name
			if r.round > 0 && !r.again[key] {
				continue
			}
			next, invoked, err := p.mutate(w, withObject(a, obj), b)
			if err != nil {
				return nil, err
			}
			if next != nil && !apiequality.Semantic.DeepEqual(obj, next) {
				r.changedBy()
				obj = next
			}
			if invoked && r.round == 0 && p.definition.Spec.ReinvocationPolicy == admissionregistrationv1.IfNeededReinvocationPolicy {
				r.invoked = append(r.invoked, key)
			}
		}
	}
	return obj, nil
}

// mutate is one policy through one binding.
func (p *mutatingPolicy) mutate(w World, a Attributes, b *admissionregistrationv1.MutatingAdmissionPolicyBinding) (obj runtime.Object, invoked bool, err error) {
	m, ok, err := criteriaOf(p.definition.Spec.MatchConstraints, false).matches(w, a)
	if err != nil {
		return a.GetObject(), false, p.failed(a, b, err)
	}
	if !ok {
		return a.GetObject(), false, nil
	}
	if _, ok, err := criteriaOf(b.Spec.MatchResources, true).matches(w, a); err != nil || !ok {
		return a.GetObject(), false, p.failed(a, b, err)
	}
	params, err := bindingParams(w, p.definition.Spec.ParamKind, b.Spec.ParamRef, a.GetNamespace())
	if err != nil {
		return a.GetObject(), false, p.failed(a, b, err)
	}
	obj = a.GetObject()
	for _, param := range params {
		next, err := p.patched(w, withObject(a, obj), m, param)
		if err != nil {
			return a.GetObject(), true, p.failed(a, b, err)
		}
		obj = next
	}
	return obj, true, nil
}

// patched applies the policy's mutations in their order.
func (p *mutatingPolicy) patched(w World, a Attributes, m matched, param runtime.Object) (runtime.Object, error) {
	c := p.compiled()
	if c.err != nil {
		return nil, c.err
	}
	v, err := versioned(w, a, m.kind)
	if err != nil {
		return nil, err
	}
	ctx := c.compiler.CreateContext(context.Background())
	if c.conditions != nil {
		result := c.conditions.Match(ctx, v, param, w.Authorizer())
		if result.Error != nil || !result.Matches {
			return a.GetObject(), result.Error
		}
	}
	if objectIn(&v.VersionedObject) == nil {
		return nil, nil
	}
	types := w.Types(m.kind)
	if types == nil {
		return nil, apierrors.NewServiceUnavailable(fmt.Sprintf("Resource kind %s not found. There can be a delay between when CustomResourceDefinitions are created and when they are available.", m.kind))
	}
	for _, patcher := range c.patchers {
		next, err := patcher.Patch(ctx, patch.Request{
			MatchedResource: m.resource, VersionedAttributes: v, ObjectInterfaces: interfaces{}, TypeConverter: types,
			OptionalVariables: celplugin.OptionalVariableBindings{VersionedParams: param, Authorizer: w.Authorizer()}, Namespace: namespaceOf(w, a),
		}, celconfig.RuntimeCELCostBudget)
		if err != nil {
			return nil, err
		}
		data, err := marshal(next)
		if err != nil {
			return nil, err
		}
		if next, err = w.Decode(data, m.kind); err != nil {
			return nil, err
		}
		setObject(&v.VersionedObject, next)
	}
	if m.kind == a.GetKind() {
		return objectIn(&v.VersionedObject), nil
	}
	return w.Convert(objectIn(&v.VersionedObject), a.GetKind())
}

// failed refuses the request unless the policy fails open.
func (p *mutatingPolicy) failed(a Attributes, b *admissionregistrationv1.MutatingAdmissionPolicyBinding, err error) error {
	if err == nil {
		return nil
	}
	var status *apierrors.StatusError
	if errors.As(err, &status) {
		return status
	}
	if ptr.Deref(p.definition.Spec.FailurePolicy, admissionregistrationv1.Fail) == admissionregistrationv1.Ignore {
		return nil
	}
	message := fmt.Sprintf("policy '%s' with binding '%s' denied request: %v", p.definition.Name, b.Name, err)
	refused := &apierrors.StatusError{}
	if !errors.As(admission.NewForbidden(a, errors.New(message)), &refused) {
		return errors.New(message)
	}
	refused.ErrStatus.Reason, refused.ErrStatus.Code = metav1.StatusReasonInvalid, codeOf(metav1.StatusReasonInvalid)
	refused.ErrStatus.Details.Causes = append(refused.ErrStatus.Details.Causes, metav1.StatusCause{Message: message})
	return refused
}
