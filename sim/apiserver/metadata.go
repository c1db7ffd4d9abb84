package apiserver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

const (
	// maxRequestBody is kube-apiserver's limit, maxStored that of etcd.
	maxRequestBody = 3 << 20
	maxStored      = 3 << 19
)

var (
	metadataPath     = field.NewPath("metadata")
	errStoredTooBig  = errors.New("etcdserver: request is too large")
	standardKeywords = map[string]bool{
		string(corev1.FinalizerKubernetes): true,
		metav1.FinalizerOrphanDependents:   true,
		metav1.FinalizerDeleteDependents:   true,
	}
)

func (c *call) checkSize() error {
	if len(c.r.Body) > maxRequestBody {
		return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d", maxRequestBody))
	}
	return nil
}

// checkStoredSize measures what etcd would be sent. Custom resources are first
// measured roughly, because encoding one costs more than the rest of a write.
func checkStoredSize(k *kinds.Kind, value runtime.Object) error {
	size := 0
	switch v := value.(type) {
	case *unstructured.Unstructured:
		if roughSize(v.Object) > maxStored/2 {
			size = len(marshalJSON(v))
		}
	case interface{ Size() int }:
		size = v.Size()
	}
	if size > maxStored {
		return errStoredTooBig
	}
	return nil
}

// roughSize is at least half the length of a value's JSON, unless it is made
// of characters that JSON escapes.
func roughSize(value any) int {
	const scalar = 8
	switch v := value.(type) {
	case string:
		return len(v) + 2
	case map[string]any:
		size := 2
		for key, element := range v {
			size += len(key) + 4 + roughSize(element)
		}
		return size
	case []any:
		size := 2
		for _, element := range v {
			size += 1 + roughSize(element)
		}
		return size
	}
	return scalar
}

func wipeSystemFields(m metav1.Object) {
	m.SetCreationTimestamp(metav1.Time{})
	m.SetUID(types.UID(""))
	m.SetDeletionTimestamp(nil)
	m.SetDeletionGracePeriodSeconds(nil)
	m.SetSelfLink("")
}

// ensureNamespace puts an object where its URL says.
func (c *call) ensureNamespace(m metav1.Object) error {
	requested := c.info.Namespace
	switch m.GetNamespace() {
	case requested:
		return nil
	case "":
		m.SetNamespace(requested)
		return nil
	}
	if requested == "" {
		m.SetNamespace("")
		return nil
	}
	return apierrors.NewBadRequest("the namespace of the provided object does not match the namespace sent on the request")
}

func checkName(m metav1.Object, name string) error {
	if m.GetName() == "" {
		return apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s based on URL) was undeterminable: name must be provided", name))
	}
	if m.GetName() != name {
		return apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s) does not match the name on the URL (%s)", m.GetName(), name))
	}
	return nil
}

func (c *call) requireName() error {
	if c.info.Name == "" {
		return apierrors.NewBadRequest("name must be provided")
	}
	return nil
}

// dedupOwners drops owner references that are there twice, with a warning.
func (c *call) dedupOwners(m metav1.Object, afterAdmission bool) {
	refs := m.GetOwnerReferences()
	var kept []metav1.OwnerReference
	var duplicates []string
	for _, ref := range refs {
		if hasOwner(kept, ref) {
			duplicates = append(duplicates, string(ref.UID))
			continue
		}
		kept = append(kept, ref)
	}
	if len(duplicates) == 0 {
		return
	}
	when := ""
	if afterAdmission {
		when = " after mutating admission happens"
	}
	c.warn(fmt.Sprintf(".metadata.ownerReferences contains duplicate entries%s; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: %v",
		when, strings.Join(duplicates, ", ")))
	m.SetOwnerReferences(kept)
}

func hasOwner(refs []metav1.OwnerReference, ref metav1.OwnerReference) bool {
	for _, r := range refs {
		if apiequality.Semantic.DeepEqual(r, ref) {
			return true
		}
	}
	return false
}

func pathSegment(name string, prefix bool) []string {
	//lint:ignore SA1019 what is to take its place is not there before Kubernetes 0.36
	return path.ValidatePathSegmentName(name, prefix)
}

// invalid is the 422 of an object. Custom resources are called what they call
// themselves, even if that is what is wrong with them.
func (c *call) invalid(obj runtime.Object, errs field.ErrorList) error {
	if len(errs) == 0 {
		return nil
	}
	// A kind stored as another is called by that one's name.
	gk := schema.GroupKind{Group: c.res.gr.Group, Kind: c.kind.Kind}
	if c.kind.Custom {
		gk = obj.GetObjectKind().GroupVersionKind().GroupKind()
	}
	return apierrors.NewInvalid(gk, metaOf(obj).GetName(), errs)
}

