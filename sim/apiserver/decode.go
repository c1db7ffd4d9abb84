package apiserver

import (
	"bytes"
	"fmt"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
)

// schemeName is what kube-apiserver's scheme calls itself in error messages.
const schemeName = "pkg/runtime/scheme.go:111"

// The serializers are stateless and shared by all servers.
var (
	typedDecoders  = newDecoders(typedScheme, typedScheme)
	customDecoders = newDecoders(unstructuredCreater{}, unstructuredTyper{})
)

// decoders decode one request body each; strict ones also report unknown and
// duplicate fields.
type decoders struct {
	lenient, strict [3]runtime.Decoder // by encoding
}

func newDecoders(creater runtime.ObjectCreater, typer runtime.ObjectTyper) decoders {
	var d decoders
	mf := json.DefaultMetaFactory
	d.lenient[encodeJSON] = json.NewSerializerWithOptions(mf, creater, typer, json.SerializerOptions{})
	d.strict[encodeJSON] = json.NewSerializerWithOptions(mf, creater, typer, json.SerializerOptions{Strict: true})
	d.lenient[encodeYAML] = json.NewSerializerWithOptions(mf, creater, typer, json.SerializerOptions{Yaml: true})
	d.strict[encodeYAML] = json.NewSerializerWithOptions(mf, creater, typer, json.SerializerOptions{Yaml: true, Strict: true})
	pb := protobuf.NewSerializer(creater, typer)
	d.lenient[encodeProtobuf], d.strict[encodeProtobuf] = pb, pb
	return d
}

// unstructuredCreater makes unstructured objects of whatever kind is asked for.
type unstructuredCreater struct{}

func (unstructuredCreater) New(gvk schema.GroupVersionKind) (runtime.Object, error) {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetGroupVersionKind(gvk)
	return u, nil
}

// unstructuredTyper believes what an object says of itself.
type unstructuredTyper struct{}

func (unstructuredTyper) ObjectKinds(obj runtime.Object) ([]schema.GroupVersionKind, bool, error) {
	gvk := obj.GetObjectKind().GroupVersionKind()
	if gvk.Kind == "" {
		return nil, false, runtime.NewMissingKindErr("unstructured object has no kind")
	}
	return []schema.GroupVersionKind{gvk}, false, nil
}

func (unstructuredTyper) Recognizes(schema.GroupVersionKind) bool { return true }

// decodeBody decodes the body of a create or update, with defaults, in the
// directive's manner.
func (c *call) decodeBody(directive string) (runtime.Object, error) {
	enc, err := c.input()
	if err != nil {
		return nil, err
	}
	obj, gvk, err := c.decode(c.r.Body, enc, directive != metav1.FieldValidationIgnore)
	if err != nil {
		strict, isStrict := runtime.AsStrictDecodingError(err)
		if !isStrict || obj == nil || directive != metav1.FieldValidationWarn {
			return nil, c.decodeError(err, gvk)
		}
		c.warnStrict(strict.Errors())
	}
	if gvk.GroupVersion() != c.gv {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("the API version in the data (%s) does not match the expected API version (%s)", gvk.GroupVersion(), c.gv))
	}
	return obj, nil
}

func (c *call) warnStrict(errs []error) {
	for _, e := range errs {
		text := e.Error()
		for _, prefix := range [...]string{"yaml: unmarshal errors:\n", "error converting YAML to JSON: yaml: unmarshal errors:\n"} {
			text = strings.TrimPrefix(text, prefix)
		}
		for _, line := range strings.Split(text, "\n") {
			c.warn(strings.TrimSpace(line))
		}
	}
}

// decode returns the object even beside a strict decoding error.
func (c *call) decode(body []byte, enc encoding, strict bool) (runtime.Object, *schema.GroupVersionKind, error) {
	defaults := c.gv.WithKind(c.kind.Kind)
	if c.kind.Custom {
		return c.decodeCustom(body, enc, strict, &defaults)
	}
	decoder := typedDecoders.lenient[enc]
	if strict {
		decoder = typedDecoders.strict[enc]
	}
	obj, gvk, err := decoder.Decode(body, &defaults, c.version.New())
	if err != nil && (obj == nil || !runtime.IsStrictDecodingError(err)) {
		return nil, gvk, err
	}
	if *gvk != defaults && gvk.GroupVersion() == c.gv {
		return nil, gvk, fmt.Errorf("converting (%s) to (%s): unknown conversion", gvk.Kind, defaults.Kind)
	}
	if *gvk == defaults {
		if _, err := c.version.Strategy.Decoded(untyped(obj)); err != nil {
			return nil, gvk, err
		}
	}
	return obj, gvk, err
}

// untyped clears apiVersion and kind of a typed object: stored objects have
// none, their encodings add those of the version asked for.
func untyped(obj runtime.Object) runtime.Object {
	obj.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	return obj
}

// decodeCustom decodes a custom resource: its strategy coerces metadata,
// prunes and defaults.
func (c *call) decodeCustom(body []byte, enc encoding, strict bool, defaults *schema.GroupVersionKind) (runtime.Object, *schema.GroupVersionKind, error) {
	decoder := customDecoders.lenient[enc]
	if strict {
		decoder = customDecoders.strict[enc]
	}
	obj, gvk, err := decoder.Decode(body, defaults, &unstructured.Unstructured{})
	var strictErrors []error
	if err != nil {
		e, ok := runtime.AsStrictDecodingError(err)
		if !ok || obj == nil {
			return nil, gvk, err
		}
		strictErrors = e.Errors()
	}
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return nil, gvk, fmt.Errorf("unexpected %T", obj)
	}
	for _, name := range [...]string{"kind", "apiVersion"} {
		if _, _, err := unstructured.NestedString(u.Object, name); err != nil {
			return nil, gvk, err
		}
	}
	if gvk.Group != c.gv.Group || gvk.Kind != c.kind.Kind || gvk.Version != c.gv.Version {
		// The caller will refuse it, but malformed metadata is found first.
		_, _, _, err := objectmeta.GetObjectMetaWithOptions(u.Object, objectmeta.ObjectMetaOptions{})
		return u, gvk, err
	}
	unknown, err := c.version.Strategy.Decoded(u)
	if err != nil {
		return nil, gvk, err
	}
	if strict {
		for _, path := range unknown {
			strictErrors = append(strictErrors, fmt.Errorf(`unknown field "%s"`, path))
		}
		if len(strictErrors) > 0 {
			return u, gvk, runtime.NewStrictDecodingError(strictErrors)
		}
	}
	return u, gvk, nil
}

// decodeError is the 400 for a body that cannot be decoded.
func (c *call) decodeError(err error, gvk *schema.GroupVersionKind) error {
	if runtime.IsNotRegisteredError(err) && gvk != nil {
		err = runtime.NewNotRegisteredErrForKind(schemeName, *gvk)
	}
	if gvk != nil && gvk.Kind != "" {
		return apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: %v", gvk.Kind, gvk.Version, c.kind.Kind, err))
	}
	return apierrors.NewBadRequest(fmt.Sprintf("the object provided is unrecognized (must be of type %s): %v (%s)", c.kind.Kind, err, summary(c.r.Body, 30)))
}

// summary shows the beginning of a body: as text if it looks like JSON.
func summary(data []byte, limit int) string {
	text := bytes.HasPrefix(data, []byte("{"))
	cut := ""
	switch {
	case len(data) == 0:
		return "<empty>"
	case len(data) > limit:
		data, cut = data[:limit], " ..."
	}
	if text {
		return string(data) + cut
	}
	return fmt.Sprintf("%x", data) + cut
}
