package plain

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newPersistentVolumeClaimKind() *kinds.Kind {
	return kinds.Builtin[*corev1.PersistentVolumeClaim, *corev1.PersistentVolumeClaimList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource: "persistentvolumeclaims", ShortNames: []string{"pvc"}, Namespaced: true,
		Strategy: &kinds.Rules[*corev1.PersistentVolumeClaim]{
			Defaults: func(c *corev1.PersistentVolumeClaim) {
				if c.Status.Phase == "" {
					c.Status.Phase = corev1.ClaimPending
				}
				c.Spec.VolumeMode = kinds.OrPointer(c.Spec.VolumeMode, corev1.PersistentVolumeFilesystem)
			},
			PrepareCreate: func(c *corev1.PersistentVolumeClaim) {
				c.Status = corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimPending}
				completeSources(&c.Spec, nil)
			},
			PrepareUpdate: func(c, old *corev1.PersistentVolumeClaim) {
				c.Status = old.Status
				completeSources(&c.Spec, &old.Spec)
			},
			Check: func(c *corev1.PersistentVolumeClaim) field.ErrorList {
				return validateClaimSpec(&c.Spec, field.NewPath("spec"))
			},
			CheckUpdate: validateClaimUpdate,
		},
		Status: &kinds.Rules[*corev1.PersistentVolumeClaim]{
			PrepareUpdate: func(c, old *corev1.PersistentVolumeClaim) { c.Spec = old.Spec },
			CheckUpdate:   func(c, _ *corev1.PersistentVolumeClaim) field.ErrorList { return validateClaimStatus(c) },
		},
		Table: claimTable(),
	})
}

// completeSources keeps the two fields for a source in step. What the older one cannot
// name is dropped from it, as in clusters before there was the other.
func completeSources(spec, old *corev1.PersistentVolumeClaimSpec) {
	inUse := old != nil && (old.DataSource != nil || old.DataSourceRef != nil)
	if s := spec.DataSource; s != nil && !inUse {
		group := ptr.Deref(s.APIGroup, "")
		claim, snapshot := group == "" && s.Kind == "PersistentVolumeClaim", group == "snapshot.storage.k8s.io" && s.Kind == "VolumeSnapshot"
		if !claim && !snapshot {
			spec.DataSource = nil
		}
	}
	switch source, ref := spec.DataSource, spec.DataSourceRef; {
	case source != nil && ref == nil:
		spec.DataSourceRef = &corev1.TypedObjectReference{APIGroup: source.APIGroup, Kind: source.Kind, Name: source.Name}
	case source == nil && ref != nil && ptr.Deref(ref.Namespace, "") == "":
		spec.DataSource = &corev1.TypedLocalObjectReference{APIGroup: ref.APIGroup, Kind: ref.Kind, Name: ref.Name}
	}
}

func validateClaimSpec(spec *corev1.PersistentVolumeClaimSpec, path *field.Path) field.ErrorList {
	errs := validateAccessModes(spec.AccessModes, "at least 1 access mode is required", path.Child("accessModes"))
	if spec.Selector != nil {
		errs = append(errs, metav1validation.ValidateLabelSelector(spec.Selector, metav1validation.LabelSelectorValidationOptions{}, path.Child("selector"))...)
	}
	storage, ok := spec.Resources.Requests[corev1.ResourceStorage]
	at := path.Child("resources").Key(string(corev1.ResourceStorage))
	switch {
	case !ok:
		errs = append(errs, field.Required(at, ""))
	case storage.Sign() <= 0:
		errs = append(errs, field.Invalid(at, storage.String(), "must be greater than zero"))
	}
	if name := ptr.Deref(spec.StorageClassName, ""); name != "" {
		errs = append(errs, kinds.Invalids(path.Child("storageClassName"), name, apivalidation.NameIsDNSSubdomain(name, false))...)
	}
	errs = append(errs, validateVolumeMode(spec.VolumeMode, path.Child("volumeMode"))...)
	if source := spec.DataSource; source != nil {
		errs = append(errs, validateSource(source.APIGroup, source.Kind, source.Name, path.Child("dataSource"))...)
	}
	if ref := spec.DataSourceRef; ref != nil {
		errs = append(errs, validateSource(ref.APIGroup, ref.Kind, ref.Name, path.Child("dataSourceRef"))...)
	}
	return errs
}

