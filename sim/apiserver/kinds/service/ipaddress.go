package service

import (
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validation/path"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// An IPAddress is a claim: its name is the address, in canonical form, so that
// nobody can hold the address under another spelling, and who holds it never
// changes.
func newIPAddressKind() *kinds.Kind {
	return kinds.Builtin[*networkingv1.IPAddress, *networkingv1.IPAddressList](networkingv1.SchemeGroupVersion, kinds.Spec{
		Resource:   "ipaddresses",
		ShortNames: []string{"ip"},
		Strategy: &ipAddressStrategy{kinds.Rules[*networkingv1.IPAddress]{
			Check:       validateIPAddress,
			CheckUpdate: validateIPAddressUpdate,
			Name:        ipAddressName,
		}},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "ParentRef", Type: "string", Description: networkingv1.IPAddressSpec{}.SwaggerDoc()["parentRef"]},
		}, ipAddressCells),
	})
}

// ipAddressStrategy generates no names: random characters make no address.
type ipAddressStrategy struct {
	kinds.Rules[*networkingv1.IPAddress]
}

// GenerateName implements [kinds.NameGenerator].
func (*ipAddressStrategy) GenerateName(base string) string { return base }

func ipAddressName(name string, _ bool) []string {
	var messages []string
	for _, err := range utilvalidation.IsValidIP(nil, name) {
		messages = append(messages, err.Detail)
	}
	return messages
}

func validateIPAddress(ip *networkingv1.IPAddress) field.ErrorList {
	parent := field.NewPath("spec", "parentRef")
	ref := ip.Spec.ParentRef
	if ref == nil {
		return field.ErrorList{field.Required(parent, "")}
	}
	var errs field.ErrorList
	// The core group is the empty string, so the group cannot be required.
	if ref.Group != "" {
		errs = append(errs, kinds.Invalids(parent.Child("group"), ref.Group, utilvalidation.IsDNS1123Subdomain(ref.Group))...)
	}
	for _, part := range []struct {
		name, value string
		required    bool
	}{
		{"resource", ref.Resource, true},
		{"name", ref.Name, true},
		{"namespace", ref.Namespace, false},
	} {
		switch {
		case part.value != "":
			errs = append(errs, kinds.Invalids(parent.Child(part.name), part.value, path.IsValidPathSegmentName(part.value))...)
		case part.required:
			errs = append(errs, field.Required(parent.Child(part.name), ""))
		}
	}
	return errs
}

// validateIPAddressUpdate: who holds an address never changes. Like the real
// server's declarative validation it shows no value.
func validateIPAddressUpdate(ip, old *networkingv1.IPAddress) field.ErrorList {
	errs := validateIPAddress(ip)
	if apiequality.Semantic.DeepEqual(ip.Spec.ParentRef, old.Spec.ParentRef) {
		return errs
	}
	return append(errs, kinds.Immutable(field.NewPath("spec", "parentRef")))
}

// ipAddressCells has a third cell, the age, that no column announces: so does
// the real server.
func ipAddressCells(ip *networkingv1.IPAddress, now time.Time) []any {
	parent := "<none>"
	if ref := ip.Spec.ParentRef; ref != nil {
		resource := schema.GroupResource{Group: ref.Group, Resource: ref.Resource}
		parts := []string{strings.ToLower(resource.String())}
		if ref.Namespace != "" {
			parts = append(parts, ref.Namespace)
		}
		parent = strings.Join(append(parts, ref.Name), "/")
	}
	return []any{ip.Name, parent, kinds.Age(ip.CreationTimestamp, now)}
}