func (c *call) validateCreate(obj runtime.Object, strategy kinds.Strategy) error {
	m := metaOf(obj)
	errs := apivalidation.ValidateObjectMetaAccessor(m, c.kind.Namespaced, strategy.ValidateName, metadataPath)
	errs = append(errs, c.validateFinalizers(m)...)
	if c.mistyped(obj) {
		errs = nil
	}
	if beside, ok := strategy.(kinds.BesideValidator); ok {
		errs = append(errs, beside.ValidateBeside(slices.Clip(errs), obj)...)
	} else {
		errs = append(errs, strategy.Validate(obj)...)
	}
	if len(errs) == 0 {
		errs = apivalidation.ValidateObjectMetaAccessor(m, c.kind.Namespaced, pathSegment, metadataPath)
	}
	return c.invalid(obj, c.declared(errs))
}

// plainFinalizers are the built-in kinds that are validated like custom ones.
var plainFinalizers = map[schema.GroupResource]bool{
	crdResource:          true,
	{Resource: "events"}: true,
	{Group: "events.k8s.io", Resource: "events"}:                                           true,
	{Group: "coordination.k8s.io", Resource: "leases"}:                                     true,
	{Group: "node.k8s.io", Resource: "runtimeclasses"}:                                     true,
	{Group: "admissionregistration.k8s.io", Resource: "mutatingwebhookconfigurations"}:     true,
	{Group: "admissionregistration.k8s.io", Resource: "validatingwebhookconfigurations"}:   true,
	{Group: "admissionregistration.k8s.io", Resource: "validatingadmissionpolicies"}:       true,
	{Group: "admissionregistration.k8s.io", Resource: "validatingadmissionpolicybindings"}: true,
}

// validateFinalizers is stricter for built-in kinds: names without a domain
// must be Kubernetes' own.
func (c *call) validateFinalizers(m metav1.Object) field.ErrorList {
	if c.kind.Custom || plainFinalizers[c.kind.Resource] {
		return nil
	}
	var errs field.ErrorList
	for i, name := range m.GetFinalizers() {
		if !strings.Contains(name, "/") && !standardKeywords[name] {
			errs = append(errs, field.Invalid(metadataPath.Child("finalizers").Index(i), name, "name is neither a standard finalizer name nor is it fully qualified"))
		}
	}
	return errs
}

func (c *call) validateUpdate(obj, old runtime.Object, strategy kinds.UpdateStrategy) error {
	m, oldMeta := metaOf(obj), metaOf(old)
	errs := apivalidation.ValidateObjectMetaAccessor(m, c.kind.Namespaced, pathSegment, metadataPath)
	// The strategy of every kind checks these again, and says so again.
	again := apivalidation.ValidateObjectMetaAccessorUpdate(m, oldMeta, metadataPath)
	errs = append(errs, again...)
	if !c.mistyped(obj) {
		errs = append(errs, again...)
	}
	errs = append(errs, c.validateFinalizers(m)...)
	if beside, ok := strategy.(kinds.BesideUpdateValidator); ok {
		errs = append(errs, beside.ValidateUpdateBeside(slices.Clip(again), obj, old)...)
	} else {
		errs = append(errs, strategy.ValidateUpdate(obj, old)...)
	}
	return c.invalid(obj, c.declared(errs))
}

// mistyped: a custom resource says it is something else. Its strategy then
// looks at nothing else.
func (c *call) mistyped(obj runtime.Object) bool {
	return c.kind.Custom && obj.GetObjectKind().GroupVersionKind() != c.kind.GroupVersionKind(c.gv.Version)
}

// declared drops repetitions, as declarative validation does when it merges its
// findings with those of the code. Custom resources are not validated that way.
func (c *call) declared(errs field.ErrorList) field.ErrorList {
	if c.kind.Custom {
		return errs
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(errs, func(e *field.Error) bool {
		text := e.Error()
		again := seen[text]
		seen[text] = true
		return again
	})
}

// manager is who owns the fields of a write: the one named, else the program
// named in User-Agent.
func (c *call) manager(fieldManager string) string {
	if fieldManager != "" {
		return fieldManager
	}
	agent := c.r.Header.Get("User-Agent")
	if agent == "" {
		agent = c.r.User
	}
	agent, _, _ = strings.Cut(agent, "/")
	var out strings.Builder
	for _, r := range agent {
		if !unicode.IsPrint(r) {
			continue
		}
		if out.Len()+utf8.RuneLen(r) > metav1validation.FieldManagerMaxLength {
			break
		}
		out.WriteRune(r)
	}
	return out.String()
}

// selectName narrows list options to one name.
func selectName(opts *internalversion.ListOptions, name string) error {
	if opts.FieldSelector != nil && !opts.FieldSelector.Empty() {
		if selected, ok := opts.FieldSelector.RequiresExactMatch("metadata.name"); !ok || selected != name {
			return apierrors.NewBadRequest("fieldSelector metadata.name doesn't match requested name")
		}
		return nil
	}
	opts.FieldSelector = fields.OneTermEqualSelector("metadata.name", name)
	return nil
}

// mediaType is the Content-Type without parameters.
func (c *call) mediaType() string {
	t, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	return t
}
