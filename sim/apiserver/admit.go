package apiserver

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	libadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/seatrial/seatrial/sim/apiserver/admission"
)

// admissionGroup is that of the objects that say who is asked about writes.
const admissionGroup = "admissionregistration.k8s.io"

// admissionPlan is what the cluster's objects say about admission now.
func (s *Server) admissionPlan() *admission.Plan {
	if s.plan == nil {
		s.plan = admission.NewPlan(admission.Configuration{
			Mutating:         stored[*admissionregistrationv1.MutatingWebhookConfiguration](s, "mutatingwebhookconfigurations"),
			Validating:       stored[*admissionregistrationv1.ValidatingWebhookConfiguration](s, "validatingwebhookconfigurations"),
			Policies:         stored[*admissionregistrationv1.ValidatingAdmissionPolicy](s, "validatingadmissionpolicies"),
			Bindings:         stored[*admissionregistrationv1.ValidatingAdmissionPolicyBinding](s, "validatingadmissionpolicybindings"),
			MutatingPolicies: stored[*admissionregistrationv1.MutatingAdmissionPolicy](s, "mutatingadmissionpolicies"),
			MutatingBindings: stored[*admissionregistrationv1.MutatingAdmissionPolicyBinding](s, "mutatingadmissionpolicybindings"),
		})
	}
	return s.plan
}

func stored[T runtime.Object](s *Server, resource string) []T {
	var out []T
	for _, obj := range s.Objects(schema.GroupResource{Group: admissionGroup, Resource: resource}) {
		out = append(out, obj.(T))
	}
	return out
}

// admitted is a write as admission is asked about it.
type admitted struct {
	operation libadmission.Operation
	// name is empty on a creation that leaves it to the server.
	name     string
	obj, old runtime.Object // either may be nil
	// kind is that of obj and old; zero: the kind that the request names.
	kind schema.GroupVersionKind
}

// mutate lets the server's plugins, policies and webhooks change the object of
// a write, and returns the one to go on with.
func (w *write) mutate(a admitted) (runtime.Object, error) {
	plan := w.server.admissionPlan()
	if w.trusted {
		return a.obj, nil
	}
	if !plan.Mutates() {
		if a.obj == nil || a.operation != libadmission.Create && a.operation != libadmission.Update {
			return a.obj, nil
		}
		return w.mutateBuiltIn(a, a.obj)
	}
	attributes := w.attributes(a)
	out, err := plan.Mutate(admissionWorld{w}, attributes, func(obj runtime.Object) (runtime.Object, error) {
		return w.mutateBuiltIn(a, obj)
	})
	if err != nil || out == nil || out == attributes.GetObject() {
		return a.obj, err
	}
	return finishTyped(out), nil
}

// validate lets policies, webhooks and quotas refuse a write that the kind's
// own rules have let pass.
func (w *write) validate(a admitted) error {
	if w.trusted {
		return nil
	}
	if err := w.podSecurity(a); err != nil {
		return err
	}
	if plan := w.server.admissionPlan(); plan.Validates() {
		if err := plan.Validate(admissionWorld{w}, w.attributes(a)); err != nil {
			return err
		}
	}
	return w.validateBuiltIn(a)
}

// attributes are what policies and webhooks see of a write.
func (w *write) attributes(a admitted) admission.Attributes {
	kind := a.kind
	if kind.Empty() {
		kind = w.kind.GroupVersionKind(w.gv.Version)
	}
	named := func(obj runtime.Object) runtime.Object {
		if obj == nil {
			return nil
		}
		out := shallowCopy(obj)
		out.GetObjectKind().SetGroupVersionKind(kind)
		return out
	}
	name := a.name
	if name == "" && a.operation != libadmission.Create {
		name = w.info.Name
	}
	namespace := w.info.Namespace
	if w.res.gr == namespaceResource {
		namespace = name
	}
	return libadmission.NewAttributesRecord(named(a.obj), named(a.old), kind, namespace, name,
		w.gv.WithResource(w.kind.Resource.Resource), w.endpoint.subresource, a.operation, w.options, w.dryRun, w.user())
}

// user is who asks.
func (c *call) user() user.Info {
	if c.r.Identity != nil {
		return c.r.Identity
	}
	if c.r.Method == "" { // the server's own
		const name = "system:serviceaccount:kube-system:generic-garbage-collector"
		return &user.DefaultInfo{Name: name, Groups: []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", user.AllAuthenticated}}
	}
	return &user.DefaultInfo{Name: c.r.User, Groups: []string{user.SystemPrivilegedGroup, user.AllAuthenticated}}
}

// ask sends a review, once for each round, webhook and content.
func (w *write) ask(q admission.Question) (admission.Answer, bool) {
	unnamed, err := q.Request.Encode("")
	if err != nil {
		return admission.Answer{Err: err}, true
	}
	sum := sha256.Sum256(unnamed)
	hook := q.Webhook.Configuration + "/" + q.Webhook.Name
	key := fmt.Sprintf("%s round %d %s", hook, q.Round, hex.EncodeToString(sum[:]))
	answer, ok := w.await(question{key: key, ask: func(answered func(any)) func() {
		return w.sendReview(q, hook, key, answered)
	}})
	if !ok {
		return admission.Answer{}, false
	}
	return answer.(admission.Answer), true
}

func (w *write) sendReview(q admission.Question, hook, key string, answered func(any)) (cancel func()) {
	s, a := w.server, q.Request.Attributes
	if s.reviews == nil {
		s.reviews = map[string]uint64{}
	}
	uid := s.uuid("review", key, s.reviews[key])
	s.reviews[key]++
	body, err := q.Request.Encode(uid)
	if err != nil {
		answered(admission.Answer{Err: err})
		return func() {}
	}
	call := WebhookCall{
		RequestID: w.r.ID,
		Identity:  fmt.Sprintf("%s %s %s %s", hook, a.GetOperation(), q.Request.Resource.Resource, objectKey(a.GetNamespace(), a.GetName())),
		Timeout:   min(q.Webhook.Timeout, max(w.left(), time.Nanosecond)),
		Body:      body,
	}
	return s.post(call, q.Webhook.ClientConfig, func(got WebhookAnswer) {
		answered(admission.Answer{UID: uid, Code: got.Code, Body: got.Body, Text: isText(got.Header), Err: got.Err})
	})
}

func isText(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), "text/") }

// withType gives options the type they have in a review.
func withType[T runtime.Object](options T, kind string) T {
	options.GetObjectKind().SetGroupVersionKind(metav1.SchemeGroupVersion.WithKind(kind))
	return options
}
