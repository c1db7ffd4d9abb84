package admission

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	celtypes "github.com/google/cel-go/common/types"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	celplugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/utils/ptr"
)

// baseEnv is the CEL environment of all expressions; making it costs tens of
// milliseconds.
var baseEnv = sync.OnceValue(func() *environment.EnvSet {
	return environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
})

// policy is a ValidatingAdmissionPolicy with its bindings.
type policy struct {
	definition *admissionregistrationv1.ValidatingAdmissionPolicy
	bindings   []*admissionregistrationv1.ValidatingAdmissionPolicyBinding
	compiled   func() *compiledPolicy
}

type compiledPolicy struct {
	err         error
	conditions  matchconditions.Matcher // nil: none
	validations celplugin.ConditionEvaluator
	messages    celplugin.ConditionEvaluator
}

// expression is a CEL expression and the types it may have.
type expression struct {
	name, text string
	types      []*cel.Type
}

// GetExpression implements cel.ExpressionAccessor.
func (e *expression) GetExpression() string { return e.text }

// ReturnTypes implements cel.ExpressionAccessor.
func (e *expression) ReturnTypes() []*cel.Type { return e.types }

// GetName implements cel.NamedExpressionAccessor.
func (e *expression) GetName() string { return e.name }

func newPolicy(definition *admissionregistrationv1.ValidatingAdmissionPolicy, bindings []*admissionregistrationv1.ValidatingAdmissionPolicyBinding) *policy {
	return &policy{definition: definition, bindings: bindings, compiled: sync.OnceValue(func() *compiledPolicy { return compilePolicy(definition) })}
}

func compilePolicy(p *admissionregistrationv1.ValidatingAdmissionPolicy) *compiledPolicy {
	compiler, err := celplugin.NewCompositedCompiler(baseEnv())
	if err != nil {
		return &compiledPolicy{err: err}
	}
	vars := celplugin.OptionalVariableDeclarations{HasParams: p.Spec.ParamKind != nil, HasAuthorizer: true}
	compiler.CompileAndStoreVariables(variables(p.Spec.Variables), vars, environment.StoredExpressions)
	out := &compiledPolicy{}
	if len(p.Spec.MatchConditions) > 0 {
		out.conditions = matchconditions.NewMatcher(compiler.CompileCondition(conditionAccessors(p.Spec.MatchConditions), vars, environment.StoredExpressions), p.Spec.FailurePolicy, "policy", "validate", p.Name)
	}
	validations := make([]celplugin.ExpressionAccessor, len(p.Spec.Validations))
	messages := make([]celplugin.ExpressionAccessor, len(p.Spec.Validations))
	for i, v := range p.Spec.Validations {
		validations[i] = &expression{text: v.Expression, types: []*cel.Type{cel.BoolType}}
		if v.MessageExpression != "" {
			messages[i] = &expression{text: v.MessageExpression, types: []*cel.Type{cel.StringType}}
		}
	}
	out.validations = compiler.CompileCondition(validations, vars, environment.StoredExpressions)
	vars.HasAuthorizer = false
	out.messages = compiler.CompileCondition(messages, vars, environment.StoredExpressions)
	return out
}

func variables(in []admissionregistrationv1.Variable) []celplugin.NamedExpressionAccessor {
	out := make([]celplugin.NamedExpressionAccessor, len(in))
	for i, v := range in {
		out[i] = &expression{name: v.Name, text: v.Expression, types: []*cel.Type{cel.AnyType, cel.DynType}}
	}
	return out
}

// criteriaOf are those of a policy (always false) or of a binding.
func criteriaOf(m *admissionregistrationv1.MatchResources, always bool) *criteria {
	if m == nil {
		return &criteria{always: always}
	}
	return &criteria{namespaces: m.NamespaceSelector, objects: m.ObjectSelector, rules: m.ResourceRules, exclude: m.ExcludeResourceRules, match: m.MatchPolicy, always: always}
}

// denial is one finding of a policy against a request.
type denial struct {
	message string
	reason  metav1.StatusReason
}

// checkPolicies refuses what a policy forbids; the first finding decides.
func checkPolicies(w World, a Attributes, policies []*policy) error {
	for _, p := range policies {
		if err := p.check(w, a); err != nil {
			return err
		}
	}
	return nil
}

func (p *policy) check(w World, a Attributes) error {
	m, ok, err := criteriaOf(p.definition.Spec.MatchConstraints, false).matches(w, a)
	if err != nil {
		return p.misconfigured(a, "", fmt.Errorf("failed to configure policy: %w", err))
	}
	if !ok {
		return nil
	}
	for _, b := range p.bindings {
		if err := p.checkBinding(w, a, m, b); err != nil {
			return err
		}
	}
	return nil
}

