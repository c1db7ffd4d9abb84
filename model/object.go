package model

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Metadata returns the metadata of any stored object; nil for nil.
func Metadata(object runtime.Object) metav1.Object {
	if object == nil {
		return nil
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return nil
	}
	return accessor
}

// Terminating tells whether an object was deleted and waits for its finalizers.
func Terminating(object metav1.Object) bool { return object.GetDeletionTimestamp() != nil }

// WholeNumber reads a number of an unstructured object, as decoders differ in how
// they store one; 0 for what is none.
func WholeNumber(value any) int64 {
	switch n := value.(type) {
	case int64:
		return n
	case int:
		return int64(n)
	case float64:
		return int64(n)
	}
	return 0
}
