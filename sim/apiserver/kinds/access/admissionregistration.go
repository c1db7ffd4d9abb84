package access

import (
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// newAdmissionKinds say who is asked about writes. Package admission obeys them.
func newAdmissionKinds() []*kinds.Kind {
	return []*kinds.Kind{newMutatingWebhookKind(), newValidatingWebhookKind(), newPolicyKind(), newPolicyBindingKind(), newMutatingPolicyKind(), newMutatingPolicyBindingKind()}
}

func webhooksTable[T metav1.Object](count func(T) int) func(T, time.Time) []any {
	return func(c T, now time.Time) []any {
		return []any{c.GetName(), int64(count(c)), kinds.Age(c.GetCreationTimestamp(), now)}
	}
}

func newMutatingWebhookKind() *kinds.Kind {
	type config = *admissionregistrationv1.MutatingWebhookConfiguration
	doc := admissionregistrationv1.MutatingWebhookConfiguration{}.SwaggerDoc()["webhooks"]
	return kinds.Builtin[config, *admissionregistrationv1.MutatingWebhookConfigurationList](admissionregistrationv1.SchemeGroupVersion, kinds.Spec{
		Resource: "mutatingwebhookconfigurations", Categories: []string{"api-extensions"},
		Strategy: &kinds.Rules[config]{
			Defaults: func(c config) {
				for i := range c.Webhooks {
					h := &c.Webhooks[i]
					h.ReinvocationPolicy = kinds.OrPointer(h.ReinvocationPolicy, admissionregistrationv1.NeverReinvocationPolicy)
					defaultWebhook(webhookFields{&h.FailurePolicy, &h.MatchPolicy, &h.NamespaceSelector, &h.ObjectSelector, &h.TimeoutSeconds, h.Rules, &h.ClientConfig})
				}
			},
			PrepareCreate: func(c config) { c.Generation = 1 },
			PrepareUpdate: func(c, old config) { kinds.NextGeneration(&c.ObjectMeta, &old.ObjectMeta, c.Webhooks, old.Webhooks) },
			Check: func(c config) field.ErrorList {
				var errs field.ErrorList
				names := map[string]bool{}
				for i := range c.Webhooks {
					h, path := &c.Webhooks[i], field.NewPath("webhooks").Index(i)
					errs = append(errs, validateWebhook(webhookRules{h.Name, h.Rules, h.FailurePolicy, h.MatchPolicy, h.TimeoutSeconds, h.SideEffects, h.AdmissionReviewVersions, h.ClientConfig, h.NamespaceSelector, h.ObjectSelector, h.MatchConditions}, names, path)...)
					if p := ptr.Deref(h.ReinvocationPolicy, ""); p != admissionregistrationv1.NeverReinvocationPolicy && p != admissionregistrationv1.IfNeededReinvocationPolicy {
						errs = append(errs, field.NotSupported(path.Child("reinvocationPolicy"), p, []admissionregistrationv1.ReinvocationPolicyType{admissionregistrationv1.IfNeededReinvocationPolicy, admissionregistrationv1.NeverReinvocationPolicy}))
					}
				}
				return errs
			},
			Conditional: true,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{kinds.NameColumn, {Name: "Webhooks", Type: "integer", Description: doc}, kinds.AgeColumn},
			webhooksTable(func(c config) int { return len(c.Webhooks) })),
	})
}

func newValidatingWebhookKind() *kinds.Kind {
	type config = *admissionregistrationv1.ValidatingWebhookConfiguration
	doc := admissionregistrationv1.ValidatingWebhookConfiguration{}.SwaggerDoc()["webhooks"]
	return kinds.Builtin[config, *admissionregistrationv1.ValidatingWebhookConfigurationList](admissionregistrationv1.SchemeGroupVersion, kinds.Spec{
		Resource: "validatingwebhookconfigurations", Categories: []string{"api-extensions"},
		Strategy: &kinds.Rules[config]{
			Defaults: func(c config) {
				for i := range c.Webhooks {
					h := &c.Webhooks[i]
					defaultWebhook(webhookFields{&h.FailurePolicy, &h.MatchPolicy, &h.NamespaceSelector, &h.ObjectSelector, &h.TimeoutSeconds, h.Rules, &h.ClientConfig})
				}
			},
			PrepareCreate: func(c config) { c.Generation = 1 },
			PrepareUpdate: func(c, old config) { kinds.NextGeneration(&c.ObjectMeta, &old.ObjectMeta, c.Webhooks, old.Webhooks) },
			Check: func(c config) field.ErrorList {
				var errs field.ErrorList
				names := map[string]bool{}
				for i := range c.Webhooks {
					h := &c.Webhooks[i]
					errs = append(errs, validateWebhook(webhookRules{h.Name, h.Rules, h.FailurePolicy, h.MatchPolicy, h.TimeoutSeconds, h.SideEffects, h.AdmissionReviewVersions, h.ClientConfig, h.NamespaceSelector, h.ObjectSelector, h.MatchConditions}, names, field.NewPath("webhooks").Index(i))...)
				}
				return errs
			},
			Conditional: true,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{kinds.NameColumn, {Name: "Webhooks", Type: "integer", Description: doc}, kinds.AgeColumn},
			webhooksTable(func(c config) int { return len(c.Webhooks) })),
	})
}

// defaultMatch completes what a policy or binding matches by.
func defaultMatch(m *admissionregistrationv1.MatchResources) {
	if m == nil {
		return
	}
	m.MatchPolicy = kinds.OrPointer(m.MatchPolicy, admissionregistrationv1.Equivalent)
	m.NamespaceSelector = kinds.OrPointer(m.NamespaceSelector, metav1.LabelSelector{})
	m.ObjectSelector = kinds.OrPointer(m.ObjectSelector, metav1.LabelSelector{})
	for _, rules := range [][]admissionregistrationv1.NamedRuleWithOperations{m.ResourceRules, m.ExcludeResourceRules} {
		for i := range rules {
			rules[i].Scope = kinds.OrPointer(rules[i].Scope, admissionregistrationv1.AllScopes)
		}
	}
}

func defaultParamRef(ref *admissionregistrationv1.ParamRef) {
	if ref != nil {
		ref.ParameterNotFoundAction = kinds.OrPointer(ref.ParameterNotFoundAction, admissionregistrationv1.DenyAction)
	}
}

func paramKindCell(kind *admissionregistrationv1.ParamKind) string {
	if kind == nil {
		return "<unset>"
	}
	return kind.APIVersion + "/" + kind.Kind
}

func paramRefCell(ref *admissionregistrationv1.ParamRef) string {
	switch {
	case ref == nil:
		return "<unset>"
	case ref.Name == "":
		return "*/" + ref.Namespace
	case ref.Namespace == "":
		return ref.Name
	}
	return ref.Namespace + "/" + ref.Name
}

func newPolicyKind() *kinds.Kind {
	type policy = *admissionregistrationv1.ValidatingAdmissionPolicy
	return kinds.Builtin[policy, *admissionregistrationv1.ValidatingAdmissionPolicyList](admissionregistrationv1.SchemeGroupVersion, kinds.Spec{
		Resource: "validatingadmissionpolicies", Categories: []string{"api-extensions"},
		Strategy: &kinds.Rules[policy]{
			Defaults: func(p policy) {
				p.Spec.FailurePolicy = kinds.OrPointer(p.Spec.FailurePolicy, admissionregistrationv1.Fail)
				defaultMatch(p.Spec.MatchConstraints)
			},
			PrepareCreate: func(p policy) {
				p.Status, p.Generation = admissionregistrationv1.ValidatingAdmissionPolicyStatus{}, 1
			},
			PrepareUpdate: func(p, old policy) {
				p.Status = old.Status
				kinds.NextGeneration(&p.ObjectMeta, &old.ObjectMeta, p.Spec, old.Spec)
			},
			Check:       validatePolicy,
			Conditional: true,
		},
		Status: &kinds.Rules[policy]{PrepareUpdate: func(p, old policy) { p.Spec = old.Spec }, Conditional: true},
		Table: kinds.TableOf(policyColumns("Validations", "Validations indicates the number of validation rules defined in this configuration"), func(p policy, now time.Time) []any {
			return []any{p.Name, int64(len(p.Spec.Validations)), paramKindCell(p.Spec.ParamKind), kinds.Age(p.CreationTimestamp, now)}
		}),
	})
}

// policyColumns are those of a policy, whose rules have a name of their own.
func policyColumns(rules, description string) []metav1.TableColumnDefinition {
	return []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: rules, Type: "integer", Description: description},
		{Name: "ParamKind", Type: "string", Description: "ParamKind specifies the kind of resources used to parameterize this policy"},
		kinds.AgeColumn,
	}
}

