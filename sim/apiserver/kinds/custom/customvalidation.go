package custom

import (
	"fmt"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/util/jsonpath"
)

func (v *customVersion) validateTypeMeta(u *unstructured.Unstructured) field.ErrorList {
	var errs field.ErrorList
	if u.GetKind() != v.gvk.Kind {
		errs = append(errs, field.Invalid(field.NewPath("kind"), u.GetKind(), "must be "+v.gvk.Kind))
	}
	if want := v.gvk.GroupVersion().String(); u.GetAPIVersion() != want {
		errs = append(errs, field.Invalid(field.NewPath("apiVersion"), u.GetAPIVersion(), "must be "+want))
	}
	return errs
}

// validateScale checks what /scale would read; the spec only when it can have
// changed.
func (v *customVersion) validateScale(u *unstructured.Unstructured, withSpec bool) field.ErrorList {
	if v.scale == nil {
		return nil
	}
	var errs field.ErrorList
	if withSpec {
		errs = append(errs, validateReplicas(u, v.scale.SpecReplicasPath)...)
	}
	errs = append(errs, validateReplicas(u, v.scale.StatusReplicasPath)...)
	if path := v.scale.LabelSelectorPath; path != nil {
		if selector, _, err := unstructured.NestedString(u.Object, splitPath(*path)...); err != nil {
			errs = append(errs, field.Invalid(field.NewPath(*path), selector, err.Error()))
		}
	}
	return errs
}

func validateReplicas(u *unstructured.Unstructured, jsonPath string) field.ErrorList {
	path := field.NewPath(jsonPath)
	replicas, _, err := unstructured.NestedInt64(u.Object, splitPath(jsonPath)...)
	switch {
	case err != nil:
		return field.ErrorList{field.Invalid(path, replicas, err.Error())}
	case replicas < 0:
		return field.ErrorList{field.Invalid(path, replicas, "should be a non-negative integer")}
	case replicas > math.MaxInt32:
		return field.ErrorList{field.Invalid(path, replicas, fmt.Sprintf("should be less than or equal to %v", math.MaxInt32))}
	}
	return nil
}

// finalizerWarnings is about finalizers added: custom resources may carry any,
// but are warned about names that others may use too.
func finalizerWarnings(finalizers, old []string) []string {
	var warnings []string
	const path = "metadata.finalizers"
	standard := []string{metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents, string(corev1.FinalizerKubernetes)}
	added := slices.DeleteFunc(slices.Clone(finalizers), func(f string) bool { return slices.Contains(old, f) })
	slices.Sort(added)
	for _, name := range slices.Compact(added) {
		for _, message := range utilvalidation.IsQualifiedName(name) {
			warnings = append(warnings, fmt.Sprintf("%s: %q: %s", path, name, message))
		}
		if strings.Contains(name, "/") || slices.Contains(standard, name) {
			continue
		}
		advice := "prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"
		if strings.Contains(name, ".") {
			advice = "prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers"
		}
		warnings = append(warnings, fmt.Sprintf("%s: %q: %s", path, name, advice))
	}
	return warnings
}

// selectableField is a JSON path that field selectors may name.
type selectableField struct {
	name string
	path *jsonpath.JSONPath
}

func compileSelectable(declared []apiextensionsv1.SelectableField) ([]selectableField, error) {
	var selectable []selectableField
	for _, f := range declared {
		path := jsonpath.New("selectableField").AllowMissingKeys(true)
		if err := path.Parse("{" + f.JSONPath + "}"); err != nil {
			return nil, fmt.Errorf("selectable field %s: %w", f.JSONPath, err)
		}
		selectable = append(selectable, selectableField{name: strings.TrimPrefix(f.JSONPath, "."), path: path})
	}
	return selectable, nil
}

func (v *customVersion) selectableFields(obj runtime.Object) fields.Set {
	set := fields.Set{}
	for _, f := range v.selectable {
		set[f.name] = ""
		results, err := f.path.FindResults(obj.(*unstructured.Unstructured).Object)
		if err == nil && len(results) > 0 && len(results[0]) > 0 {
			if value := results[0][0].Interface(); value != nil {
				set[f.name] = fmt.Sprint(value)
			}
		}
	}
	return set
}
