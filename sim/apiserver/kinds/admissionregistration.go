package kinds

import (
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// newAdmissionKinds say who is asked about writes. Package admission obeys them.
func newAdmissionKinds() []*Kind {
	return []*Kind{newMutatingWebhookKind(), newValidatingWebhookKind(), newPolicyKind(), newPolicyBindingKind(), newMutatingPolicyKind(), newMutatingPolicyBindingKind()}
}

func webhooksTable[T metav1.Object](count func(T) int) func(T, time.Time) []any {
	return func(c T, now time.Time) []any {
		return []any{c.GetName(), int64(count(c)), age(c.GetCreationTimestamp(), now)}
	}
}

func newMutatingWebhookKind() *Kind {
	type config = *admissionregistrationv1.MutatingWebhookConfiguration
	doc := admissionregistrationv1.MutatingWebhookConfiguration{}.SwaggerDoc()["webhooks"]
	return builtinKind[config, *admissionregistrationv1.MutatingWebhookConfigurationList](admissionregistrationv1.SchemeGroupVersion, kindSpec{
		resource: "mutatingwebhookconfigurations", categories: []string{"api-extensions"},
		strategy: &rules[config]{
			defaults: func(c config) {
				for i := range c.Webhooks {
					h := &c.Webhooks[i]
					h.ReinvocationPolicy = orPointer(h.ReinvocationPolicy, admissionregistrationv1.NeverReinvocationPolicy)
					defaultWebhook(webhookFields{&h.FailurePolicy, &h.MatchPolicy, &h.NamespaceSelector, &h.ObjectSelector, &h.TimeoutSeconds, h.Rules, &h.ClientConfig})
				}
			},
			prepareCreate: func(c config) { c.Generation = 1 },
			prepareUpdate: func(c, old config) { nextGeneration(&c.ObjectMeta, &old.ObjectMeta, c.Webhooks, old.Webhooks) },
			validate: func(c config) field.ErrorList {
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
			conditional: true,
		},
		table: table([]metav1.TableColumnDefinition{nameColumn, {Name: "Webhooks", Type: "integer", Description: doc}, ageColumn},
			webhooksTable(func(c config) int { return len(c.Webhooks) })),
	})
}

func newValidatingWebhookKind() *Kind {
	type config = *admissionregistrationv1.ValidatingWebhookConfiguration
	doc := admissionregistrationv1.ValidatingWebhookConfiguration{}.SwaggerDoc()["webhooks"]
	return builtinKind[config, *admissionregistrationv1.ValidatingWebhookConfigurationList](admissionregistrationv1.SchemeGroupVersion, kindSpec{
		resource: "validatingwebhookconfigurations", categories: []string{"api-extensions"},
		strategy: &rules[config]{
			defaults: func(c config) {
				for i := range c.Webhooks {
					h := &c.Webhooks[i]
					defaultWebhook(webhookFields{&h.FailurePolicy, &h.MatchPolicy, &h.NamespaceSelector, &h.ObjectSelector, &h.TimeoutSeconds, h.Rules, &h.ClientConfig})
				}
			},
			prepareCreate: func(c config) { c.Generation = 1 },
			prepareUpdate: func(c, old config) { nextGeneration(&c.ObjectMeta, &old.ObjectMeta, c.Webhooks, old.Webhooks) },
			validate: func(c config) field.ErrorList {
				var errs field.ErrorList
				names := map[string]bool{}
				for i := range c.Webhooks {
					h := &c.Webhooks[i]
					errs = append(errs, validateWebhook(webhookRules{h.Name, h.Rules, h.FailurePolicy, h.MatchPolicy, h.TimeoutSeconds, h.SideEffects, h.AdmissionReviewVersions, h.ClientConfig, h.NamespaceSelector, h.ObjectSelector, h.MatchConditions}, names, field.NewPath("webhooks").Index(i))...)
				}
				return errs
			},
			conditional: true,
		},
		table: table([]metav1.TableColumnDefinition{nameColumn, {Name: "Webhooks", Type: "integer", Description: doc}, ageColumn},
			webhooksTable(func(c config) int { return len(c.Webhooks) })),
	})
}

// defaultMatch completes what a policy or binding matches by.
func defaultMatch(m *admissionregistrationv1.MatchResources) {
	if m == nil {
		return
	}
	m.MatchPolicy = orPointer(m.MatchPolicy, admissionregistrationv1.Equivalent)
	m.NamespaceSelector = orPointer(m.NamespaceSelector, metav1.LabelSelector{})
	m.ObjectSelector = orPointer(m.ObjectSelector, metav1.LabelSelector{})
	for _, rules := range [][]admissionregistrationv1.NamedRuleWithOperations{m.ResourceRules, m.ExcludeResourceRules} {
		for i := range rules {
			rules[i].Scope = orPointer(rules[i].Scope, admissionregistrationv1.AllScopes)
		}
	}
}

func defaultParamRef(ref *admissionregistrationv1.ParamRef) {
	if ref != nil {
		ref.ParameterNotFoundAction = orPointer(ref.ParameterNotFoundAction, admissionregistrationv1.DenyAction)
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

func newPolicyKind() *Kind {
	type policy = *admissionregistrationv1.ValidatingAdmissionPolicy
	return builtinKind[policy, *admissionregistrationv1.ValidatingAdmissionPolicyList](admissionregistrationv1.SchemeGroupVersion, kindSpec{
		resource: "validatingadmissionpolicies", categories: []string{"api-extensions"},
		strategy: &rules[policy]{
			defaults: func(p policy) {
				p.Spec.FailurePolicy = orPointer(p.Spec.FailurePolicy, admissionregistrationv1.Fail)
				defaultMatch(p.Spec.MatchConstraints)
			},
			prepareCreate: func(p policy) {
				p.Status, p.Generation = admissionregistrationv1.ValidatingAdmissionPolicyStatus{}, 1
			},
			prepareUpdate: func(p, old policy) {
				p.Status = old.Status
				nextGeneration(&p.ObjectMeta, &old.ObjectMeta, p.Spec, old.Spec)
			},
			validate:    validatePolicy,
			conditional: true,
		},
		status: &rules[policy]{prepareUpdate: func(p, old policy) { p.Spec = old.Spec }, conditional: true},
		table: table(policyColumns("Validations", "Validations indicates the number of validation rules defined in this configuration"), func(p policy, now time.Time) []any {
			return []any{p.Name, int64(len(p.Spec.Validations)), paramKindCell(p.Spec.ParamKind), age(p.CreationTimestamp, now)}
		}),
	})
}

// policyColumns are those of a policy, whose rules have a name of their own.
func policyColumns(rules, description string) []metav1.TableColumnDefinition {
	return []metav1.TableColumnDefinition{
		nameColumn,
		{Name: rules, Type: "integer", Description: description},
		{Name: "ParamKind", Type: "string", Description: "ParamKind specifies the kind of resources used to parameterize this policy"},
		ageColumn,
	}
}

func newPolicyBindingKind() *Kind {
	type binding = *admissionregistrationv1.ValidatingAdmissionPolicyBinding
	return builtinKind[binding, *admissionregistrationv1.ValidatingAdmissionPolicyBindingList](admissionregistrationv1.SchemeGroupVersion, kindSpec{
		resource: "validatingadmissionpolicybindings", categories: []string{"api-extensions"},
		strategy: &rules[binding]{
			defaults: func(b binding) {
				defaultMatch(b.Spec.MatchResources)
				defaultParamRef(b.Spec.ParamRef)
			},
			prepareCreate: func(b binding) { b.Generation = 1 },
			prepareUpdate: func(b, old binding) { nextGeneration(&b.ObjectMeta, &old.ObjectMeta, b.Spec, old.Spec) },
			validate: func(b binding) field.ErrorList {
				errs := validateBindingOf(b.Spec.PolicyName, b.Spec.ParamRef, b.Spec.MatchResources)
				return append(errs, validateActions(b.Spec.ValidationActions, field.NewPath("spec", "validationActions"))...)
			},
			conditional: true,
		},
		table: table(bindingOfColumns(), func(b binding, now time.Time) []any {
			return []any{b.Name, b.Spec.PolicyName, paramRefCell(b.Spec.ParamRef), age(b.CreationTimestamp, now)}
		}),
	})
}

func bindingOfColumns() []metav1.TableColumnDefinition {
	return []metav1.TableColumnDefinition{
		nameColumn,
		{Name: "PolicyName", Type: "string", Description: "PolicyName indicates the policy definition which the policy binding binded to"},
		{Name: "ParamRef", Type: "string", Description: "ParamRef indicates the param resource which sets the configration param"},
		ageColumn,
	}
}

func newMutatingPolicyKind() *Kind {
	type policy = *admissionregistrationv1.MutatingAdmissionPolicy
	return builtinKind[policy, *admissionregistrationv1.MutatingAdmissionPolicyList](admissionregistrationv1.SchemeGroupVersion, kindSpec{
		resource: "mutatingadmissionpolicies", categories: []string{"api-extensions"},
		strategy: &rules[policy]{
			defaults: func(p policy) {
				p.Spec.FailurePolicy = orPointer(p.Spec.FailurePolicy, admissionregistrationv1.Fail)
				defaultMatch(p.Spec.MatchConstraints)
			},
			prepareCreate: func(p policy) { p.Generation = 1 },
			prepareUpdate: func(p, old policy) { nextGeneration(&p.ObjectMeta, &old.ObjectMeta, p.Spec, old.Spec) },
			validate:      validateMutatingPolicy,
			conditional:   true,
		},
		table: table(policyColumns("Mutations", "Mutations indicates the number of mutations rules defined in this configuration"), func(p policy, now time.Time) []any {
			return []any{p.Name, int64(len(p.Spec.Mutations)), paramKindCell(p.Spec.ParamKind), age(p.CreationTimestamp, now)}
		}),
	})
}

func newMutatingPolicyBindingKind() *Kind {
	type binding = *admissionregistrationv1.MutatingAdmissionPolicyBinding
	return builtinKind[binding, *admissionregistrationv1.MutatingAdmissionPolicyBindingList](admissionregistrationv1.SchemeGroupVersion, kindSpec{
		resource: "mutatingadmissionpolicybindings", categories: []string{"api-extensions"},
		strategy: &rules[binding]{
			defaults: func(b binding) {
				defaultMatch(b.Spec.MatchResources)
				defaultParamRef(b.Spec.ParamRef)
			},
			prepareCreate: func(b binding) { b.Generation = 1 },
			prepareUpdate: func(b, old binding) { nextGeneration(&b.ObjectMeta, &old.ObjectMeta, b.Spec, old.Spec) },
			validate: func(b binding) field.ErrorList {
				return validateBindingOf(b.Spec.PolicyName, b.Spec.ParamRef, b.Spec.MatchResources)
			},
			conditional: true,
		},
		table: table(bindingOfColumns(), func(b binding, now time.Time) []any {
			return []any{b.Name, b.Spec.PolicyName, paramRefCell(b.Spec.ParamRef), age(b.CreationTimestamp, now)}
		}),
	})
}
