package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// reviewVerbs are what a question about users can be asked by.
func (c *call) reviewVerbs() map[string]func() {
	if c.info.Name != "" || c.info.Subresource != "" || c.info.Watch {
		return nil
	}
	return map[string]func(){http.MethodPost: c.review}
}

// review answers a question about users; nothing is stored.
func (c *call) review() {
	f, err := c.negotiated()
	if err != nil {
		c.fail(err)
		return
	}
	obj, err := c.decodeBody(metav1.FieldValidationWarn)
	if err == nil {
		err = c.reviewed(obj)
	}
	if err != nil {
		c.fail(err)
		return
	}
	c.answerObject(http.StatusCreated, &object{value: obj, meta: metaOf(obj)}, f)
}

func (c *call) reviewed(obj runtime.Object) error {
	switch r := obj.(type) {
	case *authenticationv1.SelfSubjectReview:
		r.Status.UserInfo = userInfo(c.user())
	case *authenticationv1.TokenReview:
		if who, ok := c.server.Authenticate(r.Spec.Token); ok {
			r.Status = authenticationv1.TokenReviewStatus{Authenticated: true, User: userInfo(who), Audiences: r.Spec.Audiences}
		}
	case *authorizationv1.SelfSubjectAccessReview:
		return c.decide(r.Spec.ResourceAttributes, r.Spec.NonResourceAttributes, c.user(), &r.Status)
	case *authorizationv1.SubjectAccessReview:
		return c.decideFor(&r.Spec, &r.Status)
	case *authorizationv1.LocalSubjectAccessReview:
		switch {
		case r.Spec.ResourceAttributes == nil:
			return c.invalid(obj, field.ErrorList{field.Invalid(field.NewPath("spec", "resourceAttributes"), r.Spec.ResourceAttributes, "must be specified")})
		case r.Spec.ResourceAttributes.Namespace != c.info.Namespace:
			return apierrors.NewBadRequest(fmt.Sprintf("spec.resourceAttributes.namespace must match namespace: %v", c.info.Namespace))
		}
		return c.decideFor(&r.Spec, &r.Status)
	case *authorizationv1.SelfSubjectRulesReview:
		if r.Spec.Namespace == "" {
			return apierrors.NewBadRequest("no namespace on request")
		}
		c.listRules(r)
	}
	return nil
}

func userInfo(who user.Info) authenticationv1.UserInfo {
	return authenticationv1.UserInfo{Username: who.GetName(), UID: who.GetUID(), Groups: who.GetGroups()}
}

func (c *call) decideFor(spec *authorizationv1.SubjectAccessReviewSpec, status *authorizationv1.SubjectAccessReviewStatus) error {
	if spec.User == "" && len(spec.Groups) == 0 {
		return apierrors.NewInvalid(authorizationv1.SchemeGroupVersion.WithKind(c.kind.Kind).GroupKind(), "", field.ErrorList{field.Invalid(field.NewPath("spec", "user"), spec.User, "at least one of user or group must be specified")})
	}
	return c.decide(spec.ResourceAttributes, spec.NonResourceAttributes, &user.DefaultInfo{Name: spec.User, Groups: spec.Groups, UID: spec.UID}, status)
}

// decide asks RBAC.
func (c *call) decide(resource *authorizationv1.ResourceAttributes, path *authorizationv1.NonResourceAttributes, who user.Info, status *authorizationv1.SubjectAccessReviewStatus) error {
	if (resource == nil) == (path == nil) {
		return apierrors.NewInvalid(authorizationv1.SchemeGroupVersion.WithKind(c.kind.Kind).GroupKind(), "", field.ErrorList{field.Invalid(field.NewPath("spec", "resourceAttributes"), path, "exactly one of nonResourceAttributes or resourceAttributes must be specified")})
	}
	a := authorizer.AttributesRecord{User: who}
	if resource != nil {
		a.ResourceRequest, a.Verb, a.Namespace = true, resource.Verb, resource.Namespace
		a.APIGroup, a.APIVersion = resource.Group, resource.Version
		a.Resource, a.Subresource, a.Name = resource.Resource, resource.Subresource, resource.Name
	} else {
		a.Verb, a.Path = path.Verb, path.Path
	}
	decision, reason, err := c.server.authorizer().Authorize(context.Background(), a)
	*status = authorizationv1.SubjectAccessReviewStatus{Allowed: decision == authorizer.DecisionAllow, Reason: reason}
	if err != nil {
		status.EvaluationError = err.Error()
	}
	return nil
}

// listRules tells what the asker may do in a namespace.
func (c *call) listRules(r *authorizationv1.SelfSubjectRulesReview) {
	r.Status.ResourceRules, r.Status.NonResourceRules = []authorizationv1.ResourceRule{}, []authorizationv1.NonResourceRule{}
	add := func(rule *rbacv1.PolicyRule) bool {
		if len(rule.Resources) > 0 {
			r.Status.ResourceRules = append(r.Status.ResourceRules, authorizationv1.ResourceRule{Verbs: rule.Verbs, APIGroups: rule.APIGroups, Resources: rule.Resources, ResourceNames: rule.ResourceNames})
		}
		if len(rule.NonResourceURLs) > 0 {
			r.Status.NonResourceRules = append(r.Status.NonResourceRules, authorizationv1.NonResourceRule{Verbs: rule.Verbs, NonResourceURLs: rule.NonResourceURLs})
		}
		return true
	}
	var missing []error
	if slices.Contains(c.user().GetGroups(), user.SystemPrivilegedGroup) {
		visitAll(bootstrapRoles["cluster-admin"], add)
	} else {
		c.server.authorizer().rulesFor(c.user(), r.Spec.Namespace, add, func(text string) { missing = append(missing, errors.New(text)) })
	}
	if err := errors.Join(missing...); err != nil {
		r.Status.Incomplete, r.Status.EvaluationError = true, err.Error()
	}
}
