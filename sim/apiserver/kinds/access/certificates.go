package access

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// newCertificateRequestKind: requests are approved through /approval and signed
// through /status by whoever plays the signer; who asks is written down by the
// request path.
func newCertificateRequestKind() *kinds.Kind {
	type request = *certificatesv1.CertificateSigningRequest
	spec := certificatesv1.CertificateSigningRequestSpec{}.SwaggerDoc()
	return kinds.Builtin[request, *certificatesv1.CertificateSigningRequestList](certificatesv1.SchemeGroupVersion, kinds.Spec{
		Resource: "certificatesigningrequests", ShortNames: []string{"csr"},
		Strategy: &kinds.Rules[request]{
			PrepareCreate: func(r request) { r.Status = certificatesv1.CertificateSigningRequestStatus{} },
			PrepareUpdate: func(r, old request) { r.Spec, r.Status = old.Spec, old.Status },
			Check:         validateCertificateRequest,
			Conditional:   false,
		},
		Status: &kinds.Rules[request]{
			PrepareUpdate: func(r, old request) {
				r.Spec = old.Spec
				r.Status.Conditions = keepDecisions(r.Status.Conditions, old.Status.Conditions)
				stampConditions(r, old)
			},
			CheckUpdate: validateIssued,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			kinds.AgeColumn,
			{Name: "SignerName", Type: "string", Description: spec["signerName"]},
			{Name: "Requestor", Type: "string", Description: spec["request"]},
			{Name: "RequestedDuration", Type: "string", Description: spec["expirationSeconds"]},
			{Name: "Condition", Type: "string", Description: certificatesv1.CertificateSigningRequestStatus{}.SwaggerDoc()["conditions"]},
		}, func(r request, now time.Time) []any {
			wanted := "<none>"
			if s := r.Spec.ExpirationSeconds; s != nil {
				wanted = duration.HumanDuration(time.Duration(*s) * time.Second)
			}
			return []any{r.Name, kinds.Age(r.CreationTimestamp, now), kinds.OrNone(r.Spec.SignerName), r.Spec.Username, wanted, certificateState(r)}
		}),
		Selectable: kinds.Selectable(func(r request) fields.Set { return fields.Set{"spec.signerName": r.Spec.SignerName} }),
	})
}

// Approval rules /approval: conditions may be added there, and nothing else
// changed.
func Approval() kinds.UpdateStrategy {
	type request = *certificatesv1.CertificateSigningRequest
	return &kinds.Rules[request]{
		PrepareUpdate: func(r, old request) {
			conditions := r.Status.Conditions
			r.Spec, r.Status = old.Spec, *old.Status.DeepCopy()
			r.Status.Conditions = conditions
			stampConditions(r, old)
		},
		CheckUpdate: func(r, old request) field.ErrorList { return validateDecisions(r, old) },
	}
}

// keepDecisions: only /approval approves or denies.
func keepDecisions(now, before []certificatesv1.CertificateSigningRequestCondition) []certificatesv1.CertificateSigningRequestCondition {
	var out []certificatesv1.CertificateSigningRequestCondition
	for _, c := range before {
		if c.Type == certificatesv1.CertificateApproved || c.Type == certificatesv1.CertificateDenied {
			out = append(out, c)
		}
	}
	for _, c := range now {
		if c.Type != certificatesv1.CertificateApproved && c.Type != certificatesv1.CertificateDenied {
			out = append(out, c)
		}
	}
	return out
}

// stampConditions gives new conditions the time of the request's creation when
// they name none: strategies have no clock.
func stampConditions(r, old *certificatesv1.CertificateSigningRequest) {
	for i := range r.Status.Conditions {
		c := &r.Status.Conditions[i]
		if c.LastUpdateTime.IsZero() {
			c.LastUpdateTime = old.CreationTimestamp
		}
		if c.LastTransitionTime.IsZero() {
			c.LastTransitionTime = c.LastUpdateTime
		}
	}
}

