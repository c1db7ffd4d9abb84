package admission

import (
	"context"
	"sync"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	celplugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/utils/ptr"
)

// Webhook is one webhook of a configuration.
type Webhook struct {
	Configuration string
	Name          string
	ClientConfig  admissionregistrationv1.WebhookClientConfig
	Timeout       time.Duration
	Mutating      bool

	ignoreFailure bool
	reinvoke      bool
	sideEffects   *admissionregistrationv1.SideEffectClass
	versions      []string
	criteria      criteria
	conditions    func() matchconditions.Matcher // nil: none
}

// defaultWebhookTimeout is what the API gives a webhook that names none.
const defaultWebhookTimeout = 10 * time.Second

func newMutatingWebhook(configuration string, h *admissionregistrationv1.MutatingWebhook) *Webhook {
	return &Webhook{
		Configuration: configuration, Name: h.Name, ClientConfig: h.ClientConfig, Mutating: true,
		Timeout:       timeoutOf(h.TimeoutSeconds),
		ignoreFailure: ptr.Deref(h.FailurePolicy, "") == admissionregistrationv1.Ignore,
		reinvoke:      ptr.Deref(h.ReinvocationPolicy, "") == admissionregistrationv1.IfNeededReinvocationPolicy,
		sideEffects:   h.SideEffects, versions: h.AdmissionReviewVersions,
		criteria:   criteria{namespaces: h.NamespaceSelector, objects: h.ObjectSelector, rules: unnamed(h.Rules), match: h.MatchPolicy},
		conditions: webhookConditions(h.Name, "mutating", h.MatchConditions, h.FailurePolicy),
	}
}

func newValidatingWebhook(configuration string, h *admissionregistrationv1.ValidatingWebhook) *Webhook {
	return &Webhook{
		Configuration: configuration, Name: h.Name, ClientConfig: h.ClientConfig,
		Timeout:       timeoutOf(h.TimeoutSeconds),
		ignoreFailure: ptr.Deref(h.FailurePolicy, "") == admissionregistrationv1.Ignore,
		sideEffects:   h.SideEffects, versions: h.AdmissionReviewVersions,
		criteria:   criteria{namespaces: h.NamespaceSelector, objects: h.ObjectSelector, rules: unnamed(h.Rules), match: h.MatchPolicy},
		conditions: webhookConditions(h.Name, "validating", h.MatchConditions, h.FailurePolicy),
	}
}

func timeoutOf(seconds *int32) time.Duration {
	if seconds == nil {
		return defaultWebhookTimeout
	}
	return time.Duration(*seconds) * time.Second
}

func unnamed(rules []admissionregistrationv1.RuleWithOperations) []admissionregistrationv1.NamedRuleWithOperations {
	out := make([]admissionregistrationv1.NamedRuleWithOperations, len(rules))
	for i, r := range rules {
		out[i].RuleWithOperations = r
	}
	return out
}

// webhookConditions compiles match conditions when they are first needed.
func webhookConditions(name, kind string, conditions []admissionregistrationv1.MatchCondition, failure *admissionregistrationv1.FailurePolicyType) func() matchconditions.Matcher {
	if len(conditions) == 0 {
		return nil
	}
	return sync.OnceValue(func() matchconditions.Matcher {
		compiler := celplugin.NewConditionCompiler(baseEnv())
		return matchconditions.NewMatcher(
			compiler.CompileCondition(conditionAccessors(conditions), celplugin.OptionalVariableDeclarations{HasAuthorizer: true}, environment.StoredExpressions),
			failure, "webhook", kind, name,
		)
	})
}

func conditionAccessors(conditions []admissionregistrationv1.MatchCondition) []celplugin.ExpressionAccessor {
	out := make([]celplugin.ExpressionAccessor, len(conditions))
	for i := range conditions {
		out[i] = (*matchconditions.MatchCondition)(&conditions[i])
	}
	return out
}

// invocation is a webhook that a request goes to.
type invocation struct {
	webhook *Webhook
	matched matched
}

// matches decides whether the webhook is called. The error refuses the request.
func (h *Webhook) matches(w World, a Attributes) (*invocation, error) {
	m, ok, err := h.criteria.matches(w, a)
	if !ok || err != nil {
		return nil, err
	}
	if h.conditions != nil {
		v, err := versioned(w, a, m.kind)
		if err != nil {
			return nil, apierrors.NewInternalError(err)
		}
		result := h.conditions().Match(context.Background(), v, nil, w.Authorizer())
		if result.Error != nil {
			return nil, apierrors.NewForbidden(a.GetResource().GroupResource(), a.GetName(), result.Error)
		}
		if !result.Matches {
			return nil, nil
		}
	}
	return &invocation{webhook: h, matched: m}, nil
}
