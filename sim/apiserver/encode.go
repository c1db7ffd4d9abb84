package apiserver

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// protobufMagic opens every protobuf body; see the protobuf serializer of
// k8s.io/apimachinery.
var protobufMagic = []byte("k8s\x00")

// marshalJSON panics when a value cannot be encoded: what is stored has been
// decoded and validated, so that cannot be the client's fault.
func marshalJSON(v any) []byte {
	var (
		b   []byte
		err error
	)
	if u, ok := v.(*unstructured.Unstructured); ok {
		b, err = json.Marshal(u.Object)
	} else {
		b, err = json.Marshal(v)
	}
	if err != nil {
		panic(fmt.Sprintf("apiserver: encode: %T as JSON: %v", v, err))
	}
	return b
}

func marshalProtobuf(obj runtime.Object) []byte {
	m, ok := obj.(interface{ Marshal() ([]byte, error) })
	if !ok {
		panic(fmt.Sprintf("apiserver: encode: %T has no protobuf encoding", obj))
	}
	b, err := m.Marshal()
	if err != nil {
		panic(fmt.Sprintf("apiserver: encode: %T as protobuf: %v", obj, err))
	}
	return b
}

// wrapProtobuf puts the envelope around an object's own bytes.
func wrapProtobuf(gvk schema.GroupVersionKind, raw []byte) []byte {
	apiVersion, kind := gvk.ToAPIVersionAndKind()
	u := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: apiVersion, Kind: kind}, Raw: raw}
	size := u.Size()
	out := make([]byte, len(protobufMagic)+size)
	copy(out, protobufMagic)
	if _, err := u.MarshalTo(out[len(protobufMagic):]); err != nil {
		panic("apiserver: encode: protobuf envelope: " + err.Error())
	}
	return out
}

func toYAML(b []byte) []byte {
	out, err := yaml.JSONToYAML(b)
	if err != nil {
		panic("apiserver: encode: YAML of encoded JSON: " + err.Error())
	}
	return out
}

// shape is how one version of a kind goes over the wire.
type shape struct {
	kind    *kinds.Kind
	version *kinds.Version
	gvk     schema.GroupVersionKind
	// prefix is what stands before the fields of a typed object in JSON; its
	// stored form has no type.
	prefix string
}

func newShape(kind *kinds.Kind, version *kinds.Version) shape {
	gvk := schema.GroupVersionKind{Group: kind.Resource.Group, Version: version.Name, Kind: kind.Kind}
	sh := shape{kind: kind, version: version, gvk: gvk}
	if !kind.Custom {
		sh.prefix = fmt.Sprintf(`{"kind":%q,"apiVersion":%q,`, gvk.Kind, gvk.GroupVersion().String())
	}
	return sh
}

func (c *call) shape() shape { return c.res.shapeOf(c.kind, c.version) }

func (r *resource) shapeOf(kind *kinds.Kind, version *kinds.Version) shape {
	key := schema.GroupVersion{Group: kind.Resource.Group, Version: version.Name}
	sh, ok := r.shapes[key]
	if !ok || sh.version != version {
		sh = newShape(kind, version)
		r.shapes[key] = sh
	}
	return sh
}

// bytes encodes an object once per version and encoding. JSON ends with a
// newline; protobuf comes without its envelope, so that lists can hold it.
func (o *object) bytes(sh shape, e encoding) []byte {
	for i := range o.encoded {
		if o.encoded[i].encoding == e && o.encoded[i].version == sh.version {
			return o.encoded[i].data
		}
	}
	data := encodeValue(o.value, sh, e)
	o.encoded = append(o.encoded, encodedObject{version: sh.version, encoding: e, data: data})
	return data
}

// encodeValue encodes a stored value, or one that will not be stored, in a
// served version.
func encodeValue(value runtime.Object, sh shape, e encoding) []byte {
	value = fromStorage(sh.version, value)
	switch e {
	case encodeProtobuf:
		return marshalProtobuf(value)
	case encodeYAML:
		return toYAML(encodeJSONValue(value, sh))
	}
	return encodeJSONValue(value, sh)
}

func fromStorage(v *kinds.Version, value runtime.Object) runtime.Object {
	if v.FromStorage == nil {
		return value
	}
	out := v.FromStorage(value)
	if _, ok := out.(*unstructured.Unstructured); ok {
		return out
	}
	return untyped(out)
}

func toStorage(v *kinds.Version, value runtime.Object) runtime.Object {
	if u, ok := value.(*unstructured.Unstructured); ok {
		wholeNumbers(u.Object)
	}
	if v.ToStorage != nil {
		value = v.ToStorage(value)
	}
	return throughProtobuf(value)
}

// throughProtobuf writes and reads a built-in object as the real store does:
// empty lists come back as none, which JSON shows where a field is never
// omitted. Custom resources and their definitions are stored as JSON.
func throughProtobuf(value runtime.Object) runtime.Object {
	switch value.(type) {
	case *unstructured.Unstructured, *apiextensionsv1.CustomResourceDefinition:
		return value
	}
	out, ok := reflect.New(reflect.TypeOf(value).Elem()).Interface().(protobufObject)
	if !ok {
		return value
	}
	if err := out.Unmarshal(marshalProtobuf(value)); err != nil {
		panic(fmt.Sprintf("apiserver: decode: %T from its own protobuf: %v", value, err))
	}
	return out
}

type protobufObject interface {
	runtime.Object
	Unmarshal([]byte) error
}

// wholeNumbers makes integers of whole floats, which is what a real store
// does: 1.0 is written as 1 and read back as an integer.
func wholeNumbers(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			if n := wholeNumbers(e); n != nil {
				x[k] = n
			}
		}
	case []any:
		for i, e := range x {
			if n := wholeNumbers(e); n != nil {
				x[i] = n
			}
		}
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<63 {
			return int64(x)
		}
	}
	return nil
}

func encodeJSONValue(value runtime.Object, sh shape) []byte {
	if u, ok := value.(*unstructured.Unstructured); ok {
		return append(marshalJSON(u), '\n')
	}
	raw := marshalJSON(value)
	out := make([]byte, 0, len(sh.prefix)+len(raw))
	out = append(out, sh.prefix...)
	out = append(out, raw[1:]...)
	return append(out, '\n')
}

// body is an object as the whole of an answer.
func (o *object) body(sh shape, e encoding) []byte {
	b := o.bytes(sh, e)
	if e == encodeProtobuf {
		return wrapProtobuf(sh.gvk, b)
	}
	return b
}

// toMap is a value's JSON as a map.
func toMap(v any) (map[string]any, error) {
	var out map[string]any
	err := json.Unmarshal(marshalJSON(v), &out)
	return out, err
}
