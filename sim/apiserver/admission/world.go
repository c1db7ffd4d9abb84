package admission

import (
	"errors"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
)

// ErrSuspended ends a decision that waits for a webhook.
var ErrSuspended = errors.New("admission: the request waits for a webhook")

// World is what decisions need to know about the cluster.
type World interface {
	// Namespace returns nil if there is none of this name.
	Namespace(name string) *corev1.Namespace
	// Equivalents are the resources under which the objects of resource are
	// served in other versions or groups, in discovery order.
	Equivalents(resource schema.GroupVersionResource) []Served
	// Convert shows an object in another version; the argument is not changed.
	Convert(obj runtime.Object, to schema.GroupVersionKind) (runtime.Object, error)
	// Decode reads what a patch made, with defaults.
	Decode(data []byte, kind schema.GroupVersionKind) (runtime.Object, error)
	// Params lists the objects of a kind that a policy is configured by:
	// namespaced tells whether the kind is; known is false if it is not served.
	Params(kind schema.GroupVersionKind) (params Params, known bool)
	// Authorizer answers the questions of CEL expressions.
	Authorizer() Authorizer
	// Types knows how objects of a kind are merged; nil if nobody does.
	Types(kind schema.GroupVersionKind) TypeConverter
	// Ask sends a review to a webhook; see [Question]. ok is false while there
	// is no answer.
	Ask(q Question) (answer Answer, ok bool)
	// Warn adds a warning to the response.
	Warn(text string)
}

// Served is a resource and the kind of its objects.
type Served struct {
	Resource schema.GroupVersionResource
	Kind     schema.GroupVersionKind
}

// Params are the objects of one kind that may configure policies.
type Params struct {
	Namespaced bool
	// Get returns nil if there is none; namespace is empty for kinds without.
	Get func(namespace, name string) runtime.Object
	// List is sorted by name.
	List func(namespace string) []runtime.Object
}

// Question is one call of a webhook: with equal fields it is the same call, to
// which there is one answer.
type Question struct {
	Webhook *Webhook
	// Round is 0, and 1 when the webhook is invoked again because others have
	// changed the object after it.
	Round int
	// Request is the review's request, its UID not set.
	Request *Review
}

// Review is a request as it goes to a webhook.
type Review struct {
	APIVersion string // admission.k8s.io/v1 or /v1beta1
	Attributes *admission.VersionedAttributes
	Resource   schema.GroupVersionResource
}

// Answer is what came of a call. Err: there was no HTTP answer.
type Answer struct {
	UID  string // that the review was sent with
	Code int
	Body []byte
	Text bool // Body is plain text
	Err  error
}

// Attributes are those of a request, for this package and for the libraries.
type Attributes = admission.Attributes

// bindingParams finds the objects by which a binding configures its policy;
// a nil one stands for none.
func bindingParams(w World, kind *admissionregistrationv1.ParamKind, ref *admissionregistrationv1.ParamRef, namespace string) ([]runtime.Object, error) {
	if kind == nil || ref == nil {
		return []runtime.Object{nil}, nil
	}
	params, known := w.Params(schema.FromAPIVersionAndKind(kind.APIVersion, kind.Kind))
	switch {
	case !known:
		return nil, errors.New("paramKind kind `" + kind.String() + "` not known")
	case ref.Namespace != "" && !params.Namespaced:
		return nil, errors.New("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
	case ref.Name != "" && ref.Selector != nil:
		return nil, errors.New("paramRef.name and paramRef.selector are mutually exclusive")
	case ref.Name == "" && ref.Selector == nil:
		return nil, errors.New("one of name or selector must be provided")
	}
	if !params.Namespaced {
		namespace = ""
	} else if ref.Namespace != "" {
		namespace = ref.Namespace
	} else if namespace == "" {
		return nil, errors.New("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources")
	}
	found, err := selectParams(params, ref, namespace)
	if err == nil && len(found) == 0 && ref.ParameterNotFoundAction != nil && *ref.ParameterNotFoundAction == admissionregistrationv1.DenyAction {
		err = errors.New("no params found for policy binding with `Deny` parameterNotFoundAction")
	}
	return found, err
}

func selectParams(params Params, ref *admissionregistrationv1.ParamRef, namespace string) ([]runtime.Object, error) {
	if ref.Name != "" {
		if param := params.Get(namespace, ref.Name); param != nil {
			return []runtime.Object{param}, nil
		}
		return nil, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(ref.Selector)
	if err != nil {
		return nil, err
	}
	var found []runtime.Object
	for _, param := range params.List(namespace) {
		if selector.Matches(labelsOf(param)) {
			found = append(found, param)
		}
	}
	return found, nil
}