func newPolicyBindingKind() *kinds.Kind {
	type binding = *admissionregistrationv1.ValidatingAdmissionPolicyBinding
	return kinds.Builtin[binding, *admissionregistrationv1.ValidatingAdmissionPolicyBindingList](admissionregistrationv1.SchemeGroupVersion, kinds.Spec{
		Resource: "validatingadmissionpolicybindings", Categories: []string{"api-extensions"},
		Strategy: &kinds.Rules[binding]{
			Defaults: func(b binding) {
				defaultMatch(b.Spec.MatchResources)
				defaultParamRef(b.Spec.ParamRef)
			},
			PrepareCreate: func(b binding) { b.Generation = 1 },
			PrepareUpdate: func(b, old binding) { kinds.NextGeneration(&b.ObjectMeta, &old.ObjectMeta, b.Spec, old.Spec) },
			Check: func(b binding) field.ErrorList {
				errs := validateBindingOf(b.Spec.PolicyName, b.Spec.ParamRef, b.Spec.MatchResources)
				return append(errs, validateActions(b.Spec.ValidationActions, field.NewPath("spec", "validationActions"))...)
			},
			Conditional: true,
		},
		Table: kinds.TableOf(bindingOfColumns(), func(b binding, now time.Time) []any {
			return []any{b.Name, b.Spec.PolicyName, paramRefCell(b.Spec.ParamRef), kinds.Age(b.CreationTimestamp, now)}
		}),
	})
}

