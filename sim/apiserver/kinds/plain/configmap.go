package plain

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newConfigMapKind() *kinds.Kind {
	return kinds.Builtin[*corev1.ConfigMap, *corev1.ConfigMapList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource:   "configmaps",
		ShortNames: []string{"cm"},
		Namespaced: true,
		Strategy: &kinds.Rules[*corev1.ConfigMap]{
			Defaults:    func(cm *corev1.ConfigMap) { emptyForNil(cm.BinaryData) },
			Check:       validateConfigMap,
			CheckUpdate: validateConfigMapUpdate,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Data", Type: "string", Description: corev1.ConfigMap{}.SwaggerDoc()["data"]},
			kinds.AgeColumn,
		}, func(cm *corev1.ConfigMap, now time.Time) []any {
			return []any{cm.Name, int64(len(cm.Data) + len(cm.BinaryData)), kinds.Age(cm.CreationTimestamp, now)}
		}),
	})
}

// emptyForNil: what came as null is stored, and read again, as no bytes.
func emptyForNil(data map[string][]byte) {
	for key, value := range data {
		if value == nil {
			data[key] = []byte{}
		}
	}
}

func validateConfigMap(cm *corev1.ConfigMap) field.ErrorList {
	var errs field.ErrorList
	size := 0
	data := field.NewPath("data")
	for _, key := range slices.Sorted(maps.Keys(cm.Data)) {
		errs = append(errs, kinds.Invalids(data.Key(key), key, utilvalidation.IsConfigMapKey(key))...)
		if _, both := cm.BinaryData[key]; both {
			errs = append(errs, field.Invalid(data.Key(key), key, "duplicate of key present in binaryData"))
		}
		size += len(cm.Data[key])
	}
	for _, key := range slices.Sorted(maps.Keys(cm.BinaryData)) {
		errs = append(errs, kinds.Invalids(field.NewPath("binaryData").Key(key), key, utilvalidation.IsConfigMapKey(key))...)
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
