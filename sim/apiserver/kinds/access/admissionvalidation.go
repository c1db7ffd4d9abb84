package access

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// webhookFields are what the two kinds of webhooks have in common, to be set.
type webhookFields struct {
	failurePolicy *(*admissionregistrationv1.FailurePolicyType)
	matchPolicy   *(*admissionregistrationv1.MatchPolicyType)
	namespaces    *(*metav1.LabelSelector)
	objects       *(*metav1.LabelSelector)
	timeout       *(*int32)
	rules         []admissionregistrationv1.RuleWithOperations
	client        *admissionregistrationv1.WebhookClientConfig
}

func defaultWebhook(h webhookFields) {
	*h.failurePolicy = kinds.OrPointer(*h.failurePolicy, admissionregistrationv1.Fail)
	*h.matchPolicy = kinds.OrPointer(*h.matchPolicy, admissionregistrationv1.Equivalent)
	*h.namespaces = kinds.OrPointer(*h.namespaces, metav1.LabelSelector{})
	*h.objects = kinds.OrPointer(*h.objects, metav1.LabelSelector{})
	*h.timeout = kinds.OrPointer(*h.timeout, 10)
	for i := range h.rules {
		h.rules[i].Scope = kinds.OrPointer(h.rules[i].Scope, admissionregistrationv1.AllScopes)
	}
	if h.client.Service != nil {
		h.client.Service.Port = kinds.OrPointer(h.client.Service.Port, 443)
	}
}

// webhookRules are the same, to be checked.
type webhookRules struct {
	name                string
	rules               []admissionregistrationv1.RuleWithOperations
	failurePolicy       *admissionregistrationv1.FailurePolicyType
	matchPolicy         *admissionregistrationv1.MatchPolicyType
	timeout             *int32
	sideEffects         *admissionregistrationv1.SideEffectClass
	reviewVersions      []string
	client              admissionregistrationv1.WebhookClientConfig
	namespaces, objects *metav1.LabelSelector
	conditions          []admissionregistrationv1.MatchCondition
}

var (
	failurePolicies = []admissionregistrationv1.FailurePolicyType{admissionregistrationv1.Fail, admissionregistrationv1.Ignore}
	matchPolicies   = []admissionregistrationv1.MatchPolicyType{admissionregistrationv1.Equivalent, admissionregistrationv1.Exact}
	harmless        = []admissionregistrationv1.SideEffectClass{admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.SideEffectClassNoneOnDryRun}
)

func validateWebhook(h webhookRules, names map[string]bool, path *field.Path) field.ErrorList {
	errs := utilvalidation.IsFullyQualifiedName(path.Child("name"), h.name)
	if names[h.name] {
		errs = append(errs, field.Duplicate(path.Child("name"), h.name))
	}
	names[h.name] = true
	errs = append(errs, validateReviewVersions(h.reviewVersions, path.Child("admissionReviewVersions"))...)
	for i := range h.rules {
		errs = append(errs, validateRule(&h.rules[i], true, path.Child("rules").Index(i))...)
	}
	errs = append(errs, validateFailurePolicy(h.failurePolicy, path.Child("failurePolicy"))...)
	errs = append(errs, validateMatchPolicy(h.matchPolicy, path.Child("matchPolicy"))...)
	switch {
	case h.sideEffects == nil:
		errs = append(errs, field.Required(path.Child("sideEffects"), "must specify one of None, NoneOnDryRun"))
	case !slices.Contains(harmless, *h.sideEffects):
		errs = append(errs, field.NotSupported(path.Child("sideEffects"), *h.sideEffects, harmless))
	}
	if t := ptr.Deref(h.timeout, 10); t > 30 || t < 1 {
		errs = append(errs, field.Invalid(path.Child("timeoutSeconds"), t, "the timeout value must be between 1 and 30 seconds"))
	}
	errs = append(errs, validateSelectors(h.namespaces, h.objects, path)...)
	errs = append(errs, validateClientConfig(h.client, path.Child("clientConfig"))...)
	return append(errs, validateConditions(h.conditions, path.Child("matchConditions"))...)
}

