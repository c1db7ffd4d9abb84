package apiserver

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"

	"github.com/seatrial/seatrial/sim/apiserver/admission"
)

const (
	patchJSON      = string(types.JSONPatchType)
	patchMerge     = string(types.MergePatchType)
	patchStrategic = string(types.StrategicMergePatchType)
	patchApply     = string(types.ApplyYAMLPatchType)
)

// maxJSONPatchOperations is kube-apiserver's limit, and so is maxJSONPatchCopy,
// in bytes: without it a short patch that copies the object into itself again
// and again takes all memory there is.
const (
	maxJSONPatchOperations = 10000
	maxJSONPatchCopy       = 3 << 20
)

// The library has one limit for the whole program, which kube-apiserver sets too.
func init() { jsonpatch.AccumulatedCopySizeLimit = maxJSONPatchCopy }

// patching is a patch request with its options.
type patching struct {
	write
	mediaType string
	body      []byte
	directive string
	force     bool
}

func (c *call) patch(e endpoint) {
	o, created, f, err := c.patchFromBody(e)
	if err != nil {
		c.fail(err)
		return
	}
	c.answerObject(writtenCode(created), o, f)
}

func (c *call) patchFromBody(e endpoint) (o *object, created bool, f format, err error) {
	if err = c.checkPatchType(); err != nil {
		return
	}
	if err = c.requireName(); err != nil {
		return
	}
	if f, err = c.negotiated(); err != nil {
		return
	}
	p, err := c.patching(e)
	if err != nil {
		return
	}
	o, created, err = p.update(updateSource{
		// An apply creates what is missing. The kind's own rule does not
		// matter to it; other patches find nothing to patch.
		allowCreate: true,
		next:        p.next,
	})
	return
}

func (c *call) patching(e endpoint) (*patching, error) {
	if err := c.checkSize(); err != nil {
		return nil, err
	}
	var opts metav1.PatchOptions
	if err := c.decodeOptions(&opts); err != nil {
		return nil, err
	}
	p := &patching{
		write:     write{call: c, endpoint: e, manager: c.manager(opts.FieldManager), dryRun: isDryRun(opts.DryRun), options: withType(&opts, "PatchOptions")},
		mediaType: c.mediaType(),
		body:      c.r.Body,
		directive: directive(opts.FieldValidation),
		force:     opts.Force != nil && *opts.Force,
	}
	if err := invalidOptions("PatchOptions", metav1validation.ValidatePatchOptions(&opts, types.PatchType(p.mediaType))); err != nil {
		return nil, err
	}
	return p, p.checkSyntax()
}

func (p *patching) checkSyntax() error {
	if p.mediaType == patchApply {
		if _, err := utilyaml.ToJSON(p.body); err != nil {
			return apierrors.NewBadRequest(fmt.Sprintf("error encoding patch: %v", err))
		}
		return nil
	}
	if !json.Valid(p.body) {
		return apierrors.NewBadRequest("invalid JSON patch")
	}
	return nil
}

// next makes the patched object.
func (p *patching) next(existing *object) (runtime.Object, error) {
	creates := p.endpoint.create && (p.endpoint.subresource == "" || p.version.Strategy.AllowCreateOnUpdate())
	if existing == nil && (p.mediaType != patchApply || !creates) {
		return nil, p.notFound()
	}
	obj, err := p.patched(existing)
	if err != nil {
		return nil, err
	}
	m := metaOf(obj)
	if existing == nil && m.GetUID() != "" {
		return nil, apierrors.NewConflict(p.kind.Resource, p.info.Name, fmt.Errorf("uid mismatch: the provided object specified uid %s, and no existing object was found", m.GetUID()))
	}
	if err := p.ensureNamespace(m); err != nil {
		return nil, err
	}
	if err := checkName(m, p.info.Name); err != nil {
		return nil, err
	}
	p.dedupOwners(m, true)
	return obj, nil
}

func (p *patching) patched(existing *object) (runtime.Object, error) {
	switch p.mediaType {
	case patchApply:
		return p.apply(existing)
	case patchStrategic:
		obj, err := p.strategic(existing)
		if err != nil {
			return nil, err
		}
		return p.recordFields(existing, obj), nil
	}
	obj, err := p.textual(existing)
	if err != nil {
		return nil, err
	}
	return p.recordFields(existing, obj), nil
}

// textual applies a JSON or merge patch to the object's JSON.
func (p *patching) textual(existing *object) (runtime.Object, error) {
	current := trimNewline(existing.bytes(p.shape(), encodeJSON))
	var (
		after  []byte
		strict []error
		err    error
	)
	if p.mediaType == patchJSON {
		after, strict, err = p.jsonPatch(current)
	} else {
		after, strict, err = p.mergePatch(current)
	}
	if err != nil {
		return nil, err
	}
	obj, gvk, err := p.decode(after, encodeJSON, p.directive != metav1.FieldValidationIgnore)
	if err == nil && gvk.GroupVersion() != p.gv && !p.kind.Custom { // those are validated
		err = fmt.Errorf("unable to decode %s into %s", gvk.GroupVersion(), p.gv)
	}
	if err != nil {
		e, ok := runtime.AsStrictDecodingError(err)
		if !ok || obj == nil {
			return nil, invalidPatch(string(after), err)
		}
		strict = append(strict, e.Errors()...)
	}
	return obj, p.strictErrors(strict, string(after))
}

