package kinds

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

func newConfigMapKind() *Kind {
	kind := builtinKind[*corev1.ConfigMap, *corev1.ConfigMapList](corev1.SchemeGroupVersion, kindSpec{
		resource:   "configmaps",
		shortNames: []string{"cm"},
		namespaced: true,
		strategy: &rules[*corev1.ConfigMap]{
			validate:       validateConfigMap,
			validateUpdate: validateConfigMapUpdate,
		},
		table: table([]metav1.TableColumnDefinition{
			nameColumn,
			{Name: "Data", Type: "string", Description: corev1.ConfigMap{}.SwaggerDoc()["data"]},
			ageColumn,
		}, func(cm *corev1.ConfigMap, now time.Time) []any {
			return []any{cm.Name, int64(len(cm.Data) + len(cm.BinaryData)), age(cm.CreationTimestamp, now)}
		}),
	})
	kind.Versions[0].ToStorage = func(obj runtime.Object) runtime.Object {
		cm := obj.(*corev1.ConfigMap)
		if data, changed := storedBytes(cm.BinaryData); changed {
			cm = cm.DeepCopy()
			cm.BinaryData = data
		}
		return cm
	}
	return kind
}

// storedBytes makes empty values of null ones: protobuf, in which objects are
// stored, cannot tell them apart.
func storedBytes(data map[string][]byte) (stored map[string][]byte, changed bool) {
	stored = maps.Clone(data)
	for k, v := range stored {
		if v == nil {
			stored[k] = []byte{}
			changed = true
		}
	}
	return stored, changed
}

func validateConfigMap(cm *corev1.ConfigMap) field.ErrorList {
	var errs field.ErrorList
	size := 0
	data := field.NewPath("data")
	for _, key := range slices.Sorted(maps.Keys(cm.Data)) {
		errs = append(errs, invalids(data.Key(key), key, utilvalidation.IsConfigMapKey(key))...)
		if _, both := cm.BinaryData[key]; both {
			errs = append(errs, field.Invalid(data.Key(key), key, "duplicate of key present in binaryData"))
		}
		size += len(cm.Data[key])
	}
	for _, key := range slices.Sorted(maps.Keys(cm.BinaryData)) {
		errs = append(errs, invalids(field.NewPath("binaryData").Key(key), key, utilvalidation.IsConfigMapKey(key))...)
		size += len(cm.BinaryData[key])
	}
	if size > corev1.MaxSecretSize {
		errs = append(errs, field.TooLong(field.NewPath(""), "", corev1.MaxSecretSize))
	}
	return errs
}

const immutableWhenSet = "field is immutable when `immutable` is set"

func validateConfigMapUpdate(cm, old *corev1.ConfigMap) field.ErrorList {
	var errs field.ErrorList
	if ptr.Deref(old.Immutable, false) {
		if !ptr.Deref(cm.Immutable, false) {
			errs = append(errs, field.Forbidden(field.NewPath("immutable"), immutableWhenSet))
		}
		if !apiequality.Semantic.DeepEqual(cm.Data, old.Data) {
			errs = append(errs, field.Forbidden(field.NewPath("data"), immutableWhenSet))
		}
		if !apiequality.Semantic.DeepEqual(cm.BinaryData, old.BinaryData) {
			errs = append(errs, field.Forbidden(field.NewPath("binaryData"), immutableWhenSet))
		}
	}
	return append(errs, validateConfigMap(cm)...)
}
