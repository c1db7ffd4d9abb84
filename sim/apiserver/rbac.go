package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// rbac decides by the roles and bindings that are stored now, as the RBAC
// authorizer of kube-apiserver does by those that its informers have seen.
type rbac struct{ server *Server }

func (s *Server) authorizer() rbac { return rbac{s} }

// Authorize implements [admission.Authorizer].
func (r rbac) Authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	who := a.GetUser()
	if who == nil || slices.Contains(who.GetGroups(), user.SystemPrivilegedGroup) {
		return authorizer.DecisionAllow, "", nil
	}
	allowed := false
	var missing []string
	r.rulesFor(who, a.GetNamespace(), func(rule *rbacv1.PolicyRule) bool {
		allowed = allowed || ruleAllows(rule, a)
		return !allowed
	}, func(text string) { missing = append(missing, text) })
	if allowed {
		return authorizer.DecisionAllow, "", nil
	}
	reason := ""
	if len(missing) > 0 {
		reason = "RBAC: " + missing[0]
		if len(missing) > 1 {
			reason = "RBAC: [" + strings.Join(missing, ", ") + "]"
		}
	}
	return authorizer.DecisionNoOpinion, reason, nil
}

var (
	rbacGroup           = rbacv1.GroupName
	clusterRoles        = schema.GroupResource{Group: rbacGroup, Resource: "clusterroles"}
	clusterRoleBindings = schema.GroupResource{Group: rbacGroup, Resource: "clusterrolebindings"}
	roles               = schema.GroupResource{Group: rbacGroup, Resource: "roles"}
	roleBindings        = schema.GroupResource{Group: rbacGroup, Resource: "rolebindings"}
)

// everybody are the rules that a cluster gives to all who are authenticated,
// by its roles system:basic-user, system:discovery and system:public-info-viewer.
var everybody = []rbacv1.PolicyRule{
	{Verbs: []string{"create"}, APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"selfsubjectaccessreviews", "selfsubjectrulesreviews"}},
	{Verbs: []string{"create"}, APIGroups: []string{"authentication.k8s.io"}, Resources: []string{"selfsubjectreviews"}},
	{Verbs: []string{"get"}, NonResourceURLs: []string{"/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"}},
}

// bootstrapRoles are cluster roles that every cluster has and that manifests
// refer to. A stored one of the same name takes its place.
var bootstrapRoles = map[string][]rbacv1.PolicyRule{
	"cluster-admin": {
		{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}},
		{Verbs: []string{"*"}, NonResourceURLs: []string{"*"}},
	},
	"system:auth-delegator": {
		{Verbs: []string{"create"}, APIGroups: []string{"authentication.k8s.io"}, Resources: []string{"tokenreviews"}},
		{Verbs: []string{"create"}, APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"subjectaccessreviews"}},
	},
}

// rulesFor visits the rules that apply to somebody, in a namespace or in none,
// until visit is false. missing hears of roles that bindings name in vain.
func (r rbac) rulesFor(who user.Info, namespace string, visit func(*rbacv1.PolicyRule) bool, missing func(string)) {
	if slices.Contains(who.GetGroups(), user.AllAuthenticated) && !visitAll(everybody, visit) {
		return
	}
	for _, obj := range r.server.Objects(clusterRoleBindings) {
		b := obj.(*rbacv1.ClusterRoleBinding)
		if appliesTo(b.Subjects, who, "") && !visitAll(r.rulesOf(b.RoleRef, "", missing), visit) {
			return
		}
	}
	res := r.server.resources[roleBindings]
	if namespace == "" || res == nil {
		return
	}
	for _, key := range span(res.keys, namespace) {
		b := res.objects[key].value.(*rbacv1.RoleBinding)
		if appliesTo(b.Subjects, who, namespace) && !visitAll(r.rulesOf(b.RoleRef, namespace, missing), visit) {
			return
		}
	}
}

func visitAll(rules []rbacv1.PolicyRule, visit func(*rbacv1.PolicyRule) bool) bool {
	for i := range rules {
		if !visit(&rules[i]) {
			return false
		}
	}
	return true
}

func (r rbac) rulesOf(ref rbacv1.RoleRef, namespace string, missing func(string)) []rbacv1.PolicyRule {
	gr, key := clusterRoles, ref.Name
	if ref.Kind == "Role" {
		gr, key = roles, objectKey(namespace, ref.Name)
	}
	var found *object
	if res := r.server.resources[gr]; res != nil {
		found = res.objects[key]
	}
	if found == nil {
		if rules, ok := bootstrapRoles[ref.Name]; ok && gr == clusterRoles {
			return rules
		}
		missing(fmt.Sprintf("%s.%s %q not found", strings.ToLower(ref.Kind), rbacGroup, ref.Name))
		return nil
	}
	if role, ok := found.value.(*rbacv1.Role); ok {
		return role.Rules
	}
	return r.withAggregated(found.value.(*rbacv1.ClusterRole))
}