func bindingOfColumns() []metav1.TableColumnDefinition {
	return []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "PolicyName", Type: "string", Description: "PolicyName indicates the policy definition which the policy binding binded to"},
		{Name: "ParamRef", Type: "string", Description: "ParamRef indicates the param resource which sets the configration param"},
		kinds.AgeColumn,
	}
}

func newMutatingPolicyKind() *kinds.Kind {
	type policy = *admissionregistrationv1.MutatingAdmissionPolicy
	return kinds.Builtin[policy, *admissionregistrationv1.MutatingAdmissionPolicyList](admissionregistrationv1.SchemeGroupVersion, kinds.Spec{
		Resource: "mutatingadmissionpolicies", Categories: []string{"api-extensions"},
		Strategy: &kinds.Rules[policy]{
			Defaults: func(p policy) {
				p.Spec.FailurePolicy = kinds.OrPointer(p.Spec.FailurePolicy, admissionregistrationv1.Fail)
				defaultMatch(p.Spec.MatchConstraints)
			},
			PrepareCreate: func(p policy) { p.Generation = 1 },
			PrepareUpdate: func(p, old policy) { kinds.NextGeneration(&p.ObjectMeta, &old.ObjectMeta, p.Spec, old.Spec) },
			Check:         validateMutatingPolicy,
			Conditional:   true,
		},
		Table: kinds.TableOf(policyColumns("Mutations", "Mutations indicates the number of mutations rules defined in this configuration"), func(p policy, now time.Time) []any {
			return []any{p.Name, int64(len(p.Spec.Mutations)), paramKindCell(p.Spec.ParamKind), kinds.Age(p.CreationTimestamp, now)}
		}),
	})
}

func newMutatingPolicyBindingKind() *kinds.Kind {
	type binding = *admissionregistrationv1.MutatingAdmissionPolicyBinding
	return kinds.Builtin[binding, *admissionregistrationv1.MutatingAdmissionPolicyBindingList](admissionregistrationv1.SchemeGroupVersion, kinds.Spec{
		Resource: "mutatingadmissionpolicybindings", Categories: []string{"api-extensions"},
		Strategy: &kinds.Rules[binding]{
			Defaults: func(b binding) {
				defaultMatch(b.Spec.MatchResources)
				defaultParamRef(b.Spec.ParamRef)
			},
			PrepareCreate: func(b binding) { b.Generation = 1 },
			PrepareUpdate: func(b, old binding) { kinds.NextGeneration(&b.ObjectMeta, &old.ObjectMeta, b.Spec, old.Spec) },
			Check: func(b binding) field.ErrorList {
				return validateBindingOf(b.Spec.PolicyName, b.Spec.ParamRef, b.Spec.MatchResources)
			},
			Conditional: true,
		},
		Table: kinds.TableOf(bindingOfColumns(), func(b binding, now time.Time) []any {
			return []any{b.Name, b.Spec.PolicyName, paramRefCell(b.Spec.ParamRef), kinds.Age(b.CreationTimestamp, now)}
		}),
	})
}