func validateReviewVersions(versions []string, path *field.Path) field.ErrorList {
	if len(versions) == 0 {
		return field.ErrorList{field.Required(path, "must specify one of v1, v1beta1")}
	}
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, v := range versions {
		if seen[v] {
			errs = append(errs, field.Invalid(path.Index(i), v, "duplicate version"))
			continue
		}
		seen[v] = true
		errs = append(errs, kinds.Invalids(path.Index(i), v, utilvalidation.IsDNS1035Label(v))...)
	}
	if !seen["v1"] && !seen["v1beta1"] {
		errs = append(errs, field.Invalid(path, versions, "must include at least one of v1, v1beta1"))
	}
	return errs
}

func validateFailurePolicy(p *admissionregistrationv1.FailurePolicyType, path *field.Path) field.ErrorList {
	if p == nil || slices.Contains(failurePolicies, *p) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, *p, failurePolicies)}
}

func validateMatchPolicy(p *admissionregistrationv1.MatchPolicyType, path *field.Path) field.ErrorList {
	if p == nil || slices.Contains(matchPolicies, *p) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, *p, matchPolicies)}
}

func validateSelectors(namespaces, objects *metav1.LabelSelector, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if namespaces != nil {
		errs = append(errs, kinds.SortedErrors(metav1validation.ValidateLabelSelector(namespaces, metav1validation.LabelSelectorValidationOptions{}, path.Child("namespaceSelector")))...)
	}
	if objects != nil {
		errs = append(errs, kinds.SortedErrors(metav1validation.ValidateLabelSelector(objects, metav1validation.LabelSelectorValidationOptions{}, path.Child("objectSelector")))...)
	}
	return errs
}

// validateRule checks which requests a webhook (subresources may be named) or a
// policy is about.
func validateRule(r *admissionregistrationv1.RuleWithOperations, subresources bool, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	alone := func(list []string, name string) {
		if len(list) == 0 {
			errs = append(errs, field.Required(path.Child(name), ""))
		}
		if len(list) > 1 && slices.Contains(list, "*") {
			errs = append(errs, field.Invalid(path.Child(name), list, "if '*' is present, must not specify other "+plainName[name]))
		}
	}
	alone(r.APIGroups, "apiGroups")
	alone(r.APIVersions, "apiVersions")
	for i, v := range r.APIVersions {
		if v == "" {
			errs = append(errs, field.Required(path.Child("apiVersions").Index(i), ""))
		}
	}
	if len(r.Resources) == 0 {
		errs = append(errs, field.Required(path.Child("resources"), ""))
	}
	for i, name := range r.Resources {
		if name == "" {
			errs = append(errs, field.Required(path.Child("resources").Index(i), ""))
		}
	}
	if !subresources && len(r.Resources) > 1 && slices.Contains(r.Resources, "*") {
		errs = append(errs, field.Invalid(path.Child("resources"), r.Resources, "if '*' is present, must not specify other resources"))
	}
	operations := []admissionregistrationv1.OperationType{admissionregistrationv1.OperationAll, admissionregistrationv1.Connect, admissionregistrationv1.Create, admissionregistrationv1.Delete, admissionregistrationv1.Update}
	if len(r.Operations) == 0 {
		errs = append(errs, field.Required(path.Child("operations"), ""))
	}
	if len(r.Operations) > 1 && slices.Contains(r.Operations, admissionregistrationv1.OperationAll) {
		errs = append(errs, field.Invalid(path.Child("operations"), r.Operations, "if '*' is present, must not specify other operations"))
	}
	for i, o := range r.Operations {
		if !slices.Contains(operations, o) {
			errs = append(errs, field.NotSupported(path.Child("operations").Index(i), o, operations))
		}
	}
	scopes := []admissionregistrationv1.ScopeType{admissionregistrationv1.AllScopes, admissionregistrationv1.ClusterScope, admissionregistrationv1.NamespacedScope}
	if s := ptr.Deref(r.Scope, admissionregistrationv1.AllScopes); !slices.Contains(scopes, s) {
		errs = append(errs, field.NotSupported(path.Child("scope"), s, scopes))
	}
	return errs
}