func (p *policy) checkBinding(w World, a Attributes, m matched, b *admissionregistrationv1.ValidatingAdmissionPolicyBinding) error {
	misconfigured := func(err error) error {
		return p.misconfigured(a, b.Name, fmt.Errorf("failed to configure binding: %w", err))
	}
	_, ok, err := criteriaOf(b.Spec.MatchResources, true).matches(w, a)
	if err != nil {
		return misconfigured(err)
	}
	if !ok {
		return nil
	}
	params, err := bindingParams(w, p.definition.Spec.ParamKind, b.Spec.ParamRef, a.GetNamespace())
	if err != nil {
		return misconfigured(err)
	}
	if len(params) == 0 {
		return nil
	}
	v, err := versioned(w, a, m.kind)
	if err != nil {
		return misconfigured(fmt.Errorf("failed to convert object version: %w", err))
	}
	var refused error
	for _, param := range params {
		for _, d := range p.evaluate(w, m, v, param) {
			for _, action := range b.Spec.ValidationActions {
				switch {
				case action == admissionregistrationv1.Warn:
					w.Warn(fmt.Sprintf("Validation failed for ValidatingAdmissionPolicy '%s' with binding '%s': %s", p.definition.Name, b.Name, d.message))
				case action == admissionregistrationv1.Deny && refused == nil:
					refused = p.deny(a, b.Name, d)
				}
			}
		}
	}
	return refused
}

// misconfigured refuses what a policy that fails closed cannot judge.
func (p *policy) misconfigured(a Attributes, binding string, err error) error {
	if p.ignores() {
		return nil
	}
	return p.deny(a, binding, denial{message: err.Error()})
}

func (p *policy) ignores() bool {
	return ptr.Deref(p.definition.Spec.FailurePolicy, admissionregistrationv1.Fail) == admissionregistrationv1.Ignore
}

// deny is the Status of a request that a policy refuses.
func (p *policy) deny(a Attributes, binding string, d denial) error {
	message := fmt.Sprintf("ValidatingAdmissionPolicy '%s' denied request: %s", p.definition.Name, d.message)
	if binding != "" {
		message = fmt.Sprintf("ValidatingAdmissionPolicy '%s' with binding '%s' denied request: %s", p.definition.Name, binding, d.message)
	}
	err := &apierrors.StatusError{}
	if !errors.As(admission.NewForbidden(a, errors.New(message)), &err) {
		return errors.New(message)
	}
	if d.reason == "" {
		d.reason = metav1.StatusReasonInvalid
	}
	err.ErrStatus.Reason, err.ErrStatus.Code = d.reason, codeOf(d.reason)
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{Message: message})
	return err
}

func codeOf(reason metav1.StatusReason) int32 {
	switch reason {
	case metav1.StatusReasonForbidden:
		return http.StatusForbidden
	case metav1.StatusReasonUnauthorized:
		return http.StatusUnauthorized
	case metav1.StatusReasonRequestEntityTooLarge:
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusUnprocessableEntity
}

// evaluate lists what the policy holds against a request.
func (p *policy) evaluate(w World, m matched, v *admission.VersionedAttributes, param runtime.Object) []denial {
	failed := func(err error) []denial {
		if p.ignores() {
			return nil
		}
		return []denial{{message: err.Error()}}
	}
	c := p.compiled()
	if c.err != nil {
		return failed(c.err)
	}
	ctx := context.Background()
	if c.conditions != nil {
		result := c.conditions.Match(ctx, v, param, w.Authorizer())
		if result.Error != nil {
			return failed(result.Error)
		}
		if !result.Matches {
			return nil
		}
	}
	ns := namespaceOf(w, v)
	request := celplugin.CreateAdmissionRequest(v.Attributes, metav1.GroupVersionResource(m.resource), metav1.GroupVersionKind(m.kind))
	results, budget, err := c.validations.ForInput(ctx, v, request, celplugin.OptionalVariableBindings{VersionedParams: param, Authorizer: w.Authorizer()}, ns, celconfig.RuntimeCELCostBudget)
	if err != nil {
		return failed(err)
	}
	messages, _, err := c.messages.ForInput(ctx, v, request, celplugin.OptionalVariableBindings{VersionedParams: param}, ns, budget)
	var denials []denial
	for i, result := range results {
		switch {
		case result.Error != nil:
			denials = append(denials, failed(result.Error)...)
		case err != nil:
			denials = append(denials, failed(fmt.Errorf("failed messageExpression: %w", err))...)
		case result.EvalResult != celtypes.True:
			rule := &p.definition.Spec.Validations[i]
			denials = append(denials, denial{message: messageOf(rule, messages, i), reason: ptr.Deref(rule.Reason, "")})
		}
	}
	return denials
}

// namespaceOf is what expressions see as namespaceObject.
func namespaceOf(w World, a Attributes) *corev1.Namespace {
	if kind := a.GetKind(); a.GetNamespace() == "" || kind.Group == "" && kind.Kind == "Namespace" {
		return nil
	}
	return celplugin.CreateNamespaceObject(w.Namespace(a.GetNamespace()))
}

// messageOf is the rule's own message: what its expression says, if that is one
// line and not too long, else its text.
func messageOf(rule *admissionregistrationv1.Validation, messages []celplugin.EvaluationResult, i int) string {
	if i < len(messages) && messages[i].Error == nil && messages[i].EvalResult != nil {
		if text, ok := messages[i].EvalResult.Value().(string); ok {
			text = strings.TrimSpace(text)
			if text != "" && len(text) <= celconfig.MaxEvaluatedMessageExpressionSizeBytes && !strings.Contains(text, "\n") {
				return text
			}
		}
	}
	if rule.Message != "" {
		return strings.TrimSpace(rule.Message)
	}
	return "failed expression: " + strings.TrimSpace(rule.Expression)
}