func validateSource(group *string, kind, name string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if name == "" {
		errs = append(errs, field.Required(path.Child("name"), ""))
	}
	if kind == "" {
		errs = append(errs, field.Required(path.Child("kind"), ""))
	}
	switch g := ptr.Deref(group, ""); {
	case g != "":
		errs = append(errs, kinds.Invalids(path.Child("apiGroup"), g, apivalidation.NameIsDNSSubdomain(g, false))...)
	case kind != "PersistentVolumeClaim":
		errs = append(errs, field.Invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
	}
	return errs
}

func validateClaimUpdate(c, old *corev1.PersistentVolumeClaim) field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateClaimSpec(&c.Spec, spec)
	now, before := c.Spec.DeepCopy(), old.Spec.DeepCopy()
	if before.VolumeName == "" && now.VolumeName != "" {
		before.VolumeName = now.VolumeName // it may be bound
	}
	if old.Status.Phase == corev1.ClaimBound {
		now.Resources.Requests, before.Resources.Requests = nil, nil
	}
	if before.StorageClassName == nil && now.StorageClassName != nil {
		before.StorageClassName = now.StorageClassName // a default may be given late
	}
	now.VolumeAttributesClassName, before.VolumeAttributesClassName = nil, nil
	if !apiequality.Semantic.DeepEqual(now, before) {
		errs = append(errs, field.Forbidden(spec, "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"))
	}
	size, was := c.Spec.Resources.Requests[corev1.ResourceStorage], old.Spec.Resources.Requests[corev1.ResourceStorage]
	status := old.Status.Capacity[corev1.ResourceStorage]
	if size.Cmp(was) < 0 && size.Cmp(status) <= 0 {
		errs = append(errs, field.Forbidden(spec.Child("resources", "requests", "storage"), "field can not be less than status.capacity"))
	}
	return append(errs, apivalidation.ValidateImmutableField(c.Spec.VolumeMode, old.Spec.VolumeMode, field.NewPath("volumeMode"))...)
}

func validateClaimStatus(c *corev1.PersistentVolumeClaim) field.ErrorList {
	var errs field.ErrorList
	for name, q := range c.Status.Capacity {
		if q.Sign() < 0 {
			errs = append(errs, field.Invalid(field.NewPath("status", "capacity").Key(string(name)), q.Value(), "must be a valid resource quantity"))
		}
	}
	return kinds.SortedErrors(errs)
}

func claimTable() kinds.Table {
	spec, status := corev1.PersistentVolumeClaimSpec{}.SwaggerDoc(), corev1.PersistentVolumeClaimStatus{}.SwaggerDoc()
	return kinds.TableOf([]metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Status", Type: "string", Description: status["phase"]},
		{Name: "Volume", Type: "string", Description: spec["volumeName"]},
		{Name: "Capacity", Type: "string", Description: status["capacity"]},
		{Name: "Access Modes", Type: "string", Description: status["accessModes"]},
		{Name: "StorageClass", Type: "string", Description: "StorageClass of the pvc"},
		{Name: "VolumeAttributesClass", Type: "string", Description: "VolumeAttributesClass of the pvc"},
		kinds.AgeColumn,
		{Name: "VolumeMode", Type: "string", Priority: 1, Description: spec["volumeMode"]},
	}, func(c *corev1.PersistentVolumeClaim, now time.Time) []any {
		phase, capacity, modes := string(c.Status.Phase), "", ""
		if c.DeletionTimestamp != nil {
			phase = "Terminating"
		}
		if c.Spec.VolumeName != "" {
			modes = shortModes(c.Status.AccessModes)
			q := c.Status.Capacity[corev1.ResourceStorage]
			capacity = q.String()
		}
		class := ptr.Deref(c.Spec.StorageClassName, "")
		if beta := c.Annotations[corev1.BetaStorageClassAnnotation]; beta != "" {
			class = beta
		}
		return []any{c.Name, phase, c.Spec.VolumeName, capacity, modes, class, orUnset(c.Spec.VolumeAttributesClassName), kinds.Age(c.CreationTimestamp, now), orUnset((*string)(c.Spec.VolumeMode))}
	})
}