var plainName = map[string]string{"apiGroups": "API groups", "apiVersions": "API versions"}

func validateClientConfig(c admissionregistrationv1.WebhookClientConfig, path *field.Path) field.ErrorList {
	if (c.URL == nil) == (c.Service == nil) {
		return field.ErrorList{field.Required(path, "exactly one of url or service is required")}
	}
	if c.URL != nil {
		return validateWebhookURL(*c.URL, path.Child("url"))
	}
	var errs field.ErrorList
	at, s := path.Child("service"), c.Service
	if s.Name == "" {
		errs = append(errs, field.Required(at.Child("name"), "service name is required"))
	}
	if s.Namespace == "" {
		errs = append(errs, field.Required(at.Child("namespace"), "service namespace is required"))
	}
	if p := ptr.Deref(s.Port, 443); p < 1 || p > 65535 {
		errs = append(errs, field.Invalid(at.Child("port"), p, "port is not valid: must be between 1 and 65535, inclusive"))
	}
	if s.Path == nil || *s.Path == "/" || *s.Path == "" {
		return errs
	}
	if !strings.HasPrefix(*s.Path, "/") {
		errs = append(errs, field.Invalid(at.Child("path"), *s.Path, "must start with a '/'"))
	}
	steps := strings.Split(strings.TrimSuffix(strings.TrimPrefix(*s.Path, "/"), "/"), "/")
	for i, step := range steps {
		if step == "" {
			errs = append(errs, field.Invalid(at.Child("path"), *s.Path, fmt.Sprintf("segment[%d] may not be empty", i)))
			continue
		}
		for _, text := range utilvalidation.IsDNS1123Subdomain(step) {
			errs = append(errs, field.Invalid(at.Child("path"), *s.Path, fmt.Sprintf("segment[%d]: %v", i, text)))
		}
	}
	return errs
}

func validateWebhookURL(text string, path *field.Path) field.ErrorList {
	const form = "; desired format: https://host[/path]"
	u, err := url.Parse(text)
	if err != nil {
		return field.ErrorList{field.Required(path, "url must be a valid URL: "+err.Error()+form)}
	}
	var errs field.ErrorList
	bad := func(value, message string) { errs = append(errs, field.Invalid(path, value, message+form)) }
	if u.Scheme != "https" {
		bad(u.Scheme, "'https' is the only allowed URL scheme")
	}
	if u.Host == "" {
		bad(u.Host, "host must be specified")
	}
	if u.User != nil {
		bad(u.User.String(), "user information is not permitted in the URL")
	}
	if u.Fragment != "" {
		bad(u.Fragment, "fragments are not permitted in the URL")
	}
	if u.RawQuery != "" {
		bad(u.RawQuery, "query parameters are not permitted in the URL")
	}
	return errs
}

// maxMatchConditions is how many an object may have.
const maxMatchConditions = 64

func validateConditions(conditions []admissionregistrationv1.MatchCondition, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(conditions) > maxMatchConditions {
		errs = append(errs, field.TooMany(path, len(conditions), maxMatchConditions))
	}
	names := map[string]bool{}
	for i, c := range conditions {
		at := path.Index(i)
		errs = append(errs, validateExpression(c.Expression, at.Child("expression"))...)
		switch {
		case c.Name == "":
			errs = append(errs, field.Required(at.Child("name"), ""))
		case names[c.Name]:
			errs = append(errs, field.Duplicate(at.Child("name"), c.Name))
		default:
			errs = append(errs, kinds.Invalids(at.Child("name"), c.Name, utilvalidation.IsQualifiedName(c.Name))...)
		}
		names[c.Name] = true
	}
	return errs
}

