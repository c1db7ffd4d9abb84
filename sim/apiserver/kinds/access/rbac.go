package access

import (
	"slices"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Roles and bindings are stored and checked but not enforced: here everybody
// may do everything.
func newRBACKinds() []*kinds.Kind {
	return []*kinds.Kind{
		kinds.Builtin[*rbacv1.Role, *rbacv1.RoleList](rbacv1.SchemeGroupVersion, kinds.Spec{
			Resource: "roles", Namespaced: true,
			Strategy: &kinds.Rules[*rbacv1.Role]{
				Check: func(r *rbacv1.Role) field.ErrorList { return validatePolicyRules(r.Rules, true) },
				Name:  kinds.PathSegment, CreateOnUpdate: true,
			},
			Table: kinds.PlainTable(),
		}),
		kinds.Builtin[*rbacv1.ClusterRole, *rbacv1.ClusterRoleList](rbacv1.SchemeGroupVersion, kinds.Spec{
			Resource: "clusterroles",
			Strategy: &kinds.Rules[*rbacv1.ClusterRole]{
				Check: func(r *rbacv1.ClusterRole) field.ErrorList { return validatePolicyRules(r.Rules, false) },
				Name:  kinds.PathSegment, CreateOnUpdate: true,
			},
			Table: kinds.PlainTable(),
		}),
		newRoleBindingKind(),
		newClusterRoleBindingKind(),
	}
}

func newRoleBindingKind() *kinds.Kind {
	return kinds.Builtin[*rbacv1.RoleBinding, *rbacv1.RoleBindingList](rbacv1.SchemeGroupVersion, kinds.Spec{
		Resource: "rolebindings", Namespaced: true,
		Strategy: &kinds.Rules[*rbacv1.RoleBinding]{
			Defaults: func(b *rbacv1.RoleBinding) { defaultBinding(&b.RoleRef, b.Subjects) },
			Check: func(b *rbacv1.RoleBinding) field.ErrorList {
				return validateBinding(b.RoleRef, b.Subjects, []string{"Role", "ClusterRole"})
			},
			CheckUpdate: func(b, old *rbacv1.RoleBinding) field.ErrorList {
				return append(validateBinding(b.RoleRef, b.Subjects, []string{"Role", "ClusterRole"}), roleRefChanged(b.RoleRef, old.RoleRef)...)
			},
			Name: kinds.PathSegment, CreateOnUpdate: true,
		},
		Table: kinds.TableOf(bindingColumns("roleBinding", rbacv1.RoleBinding{}.SwaggerDoc()["roleRef"]), func(b *rbacv1.RoleBinding, now time.Time) []any {
			return bindingCells(&b.ObjectMeta, b.RoleRef, b.Subjects, now)
		}),
	})
}

func newClusterRoleBindingKind() *kinds.Kind {
	return kinds.Builtin[*rbacv1.ClusterRoleBinding, *rbacv1.ClusterRoleBindingList](rbacv1.SchemeGroupVersion, kinds.Spec{
		Resource: "clusterrolebindings",
		Strategy: &kinds.Rules[*rbacv1.ClusterRoleBinding]{
			Defaults: func(b *rbacv1.ClusterRoleBinding) { defaultBinding(&b.RoleRef, b.Subjects) },
			Check: func(b *rbacv1.ClusterRoleBinding) field.ErrorList {
				return validateBinding(b.RoleRef, b.Subjects, []string{"ClusterRole"})
			},
			CheckUpdate: func(b, old *rbacv1.ClusterRoleBinding) field.ErrorList {
				return append(validateBinding(b.RoleRef, b.Subjects, []string{"ClusterRole"}), roleRefChanged(b.RoleRef, old.RoleRef)...)
			},
			Name: kinds.PathSegment, CreateOnUpdate: true,
		},
		Table: kinds.TableOf(bindingColumns("clusterRoleBinding", rbacv1.ClusterRoleBinding{}.SwaggerDoc()["roleRef"]), func(b *rbacv1.ClusterRoleBinding, now time.Time) []any {
			return bindingCells(&b.ObjectMeta, b.RoleRef, b.Subjects, now)
		}),
	})
}

func defaultBinding(ref *rbacv1.RoleRef, subjects []rbacv1.Subject) {
	if ref.APIGroup == "" {
		ref.APIGroup = rbacv1.GroupName
	}
	for i := range subjects {
		if s := &subjects[i]; s.APIGroup == "" && (s.Kind == rbacv1.UserKind || s.Kind == rbacv1.GroupKind) {
			s.APIGroup = rbacv1.GroupName
		}
	}
}

func validatePolicyRules(policies []rbacv1.PolicyRule, namespaced bool) field.ErrorList {
	var errs field.ErrorList
	for i, rule := range policies {
		path := field.NewPath("rules").Index(i)
		if len(rule.Verbs) == 0 {
			errs = append(errs, field.Required(path.Child("verbs"), "verbs must contain at least one value"))
		}
		if len(rule.NonResourceURLs) > 0 {
			if namespaced {
				errs = append(errs, field.Invalid(path.Child("nonResourceURLs"), rule.NonResourceURLs, "namespaced rules cannot apply to non-resource URLs"))
			}
			if len(rule.APIGroups)+len(rule.Resources)+len(rule.ResourceNames) > 0 {
				errs = append(errs, field.Invalid(path.Child("nonResourceURLs"), rule.NonResourceURLs, "rules cannot apply to both regular resources and non-resource URLs"))
			}
			continue
		}
		if len(rule.APIGroups) == 0 {
			errs = append(errs, field.Required(path.Child("apiGroups"), "resource rules must supply at least one api group"))
		}
		if len(rule.Resources) == 0 {
			errs = append(errs, field.Required(path.Child("resources"), "resource rules must supply at least one resource"))
		}
	}
	return errs
}

// validateBinding checks a binding to one of refKinds. One that may be to a Role is in a
// namespace, where its accounts are unless it says otherwise.
func validateBinding(ref rbacv1.RoleRef, subjects []rbacv1.Subject, refKinds []string) field.ErrorList {
	var errs field.ErrorList
	namespaced := slices.Contains(refKinds, "Role")
	path := field.NewPath("roleRef")
	if ref.APIGroup != rbacv1.GroupName {
		errs = append(errs, field.NotSupported(path.Child("apiGroup"), ref.APIGroup, []string{rbacv1.GroupName}))
	}
	if known := " " + strings.Join(refKinds, " ") + " "; !strings.Contains(known, " "+ref.Kind+" ") {
		errs = append(errs, field.NotSupported(path.Child("kind"), ref.Kind, refKinds))
	}
	if ref.Name == "" {
		errs = append(errs, field.Required(path.Child("name"), ""))
	} else {
		errs = append(errs, kinds.Invalids(path.Child("name"), ref.Name, kinds.PathSegment(ref.Name, false))...)
	}
	for i, subject := range subjects {
		path := field.NewPath("subjects").Index(i)
		if subject.Name == "" {
			errs = append(errs, field.Required(path.Child("name"), ""))
		}
		switch subject.Kind {
		case rbacv1.ServiceAccountKind:
			if subject.Name != "" {
				errs = append(errs, kinds.Invalids(path.Child("name"), subject.Name, apivalidation.ValidateServiceAccountName(subject.Name, false))...)
			}
			if subject.APIGroup != "" {
				errs = append(errs, field.NotSupported(path.Child("apiGroup"), subject.APIGroup, []string{""}))
			}
			if subject.Namespace == "" && !namespaced {
				errs = append(errs, field.Required(path.Child("namespace"), ""))
			}
		case rbacv1.UserKind, rbacv1.GroupKind:
			if subject.APIGroup != rbacv1.GroupName {
				errs = append(errs, field.NotSupported(path.Child("apiGroup"), subject.APIGroup, []string{rbacv1.GroupName}))
			}
		default:
			errs = append(errs, field.NotSupported(path.Child("kind"), subject.Kind, []string{rbacv1.ServiceAccountKind, rbacv1.UserKind, rbacv1.GroupKind}))
		}
	}
	return errs
}

func roleRefChanged(ref, old rbacv1.RoleRef) field.ErrorList {
	if ref == old {
		return nil
	}
	// The real server shows its internal type, whose fields have other names.
	shown := struct{ APIGroup, Kind, Name string }{ref.APIGroup, ref.Kind, ref.Name}
	return field.ErrorList{field.Invalid(field.NewPath("roleRef"), shown, "field is immutable")}
}

func bindingColumns(kind, doc string) []metav1.TableColumnDefinition {
	return []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Role", Type: "string", Description: doc},
		kinds.AgeColumn,
		{Name: "Users", Type: "string", Priority: 1, Description: "Users in the " + kind},
		{Name: "Groups", Type: "string", Priority: 1, Description: "Groups in the " + kind},
		{Name: "ServiceAccounts", Type: "string", Priority: 1, Description: "ServiceAccounts in the " + kind},
	}
}

func bindingCells(meta *metav1.ObjectMeta, ref rbacv1.RoleRef, subjects []rbacv1.Subject, now time.Time) []any {
	byKind := map[string][]string{}
	for _, s := range subjects {
		name := s.Name
		if s.Kind == rbacv1.ServiceAccountKind {
			name = s.Namespace + "/" + s.Name
		}
		byKind[s.Kind] = append(byKind[s.Kind], name)
	}
	cells := []any{meta.Name, ref.Kind + "/" + ref.Name, kinds.Age(meta.CreationTimestamp, now)}
	for _, kind := range []string{rbacv1.UserKind, rbacv1.GroupKind, rbacv1.ServiceAccountKind} {
		cells = append(cells, strings.Join(byKind[kind], ", "))
	}
	return cells
}