func (p *patching) strictErrors(errs []error, patched string) error {
	switch {
	case len(errs) == 0 || p.directive == metav1.FieldValidationIgnore:
		return nil
	case p.directive == metav1.FieldValidationWarn:
		p.warnStrict(errs)
		return nil
	}
	return invalidPatch(patched, runtime.NewStrictDecodingError(errs))
}

func invalidPatch(value any, err error) error {
	return apierrors.NewInvalid(schema.GroupKind{}, "", field.ErrorList{field.Invalid(field.NewPath("patch"), value, err.Error())})
}

type jsonPatchOp struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	From  string `json:"from"`
	Value any    `json:"value"`
}

func (p *patching) jsonPatch(current []byte) (after []byte, strict []error, err error) {
	if p.directive != metav1.FieldValidationIgnore {
		var ops []jsonPatchOp
		if strict, err = kjson.UnmarshalStrict(p.body, &ops); err != nil {
			// The message names a Go type: that of the real server.
			text := strings.ReplaceAll(err.Error(), "apiserver.jsonPatchOp", "handlers.jsonPatchOp")
			return nil, nil, apierrors.NewBadRequest("error decoding patch: " + text)
		}
		for i, e := range strict {
			strict[i] = fmt.Errorf("json patch %v", e)
		}
	}
	ops, err := jsonpatch.DecodePatch(p.body)
	if err != nil {
		return nil, nil, apierrors.NewBadRequest(err.Error())
	}
	if len(ops) > maxJSONPatchOperations {
		return nil, nil, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("The allowed maximum operations in a JSON patch is %d, got %d", maxJSONPatchOperations, len(ops)))
	}
	after, err = p.applied(ops, current)
	if errors.Is(err, admission.ErrSuspended) {
		return nil, nil, err
	}
	if err != nil {
		return nil, nil, errGeneric(http.StatusUnprocessableEntity, err.Error())
	}
	return after, strict, nil
}

// costlyPatch is from how many operations times bytes on a patch is worth being
// done elsewhere: operations on long lists copy them.
const costlyPatch = 1 << 24

// applied is the patched document. A costly patch does not hold up others.
func (p *patching) applied(ops jsonpatch.Patch, current []byte) ([]byte, error) {
	offload := p.server.config.Offload
	if offload == nil || len(ops)*len(current) < costlyPatch {
		return ops.Apply(current)
	}
	type result struct {
		after []byte
		err   error
	}
	sum := sha256.Sum256(current)
	answer, ok := p.await(question{key: "json patch " + string(sum[:]), ask: func(answered func(any)) func() {
		var r result
		offload(func() { r.after, r.err = ops.Apply(current) }, func() { answered(r) })
		return func() {}
	}})
	if !ok {
		return nil, admission.ErrSuspended
	}
	r := answer.(result)
	return r.after, r.err
}

func (p *patching) mergePatch(current []byte) (after []byte, strict []error, err error) {
	if p.directive != metav1.FieldValidationIgnore {
		m := map[string]any{}
		if strict, err = kjson.UnmarshalStrict(p.body, &m); err != nil {
			return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
		}
	}
	after, err = jsonpatch.MergePatch(current, p.body)
	if err == jsonpatch.ErrBadJSONPatch {
		return nil, nil, apierrors.NewBadRequest(err.Error())
	}
	return after, strict, err
}

// strategic applies a strategic merge patch, in maps.
func (p *patching) strategic(existing *object) (runtime.Object, error) {
	var patch map[string]any
	var strict []error
	var err error
	if p.directive == metav1.FieldValidationIgnore {
		err = kjson.UnmarshalCaseSensitivePreserveInts(p.body, &patch)
	} else {
		strict, err = kjson.UnmarshalStrict(p.body, &patch)
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if patch == nil {
		patch = map[string]any{}
	}
	// The patch works in these maps. They are made of a copy, because slices
	// with room to spare let the library overwrite the order it goes by.
	original, err := runtime.DefaultUnstructuredConverter.ToUnstructured(fromStorage(p.version, existing.value).DeepCopyObject())
	if err != nil {
		return nil, err
	}
	after, err := strategicpatch.StrategicMergeMapPatch(original, patch, p.version.New())
	if err != nil {
		return nil, strategicError(err)
	}
	obj := p.version.New()
	err = runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(after, obj, p.directive != metav1.FieldValidationIgnore)
	if err != nil {
		e, ok := runtime.AsStrictDecodingError(err)
		if !ok {
			return nil, invalidPatch(fmt.Sprintf("%+v", patch), err)
		}
		strict = append(strict, e.Errors()...)
	}
	if err := p.strictErrors(strict, fmt.Sprintf("%+v", patch)); err != nil {
		return nil, err
	}
	_, err = p.version.Strategy.Decoded(untyped(obj))
	return obj, err
}

func strategicError(err error) error {
	switch err {
	case mergepatch.ErrBadJSONDoc, mergepatch.ErrBadPatchFormatForPrimitiveList, mergepatch.ErrBadPatchFormatForRetainKeys, mergepatch.ErrBadPatchFormatForSetElementOrderList, mergepatch.ErrUnsupportedStrategicMergePatchFormat:
		return apierrors.NewBadRequest(err.Error())
	case mergepatch.ErrNoListOfLists, mergepatch.ErrPatchContentNotMatchRetainKeys:
		return errGeneric(http.StatusUnprocessableEntity, err.Error())
	}
	return err
}
