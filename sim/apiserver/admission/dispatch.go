package admission

import (
	"errors"
	"fmt"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	admissionv1 "k8s.io/api/admission/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
)

// reinvocation remembers, through the two rounds of one request, what is to be
// invoked again.
type reinvocation struct {
	round   int
	invoked []string // that ask for it, in the first round
	again   map[string]bool
	changed bool // somebody changed the object
}

// changedBy notes that the object is not what those invoked so far left.
func (r *reinvocation) changedBy() {
	r.changed = true
	for _, name := range r.invoked {
		if r.again == nil {
			r.again = map[string]bool{}
		}
		r.again[name] = true
	}
}

// callMutating asks the webhooks one after the other, each about the object as
// those before have left it, and returns the object to go on with.
func callMutating(w World, a Attributes, hooks []*Webhook, r *reinvocation) (runtime.Object, error) {
	obj := a.GetObject()
	for _, h := range hooks {
		now := withObject(a, obj)
		inv, err := h.matches(w, now)
		if err != nil {
			return nil, err
		}
		key := h.Configuration + "/" + h.Name
		if inv == nil || r.round > 0 && !r.again[key] {
			continue
		}
		next, err := h.mutate(w, inv, now, r.round)
		var failed *callError
		if errors.As(err, &failed) {
			if h.ignoreFailure {
				err, next = nil, obj
			} else {
				err = apierrors.NewInternalError(err)
			}
		}
		if err != nil {
			return nil, err
		}
		if next != nil && !apiequality.Semantic.DeepEqual(obj, next) {
			r.changedBy()
			obj = next
		}
		if h.reinvoke && r.round == 0 {
			r.invoked = append(r.invoked, key)
		}
	}
	return obj, nil
}

// mutate asks one webhook and applies its patch.
func (h *Webhook) mutate(w World, inv *invocation, a Attributes, round int) (runtime.Object, error) {
	v, err := versioned(w, a, inv.matched.kind)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	response, err := h.call(w, inv, v, round)
	if err != nil || len(response.Patch) == 0 {
		return a.GetObject(), err
	}
	patch, err := jsonpatch.DecodePatch(response.Patch)
	if err != nil {
		return nil, &callError{h.Name, fmt.Errorf("received undecodable patch in webhook response: %w", err)}
	}
	switch {
	case len(patch) == 0:
		return a.GetObject(), nil
	case objectIn(&v.VersionedObject) == nil:
		return nil, apierrors.NewInternalError(fmt.Errorf("admission webhook %q attempted to modify the object, which is not supported for this operation", h.Name))
	case response.PatchType != nil && *response.PatchType != admissionv1.PatchTypeJSONPatch:
		return nil, &callError{h.Name, fmt.Errorf("unsupported patch type %q", *response.PatchType)}
	}
	before, err := marshal(objectIn(&v.VersionedObject))
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	after, err := patch.Apply(before)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	next, err := w.Decode(after, inv.matched.kind)
	if err == nil && inv.matched.kind != a.GetKind() {
		next, err = w.Convert(next, a.GetKind())
	}
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	return next, nil
}

// callValidating asks all webhooks at once; the first to refuse decides.
func callValidating(w World, a Attributes, hooks []*Webhook) error {
	var relevant []*invocation
	for _, h := range hooks {
		inv, err := h.matches(w, a)
		if err != nil {
			return err
		}
		if inv != nil {
			relevant = append(relevant, inv)
		}
	}
	var refused error
	suspended := false
	for _, inv := range relevant {
		v, err := versioned(w, a, inv.matched.kind)
		if err != nil {
			return apierrors.NewInternalError(err)
		}
		_, err = inv.webhook.call(w, inv, v, 0)
		var failed *callError
		switch {
		case err == nil || errors.As(err, &failed) && inv.webhook.ignoreFailure:
		case errors.Is(err, ErrSuspended):
			suspended = true
		case refused == nil && failed != nil:
			refused = apierrors.NewInternalError(err)
		case refused == nil:
			refused = err
		}
	}
	if suspended {
		return ErrSuspended
	}
	return refused
}

// withObject is a request whose object was changed.
func withObject(a Attributes, obj runtime.Object) Attributes {
	if obj == nil || obj == a.GetObject() {
		return a
	}
	return &changed{Attributes: a, object: obj}
}

type changed struct {
	admission.Attributes
	object runtime.Object
}

// GetObject implements admission.Attributes.
func (c *changed) GetObject() runtime.Object { return c.object }