func validateCertificateRequest(r *certificatesv1.CertificateSigningRequest) field.ErrorList {
	spec := field.NewPath("spec")
	var errs field.ErrorList
	if err := parseRequest(r.Spec.Request); err != nil {
		errs = append(errs, field.Invalid(spec.Child("request"), r.Spec.Request, err.Error()))
	}
	if len(r.Spec.Usages) == 0 {
		errs = append(errs, field.Required(spec.Child("usages"), ""))
	}
	errs = append(errs, validateSignerName(r.Spec.SignerName, spec.Child("signerName"))...)
	if s := r.Spec.ExpirationSeconds; s != nil && *s < 600 {
		errs = append(errs, field.Invalid(spec.Child("expirationSeconds"), *s, "may not specify a duration less than 600 seconds (10 minutes)"))
	}
	return errs
}

func parseRequest(data []byte) error {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return errors.New("PEM block type must be CERTIFICATE REQUEST")
	}
	_, err := x509.ParseCertificateRequest(block.Bytes)
	return err
}

func validateSignerName(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	if domain, rest, ok := strings.Cut(name, "/"); !ok || rest == "" || !strings.Contains(domain, ".") {
		return field.ErrorList{field.Invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")}
	}
	return nil
}

func validateDecisions(r, old *certificatesv1.CertificateSigningRequest) field.ErrorList {
	path := field.NewPath("status", "conditions")
	var errs field.ErrorList
	approved, denied := false, false
	seen := map[certificatesv1.RequestConditionType]bool{}
	for i, c := range r.Status.Conditions {
		if c.Type == "" {
			errs = append(errs, field.Required(path.Index(i).Child("type"), ""))
		}
		if seen[c.Type] {
			errs = append(errs, field.Duplicate(path.Index(i).Child("type"), c.Type))
		}
		seen[c.Type] = true
		approved = approved || c.Type == certificatesv1.CertificateApproved
		denied = denied || c.Type == certificatesv1.CertificateDenied
		decision := c.Type == certificatesv1.CertificateApproved || c.Type == certificatesv1.CertificateDenied || c.Type == certificatesv1.CertificateFailed
		if decision && c.Status != corev1.ConditionTrue {
			errs = append(errs, field.NotSupported(path.Index(i).Child("status"), c.Status, []corev1.ConditionStatus{corev1.ConditionTrue}))
		}
	}
	if approved && denied {
		errs = append(errs, field.Invalid(path, "Denied", "Approved and Denied conditions are mutually exclusive"))
	}
	for _, c := range old.Status.Conditions {
		if (c.Type == certificatesv1.CertificateApproved || c.Type == certificatesv1.CertificateDenied || c.Type == certificatesv1.CertificateFailed) && !seen[c.Type] {
			errs = append(errs, field.Forbidden(path, "updates may not remove a condition of type \""+string(c.Type)+"\""))
		}
	}
	return errs
}

func validateIssued(r, old *certificatesv1.CertificateSigningRequest) field.ErrorList {
	errs := validateDecisions(r, old)
	if len(old.Status.Certificate) > 0 && !apiequality.Semantic.DeepEqual(r.Status.Certificate, old.Status.Certificate) {
		errs = append(errs, field.Forbidden(field.NewPath("status", "certificate"), "updates may not modify existing certificate content"))
	}
	if len(r.Status.Certificate) > 0 {
		if block, _ := pem.Decode(r.Status.Certificate); block == nil || block.Type != "CERTIFICATE" {
			errs = append(errs, field.Invalid(field.NewPath("status", "certificate"), "<certificate data>", "must contain at least one CERTIFICATE PEM block"))
		}
	}
	return errs
}

func certificateState(r *certificatesv1.CertificateSigningRequest) string {
	var parts []string
	has := func(kind certificatesv1.RequestConditionType) bool {
		for _, c := range r.Status.Conditions {
			if c.Type == kind {
				return true
			}
		}
		return false
	}
	switch {
	case has(certificatesv1.CertificateDenied):
		parts = append(parts, "Denied")
	case has(certificatesv1.CertificateApproved):
		parts = append(parts, "Approved")
	default:
		parts = append(parts, "Pending")
	}
	if has(certificatesv1.CertificateFailed) {
		parts = append(parts, "Failed")
	}
	if len(r.Status.Certificate) > 0 {
		parts = append(parts, "Issued")
	}
	return strings.Join(parts, ",")
}
