package admission

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/admission"
	celplugin "k8s.io/apiserver/pkg/admission/plugin/cel"
)

const (
	reviewV1      = "admission.k8s.io/v1"
	reviewV1beta1 = "admission.k8s.io/v1beta1"
)

// callError is a failure to get an answer out of a webhook. Whether it refuses
// the request is the webhook's failurePolicy's to say.
type callError struct {
	webhook string
	reason  error
}

func (e *callError) Error() string {
	return fmt.Sprintf("failed calling webhook %q: %v", e.webhook, e.reason)
}

// reviewVersion is the first version of the review that the webhook takes and
// the server knows.
func (h *Webhook) reviewVersion() string {
	for _, v := range h.versions {
		switch v {
		case "v1":
			return reviewV1
		case "v1beta1":
			return reviewV1beta1
		}
	}
	return ""
}

// call asks the webhook. The error is [ErrSuspended], a *callError, or the
// Status that refuses the request.
func (h *Webhook) call(w World, inv *invocation, v *admission.VersionedAttributes, round int) (*admissionv1.AdmissionResponse, error) {
	if v.IsDryRun() && (h.sideEffects == nil || *h.sideEffects != admissionregistrationv1.SideEffectClassNone && *h.sideEffects != admissionregistrationv1.SideEffectClassNoneOnDryRun) {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("admission webhook %q does not support dry run", h.Name))
	}
	version := h.reviewVersion()
	if version == "" {
		return nil, &callError{h.Name, errors.New("could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)")}
	}
	answer, ok := w.Ask(Question{Webhook: h, Round: round, Request: &Review{APIVersion: version, Attributes: v, Resource: inv.matched.resource}})
	if !ok {
		return nil, ErrSuspended
	}
	review, err := decodeReview(answer)
	if err != nil {
		return nil, &callError{h.Name, fmt.Errorf("failed to call webhook: %w", err)}
	}
	if err := verify(review, version, answer.UID, h.Mutating); err != nil {
		return nil, &callError{h.Name, fmt.Errorf("received invalid webhook response: %w", err)}
	}
	for _, text := range review.Response.Warnings {
		w.Warn(text)
	}
	if !review.Response.Allowed {
		return nil, rejection(h.Name, review.Response.Result)
	}
	return review.Response, nil
}

// Encode is the body of the review.
func (r *Review) Encode(uid string) ([]byte, error) {
	request := celplugin.CreateAdmissionRequest(r.Attributes.Attributes, metav1.GroupVersionResource(r.Resource), metav1.GroupVersionKind(r.Attributes.VersionedKind))
	request.UID = types.UID(uid)
	request.Object.Object = objectIn(&r.Attributes.VersionedObject)
	request.OldObject.Object = objectIn(&r.Attributes.VersionedOldObject)
	review := admissionv1.AdmissionReview{TypeMeta: metav1.TypeMeta{APIVersion: r.APIVersion, Kind: "AdmissionReview"}, Request: request}
	return json.Marshal(&review)
}

// decodeReview reads a webhook's answer as client-go would.
func decodeReview(a Answer) (*admissionv1.AdmissionReview, error) {
	if a.Err != nil {
		return nil, a.Err
	}
	if a.Code < http.StatusOK || a.Code > http.StatusPartialContent {
		return nil, httpError(a)
	}
	review := &admissionv1.AdmissionReview{}
	var kind metav1.TypeMeta
	if err := json.Unmarshal(a.Body, &kind); err != nil {
		return nil, fmt.Errorf("couldn't get version/kind; json parse error: %w", err)
	}
	switch {
	case kind.Kind == "":
		return nil, runtime.NewMissingKindErr(string(a.Body))
	case kind.Kind != "AdmissionReview" || kind.APIVersion != reviewV1 && kind.APIVersion != reviewV1beta1:
		return nil, runtime.NewNotRegisteredErrForKind("pkg/util/webhook/client.go", schema.FromAPIVersionAndKind(kind.APIVersion, kind.Kind))
	}
	if err := json.Unmarshal(a.Body, review); err != nil {
		return nil, err
	}
	return review, nil
}

// maxErrorText is how much of a failed answer's text is quoted.
const maxErrorText = 2048

func httpError(a Answer) error {
	var status metav1.Status
	if json.Unmarshal(a.Body, &status) == nil && status.Kind == "Status" && status.Status != metav1.StatusSuccess {
		return &apierrors.StatusError{ErrStatus: status}
	}
	message := "unknown"
	if a.Text {
		message = strings.TrimSpace(string(a.Body[:min(len(a.Body), maxErrorText)]))
	}
	return apierrors.NewGenericServerResponse(a.Code, http.MethodPost, schema.GroupResource{}, "", message, 0, true)
}

// verify checks what a well-behaved webhook answers.
func verify(review *admissionv1.AdmissionReview, version, uid string, mutating bool) error {
	r := review.Response
	if r == nil {
		return errors.New("webhook response was absent")
	}
	if version == reviewV1beta1 {
		return nil // that version was never so strict
	}
	switch {
	case string(r.UID) != uid:
		return fmt.Errorf("expected response.uid=%q, got %q", uid, r.UID)
	case review.APIVersion != version:
		want := schema.FromAPIVersionAndKind(version, review.Kind)
		return fmt.Errorf("expected webhook response of %v, got %v", want, review.GroupVersionKind())
	case !mutating && len(r.Patch) > 0:
		return errors.New("validating webhook may not return response.patch")
	case !mutating && r.PatchType != nil:
		return errors.New("validating webhook may not return response.patchType")
	case len(r.Patch) > 0 && r.PatchType == nil:
		return errors.New("webhook returned response.patch but not response.patchType")
	case len(r.Patch) == 0 && r.PatchType != nil:
		return errors.New("webhook returned response.patchType but not response.patch")
	case r.PatchType != nil && *r.PatchType == "":
		return fmt.Errorf("webhook returned invalid response.patchType of %q", *r.PatchType)
	}
	return nil
}

// rejection is the Status of a request that a webhook refused.
func rejection(webhook string, result *metav1.Status) error {
	denied := fmt.Sprintf("admission webhook %q denied the request", webhook)
	if result == nil {
		result = &metav1.Status{}
	}
	out := *result
	out.Code = max(out.Code, http.StatusBadRequest)
	if out.Status == "" || out.Status == metav1.StatusSuccess {
		out.Status = metav1.StatusFailure
	}
	switch {
	case out.Message != "":
		out.Message = denied + ": " + out.Message
	case out.Reason != "":
		out.Message = denied + ": " + string(out.Reason)
	default:
		out.Message = denied + " without explanation"
	}
	return &apierrors.StatusError{ErrStatus: out}
}
