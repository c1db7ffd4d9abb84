package apiserver

import (
	"reflect"
	"strconv"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// object is one state of one object: immutable once in the log, so that its
// encodings can be made once and handed to every reader.
type object struct {
	key      string
	revision uint64
	value    runtime.Object
	meta     metav1.Object
	// behind: the next write is one even if it changes nothing; see [write.behind].
	behind   bool
	fields   *fieldLog
	encoded  []encodedObject
	protobuf []byte // of value, made for comparisons
}

// encodedObject is a cached encoding in one served version.
type encodedObject struct {
	version  *kinds.Version
	encoding encoding
	data     []byte
}

// objectKey is the order of lists: etcd's, namespace before name.
func objectKey(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// metaOf panics for a value without metadata: only kinds with metadata are
// stored, so that would be a broken catalogue.
func metaOf(obj runtime.Object) metav1.Object {
	m, err := meta.Accessor(obj)
	if err != nil {
		panic("apiserver: stored kind without metadata: " + err.Error())
	}
	return m
}

func formatRevision(rev uint64) string { return strconv.FormatUint(rev, 10) }

// shallowCopy copies the struct, or for custom resources the top two levels,
// so that type and metadata can be set without touching the original.
func shallowCopy(obj runtime.Object) runtime.Object {
	if u, ok := obj.(*unstructured.Unstructured); ok {
		top := make(map[string]any, len(u.Object))
		for k, v := range u.Object {
			top[k] = v
		}
		if m, ok := top["metadata"].(map[string]any); ok {
			md := make(map[string]any, len(m)+1)
			for k, v := range m {
				md[k] = v
			}
			top["metadata"] = md
		}
		return &unstructured.Unstructured{Object: top}
	}
	v := reflect.ValueOf(obj).Elem()
	c := reflect.New(v.Type())
	c.Elem().Set(v)
	return c.Interface().(runtime.Object)
}

// at returns the same state under another revision: what a DELETED event shows.
func (o *object) at(revision uint64) *object {
	value := shallowCopy(o.value)
	m := metaOf(value)
	m.SetResourceVersion(formatRevision(revision))
	return &object{key: o.key, revision: revision, value: value, meta: m, fields: o.fields}
}