func validateExpression(text string, path *field.Path) field.ErrorList {
	if strings.TrimSpace(text) == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	return nil
}

func validatePolicy(p *admissionregistrationv1.ValidatingAdmissionPolicy) field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateFailurePolicy(p.Spec.FailurePolicy, spec.Child("failurePolicy"))
	errs = append(errs, validatePolicyMatch(p.Spec.ParamKind, p.Spec.MatchConstraints, spec)...)
	errs = append(errs, validateConditions(p.Spec.MatchConditions, spec.Child("matchConditions"))...)
	errs = append(errs, validateVariables(p.Spec.Variables, spec.Child("variables"))...)
	if len(p.Spec.Validations) == 0 && len(p.Spec.AuditAnnotations) == 0 {
		text := "validations or auditAnnotations must be non-empty"
		return append(errs, field.Required(spec.Child("validations"), text), field.Required(spec.Child("auditAnnotations"), text))
	}
	for i, v := range p.Spec.Validations {
		at := spec.Child("validations").Index(i)
		errs = append(errs, validateExpression(v.Expression, at.Child("expression"))...)
		if strings.Contains(strings.TrimSpace(v.Message), "\n") {
			errs = append(errs, field.Invalid(at.Child("message"), v.Message, "message must not contain line breaks"))
		}
		reasons := []metav1.StatusReason{metav1.StatusReasonForbidden, metav1.StatusReasonInvalid, metav1.StatusReasonRequestEntityTooLarge, metav1.StatusReasonUnauthorized}
		if v.Reason != nil && !slices.Contains(reasons, *v.Reason) {
			errs = append(errs, field.NotSupported(at.Child("reason"), *v.Reason, reasons))
		}
	}
	return errs
}

func validatePolicyMatch(kind *admissionregistrationv1.ParamKind, m *admissionregistrationv1.MatchResources, spec *field.Path) field.ErrorList {
	var errs field.ErrorList
	if kind != nil {
		if kind.APIVersion == "" {
			errs = append(errs, field.Required(spec.Child("paramKind", "apiVersion"), ""))
		}
		if kind.Kind == "" {
			errs = append(errs, field.Required(spec.Child("paramKind", "kind"), ""))
		}
	}
	path := spec.Child("matchConstraints")
	if m == nil {
		return append(errs, field.Required(path, ""))
	}
	if len(m.ResourceRules) == 0 {
		errs = append(errs, field.Required(path.Child("resourceRules"), ""))
	}
	return append(errs, validateMatch(m, path)...)
}

func validateMatch(m *admissionregistrationv1.MatchResources, path *field.Path) field.ErrorList {
	errs := validateMatchPolicy(m.MatchPolicy, path.Child("matchPolicy"))
	errs = append(errs, validateSelectors(m.NamespaceSelector, m.ObjectSelector, path)...)
	for i := range m.ResourceRules {
		errs = append(errs, validateRule(&m.ResourceRules[i].RuleWithOperations, true, path.Child("resourceRules").Index(i))...)
	}
	for i := range m.ExcludeResourceRules {
		errs = append(errs, validateRule(&m.ExcludeResourceRules[i].RuleWithOperations, true, path.Child("excludeResourceRules").Index(i))...)
	}
	return errs
}

var identifier = regexp.MustCompile(`^[_a-zA-Z][_a-zA-Z0-9]*$`)

func validateVariables(variables []admissionregistrationv1.Variable, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, v := range variables {
		at := path.Index(i)
		switch {
		case v.Name == "":
			errs = append(errs, field.Required(at.Child("name"), "name is required"))
		case !identifier.MatchString(v.Name):
			errs = append(errs, field.Invalid(at.Child("name"), v.Name, "name is not a valid CEL identifier"))
		}
		if strings.TrimSpace(v.Expression) == "" {
			errs = append(errs, field.Required(at.Child("expression"), "expression is not specified"))
		}
	}
	return errs
}