// withAggregated adds the rules of the roles that an aggregated one selects,
// as a controller does in a real cluster.
func (r rbac) withAggregated(role *rbacv1.ClusterRole) []rbacv1.PolicyRule {
	if role.AggregationRule == nil {
		return role.Rules
	}
	rules := slices.Clone(role.Rules)
	for i := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&role.AggregationRule.ClusterRoleSelectors[i])
		if err != nil {
			continue
		}
		for _, obj := range r.server.Objects(clusterRoles) {
			if other := obj.(*rbacv1.ClusterRole); other.Name != role.Name && selector.Matches(labels.Set(other.Labels)) {
				rules = append(rules, other.Rules...)
			}
		}
	}
	return rules
}

func appliesTo(subjects []rbacv1.Subject, who user.Info, namespace string) bool {
	return slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool {
		switch s.Kind {
		case rbacv1.UserKind:
			return who.GetName() == s.Name
		case rbacv1.GroupKind:
			return slices.Contains(who.GetGroups(), s.Name)
		case rbacv1.ServiceAccountKind:
			ns := s.Namespace
			if ns == "" {
				ns = namespace
			}
			return ns != "" && serviceaccount.MatchesUsername(ns, s.Name, who.GetName())
		}
		return false
	})
}

func ruleAllows(rule *rbacv1.PolicyRule, a authorizer.Attributes) bool {
	if !oneOrAll(rule.Verbs, a.GetVerb()) {
		return false
	}
	if !a.IsResourceRequest() {
		return slices.ContainsFunc(rule.NonResourceURLs, func(pattern string) bool {
			prefix, wild := strings.CutSuffix(pattern, "*")
			return pattern == a.GetPath() || wild && strings.HasPrefix(a.GetPath(), prefix)
		})
	}
	return oneOrAll(rule.APIGroups, a.GetAPIGroup()) && resourceAllowed(rule.Resources, a) &&
		(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, a.GetName()))
}

func oneOrAll(list []string, one string) bool {
	return slices.Contains(list, "*") || slices.Contains(list, one)
}

func resourceAllowed(resources []string, a authorizer.Attributes) bool {
	sub := a.GetSubresource()
	whole := a.GetResource()
	if sub != "" {
		whole += "/" + sub
	}
	return oneOrAll(resources, whole) || sub != "" && slices.Contains(resources, "*/"+sub)
}

// forbidden is the 403 of a request that its user may not make, or nil.
func (c *call) forbidden() error {
	if c.r.Identity == nil {
		return nil
	}
	return c.refusal(c.authorizerAttributes())
}

// forbiddenTo is the 403 of a request that comes to need another verb than its own, as
// an apply does that creates, or nil.
func (c *call) forbiddenTo(verb string) error {
	if c.r.Identity == nil {
		return nil
	}
	a := c.authorizerAttributes()
	a.Verb = verb
	return c.refusal(a)
}

func (c *call) refusal(a authorizer.AttributesRecord) error {
	decision, reason, _ := c.server.authorizer().Authorize(context.Background(), a)
	if decision == authorizer.DecisionAllow {
		return nil
	}
	text := forbiddenText(a)
	if reason != "" {
		text += ": " + reason
	}
	return apierrors.NewForbidden(schema.GroupResource{Group: a.APIGroup, Resource: a.Resource}, a.Name, errors.New(text))
}

func (c *call) authorizerAttributes() authorizer.AttributesRecord {
	info, ok := parseResourcePath(c.r.URL.Path)
	if !ok {
		return authorizer.AttributesRecord{User: c.r.Identity, Verb: strings.ToLower(c.r.Method), Path: c.r.URL.Path}
	}
	c.info = info
	namespace := info.Namespace
	if info.Resource == "namespaces" && info.Group == "" {
		namespace = info.Name
	}
	verb := c.verb()
	if verb == "" && c.r.Method == http.MethodHead {
		verb = "get"
	}
	return authorizer.AttributesRecord{
		User: c.r.Identity, Verb: verb, Namespace: namespace, APIGroup: info.Group, APIVersion: info.Version,
		Resource: info.Resource, Subresource: info.Subresource, Name: info.Name, ResourceRequest: true, Path: c.r.URL.Path,
	}
}

func forbiddenText(a authorizer.AttributesRecord) string {
	if !a.ResourceRequest {
		return fmt.Sprintf("User %q cannot %s path %q", a.User.GetName(), a.Verb, a.Path)
	}
	resource := a.Resource
	if a.Subresource != "" {
		resource += "/" + a.Subresource
	}
	where := "at the cluster scope"
	if a.Namespace != "" {
		where = fmt.Sprintf("in the namespace %q", a.Namespace)
	}
	return fmt.Sprintf("User %q cannot %s resource %q in API group %q %s", a.User.GetName(), a.Verb, resource, a.APIGroup, where)
}

// ServiceAccount is the identity of a process that runs under a service
// account, for [Request.Identity].
func ServiceAccount(namespace, name string) user.Info {
	info := serviceaccount.UserInfo(namespace, name, "")
	return &user.DefaultInfo{Name: info.GetName(), Groups: append(info.GetGroups(), user.AllAuthenticated)}
}