func validateMutatingPolicy(p *admissionregistrationv1.MutatingAdmissionPolicy) field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateFailurePolicy(p.Spec.FailurePolicy, spec.Child("failurePolicy"))
	errs = append(errs, validatePolicyMatch(p.Spec.ParamKind, p.Spec.MatchConstraints, spec)...)
	errs = append(errs, validateConditions(p.Spec.MatchConditions, spec.Child("matchConditions"))...)
	errs = append(errs, validateVariables(p.Spec.Variables, spec.Child("variables"))...)
	if len(p.Spec.Mutations) == 0 {
		errs = append(errs, field.Required(spec.Child("mutations"), "mutations must contain at least one item"))
	}
	for i, m := range p.Spec.Mutations {
		at := spec.Child("mutations").Index(i)
		switch m.PatchType {
		case "":
			errs = append(errs, field.Required(at.Child("patchType"), ""))
		case admissionregistrationv1.PatchTypeJSONPatch:
			if m.JSONPatch == nil {
				errs = append(errs, field.Required(at.Child("jsonPatch"), "must be specified when patchType is JSONPatch"))
			}
		case admissionregistrationv1.PatchTypeApplyConfiguration:
			if m.ApplyConfiguration == nil {
				errs = append(errs, field.Required(at.Child("applyConfiguration"), "must be specified when patchType is ApplyConfiguration"))
			}
		default:
			errs = append(errs, field.NotSupported(at.Child("patchType"), m.PatchType, []admissionregistrationv1.PatchType{admissionregistrationv1.PatchTypeApplyConfiguration, admissionregistrationv1.PatchTypeJSONPatch}))
		}
	}
	policies := []admissionregistrationv1.ReinvocationPolicyType{admissionregistrationv1.IfNeededReinvocationPolicy, admissionregistrationv1.NeverReinvocationPolicy}
	switch r := p.Spec.ReinvocationPolicy; {
	case r == "":
		errs = append(errs, field.Required(spec.Child("reinvocationPolicy"), ""))
	case !slices.Contains(policies, r):
		errs = append(errs, field.NotSupported(spec.Child("reinvocationPolicy"), r, policies))
	}
	return errs
}

func validateBindingOf(policy string, ref *admissionregistrationv1.ParamRef, m *admissionregistrationv1.MatchResources) field.ErrorList {
	spec := field.NewPath("spec")
	var errs field.ErrorList
	if policy == "" {
		errs = append(errs, field.Required(spec.Child("policyName"), ""))
	} else {
		errs = append(errs, kinds.Invalids(spec.Child("policyName"), policy, apivalidation.NameIsDNSSubdomain(policy, false))...)
	}
	if ref != nil {
		at := spec.Child("paramRef")
		switch {
		case ref.Name != "" && ref.Selector != nil:
			errs = append(errs, field.Forbidden(at.Child("name"), "name and selector are mutually exclusive"))
		case ref.Name == "" && ref.Selector == nil:
			errs = append(errs, field.Required(at, "one of name or selector must be specified"))
		}
	}
	if m != nil {
		errs = append(errs, validateMatch(m, spec.Child("matchResources"))...)
	}
	return errs
}

func validateActions(actions []admissionregistrationv1.ValidationAction, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	known := []admissionregistrationv1.ValidationAction{admissionregistrationv1.Audit, admissionregistrationv1.Deny, admissionregistrationv1.Warn}
	seen := map[admissionregistrationv1.ValidationAction]bool{}
	for i, a := range actions {
		if !slices.Contains(known, a) {
			errs = append(errs, field.NotSupported(path.Index(i), a, known))
		}
		if seen[a] {
			errs = append(errs, field.Duplicate(path.Index(i), a))
		}
		seen[a] = true
	}
	if seen[admissionregistrationv1.Deny] && seen[admissionregistrationv1.Warn] {
		errs = append(errs, field.Invalid(path, actions, "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)"))
	}
	if len(actions) == 0 {
		errs = append(errs, field.Required(path, "at least one validation action is required"))
	}
	return errs
}
