package kinds

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// newStorageKinds are the kinds of storage.k8s.io.
func newStorageKinds() []*Kind {
	return []*Kind{
		newStorageClassKind(),
		newVolumeAttachmentKind(),
		newCSIDriverKind(),
		newCSINodeKind(),
		builtinKind[*storagev1.CSIStorageCapacity, *storagev1.CSIStorageCapacityList](storagev1.SchemeGroupVersion, kindSpec{
			resource: "csistoragecapacities", namespaced: true,
			strategy: &rules[*storagev1.CSIStorageCapacity]{
				validate: validateStorageCapacity,
				validateUpdate: func(c, old *storagev1.CSIStorageCapacity) field.ErrorList {
					errs := apivalidation.ValidateImmutableField(c.NodeTopology, old.NodeTopology, field.NewPath("nodeTopology"))
					return append(errs, apivalidation.ValidateImmutableField(c.StorageClassName, old.StorageClassName, field.NewPath("storageClassName"))...)
				},
				conditional: true,
			},
			table: table([]metav1.TableColumnDefinition{
				nameColumn,
				{Name: "StorageClassName", Type: "string", Description: storagev1.CSIStorageCapacity{}.SwaggerDoc()["storageClassName"]},
				{Name: "Capacity", Type: "string", Description: storagev1.CSIStorageCapacity{}.SwaggerDoc()["capacity"]},
			}, func(c *storagev1.CSIStorageCapacity, _ time.Time) []any {
				capacity := "<unset>"
				if c.Capacity != nil {
					capacity = c.Capacity.String()
				}
				return []any{c.Name, c.StorageClassName, capacity}
			}),
		}),
		builtinKind[*storagev1.VolumeAttributesClass, *storagev1.VolumeAttributesClassList](storagev1.SchemeGroupVersion, kindSpec{
			resource: "volumeattributesclasses", shortNames: []string{"vac"},
			strategy: &rules[*storagev1.VolumeAttributesClass]{
				validate: func(c *storagev1.VolumeAttributesClass) field.ErrorList {
					errs := validateProvisioner(c.DriverName, field.NewPath("driverName"))
					if len(c.Parameters) == 0 {
						errs = append(errs, field.Required(field.NewPath("parameters"), "must contain at least one key/value pair"))
					}
					return errs
				},
				validateUpdate: func(c, old *storagev1.VolumeAttributesClass) field.ErrorList {
					var errs field.ErrorList
					if c.DriverName != old.DriverName {
						errs = append(errs, field.Forbidden(field.NewPath("driverName"), "updates to driverName are forbidden."))
					}
					if !apiequality.Semantic.DeepEqual(c.Parameters, old.Parameters) {
						errs = append(errs, field.Forbidden(field.NewPath("parameters"), "updates to parameters are forbidden."))
					}
					return errs
				},
			},
			table: table([]metav1.TableColumnDefinition{
				nameColumn,
				{Name: "DriverName", Type: "string", Description: storagev1.VolumeAttributesClass{}.SwaggerDoc()["driverName"]},
				ageColumn,
			}, func(c *storagev1.VolumeAttributesClass, now time.Time) []any {
				return []any{c.Name, c.DriverName, age(c.CreationTimestamp, now)}
			}),
		}),
	}
}

func newStorageClassKind() *Kind {
	doc := storagev1.StorageClass{}.SwaggerDoc()
	return builtinKind[*storagev1.StorageClass, *storagev1.StorageClassList](storagev1.SchemeGroupVersion, kindSpec{
		resource: "storageclasses", shortNames: []string{"sc"},
		strategy: &rules[*storagev1.StorageClass]{
			defaults: func(c *storagev1.StorageClass) {
				c.ReclaimPolicy = orPointer(c.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)
				c.VolumeBindingMode = orPointer(c.VolumeBindingMode, storagev1.VolumeBindingImmediate)
			},
			validate:       validateStorageClass,
			validateUpdate: validateStorageClassUpdate,
		},
		table: table([]metav1.TableColumnDefinition{
			nameColumn,
			{Name: "Provisioner", Type: "string", Description: doc["provisioner"]},
			{Name: "ReclaimPolicy", Type: "string", Description: doc["reclaimPolicy"]},
			{Name: "VolumeBindingMode", Type: "string", Description: doc["volumeBindingMode"]},
			{Name: "AllowVolumeExpansion", Type: "string", Description: doc["allowVolumeExpansion"]},
			ageColumn,
		}, func(c *storagev1.StorageClass, now time.Time) []any {
			name := c.Name
			if c.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" || c.Annotations["storageclass.beta.kubernetes.io/is-default-class"] == "true" {
				name += " (default)"
			}
			return []any{
				name, c.Provisioner, string(ptr.Deref(c.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)),
				string(ptr.Deref(c.VolumeBindingMode, storagev1.VolumeBindingImmediate)), ptr.Deref(c.AllowVolumeExpansion, false), age(c.CreationTimestamp, now),
			}
		}),
	})
}

var bindingModes = []storagev1.VolumeBindingMode{storagev1.VolumeBindingImmediate, storagev1.VolumeBindingWaitForFirstConsumer}

// A storage class never changes but for what allows expansion and topologies.

func validateStorageClass(c *storagev1.StorageClass) field.ErrorList {
	errs := validateProvisioner(c.Provisioner, field.NewPath("provisioner"))
	for key := range c.Parameters {
		if key == "" {
			errs = append(errs, field.Invalid(field.NewPath("parameters"), key, "field can not be empty."))
		}
	}
	if len(c.Parameters) > 512 {
		errs = append(errs, field.TooLong(field.NewPath("parameters"), "", 512))
	}
	policies := []corev1.PersistentVolumeReclaimPolicy{corev1.PersistentVolumeReclaimDelete, corev1.PersistentVolumeReclaimRetain}
	if p := ptr.Deref(c.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete); !slices.Contains(policies, p) {
		errs = append(errs, field.NotSupported(field.NewPath("reclaimPolicy"), p, policies))
	}
	if c.VolumeBindingMode == nil {
		errs = append(errs, field.Required(field.NewPath("volumeBindingMode"), ""))
	} else if !slices.Contains(bindingModes, *c.VolumeBindingMode) {
		errs = append(errs, field.NotSupported(field.NewPath("volumeBindingMode"), *c.VolumeBindingMode, bindingModes))
	}
	return errs
}

func validateProvisioner(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	return invalids(path, name, utilvalidation.IsQualifiedName(name))
}

func validateStorageClassUpdate(c, old *storagev1.StorageClass) field.ErrorList {
	errs := validateStorageClass(c)
	if !apiequality.Semantic.DeepEqual(c.Parameters, old.Parameters) {
		errs = append(errs, field.Forbidden(field.NewPath("parameters"), "updates to parameters are forbidden."))
	}
	if c.Provisioner != old.Provisioner {
		errs = append(errs, field.Forbidden(field.NewPath("provisioner"), "updates to provisioner are forbidden."))
	}
	if *c.ReclaimPolicy != *old.ReclaimPolicy {
		errs = append(errs, field.Forbidden(field.NewPath("reclaimPolicy"), "updates to reclaimPolicy are forbidden."))
	}
	return append(errs, apivalidation.ValidateImmutableField(c.VolumeBindingMode, old.VolumeBindingMode, field.NewPath("volumeBindingMode"))...)
}

func newVolumeAttachmentKind() *Kind {
	spec, status := storagev1.VolumeAttachmentSpec{}.SwaggerDoc(), storagev1.VolumeAttachmentStatus{}.SwaggerDoc()
	return builtinKind[*storagev1.VolumeAttachment, *storagev1.VolumeAttachmentList](storagev1.SchemeGroupVersion, kindSpec{
		resource: "volumeattachments",
		strategy: &rules[*storagev1.VolumeAttachment]{
			prepareCreate: func(a *storagev1.VolumeAttachment) { a.Status = storagev1.VolumeAttachmentStatus{} },
			prepareUpdate: func(a, old *storagev1.VolumeAttachment) { a.Status = old.Status },
			validate:      validateAttachment,
			validateUpdate: func(a, old *storagev1.VolumeAttachment) field.ErrorList {
				errs := validateAttachment(a)
				if !apiequality.Semantic.DeepEqual(a.Spec, old.Spec) {
					errs = append(errs, field.Invalid(field.NewPath("spec"), a.Spec, "field is immutable"))
				}
				return errs
			},
		},
		status: &rules[*storagev1.VolumeAttachment]{
			prepareUpdate: func(a, old *storagev1.VolumeAttachment) {
				a.Spec = old.Spec
				meta := *old.ObjectMeta.DeepCopy()
				meta.ManagedFields, meta.ResourceVersion = a.ManagedFields, a.ResourceVersion
				a.ObjectMeta = meta
			},
		},
		table: table([]metav1.TableColumnDefinition{
			nameColumn,
			{Name: "Attacher", Type: "string", Format: "name", Description: spec["attacher"]},
			{Name: "PV", Type: "string", Description: "Represents the name of the persistent volume to attach."},
			{Name: "Node", Type: "string", Description: spec["nodeName"]},
			{Name: "Attached", Type: "boolean", Description: status["attached"]},
			ageColumn,
		}, func(a *storagev1.VolumeAttachment, now time.Time) []any {
			return []any{a.Name, a.Spec.Attacher, ptr.Deref(a.Spec.Source.PersistentVolumeName, ""), a.Spec.NodeName, a.Status.Attached, age(a.CreationTimestamp, now)}
		}),
	})
}

func validateAttachment(a *storagev1.VolumeAttachment) field.ErrorList {
	spec := field.NewPath("spec")
	var errs field.ErrorList
	if a.Spec.Attacher == "" {
		errs = append(errs, field.Required(spec.Child("attacher"), ""))
	}
	switch source := a.Spec.Source; {
	case source.InlineVolumeSpec == nil && source.PersistentVolumeName == nil:
		errs = append(errs, field.Required(spec.Child("source"), "must specify exactly one of inlineVolumeSpec and persistentVolumeName"))
	case source.InlineVolumeSpec != nil && source.PersistentVolumeName != nil:
		errs = append(errs, field.Forbidden(spec.Child("source"), "must specify exactly one of inlineVolumeSpec and persistentVolumeName"))
	case source.PersistentVolumeName != nil && *source.PersistentVolumeName == "":
		errs = append(errs, field.Required(spec.Child("source", "persistentVolumeName"), "must specify non empty persistentVolumeName"))
	}
	return append(errs, invalids(spec.Child("nodeName"), a.Spec.NodeName, apivalidation.NameIsDNSSubdomain(a.Spec.NodeName, false))...)
}

func newCSIDriverKind() *Kind {
	return builtinKind[*storagev1.CSIDriver, *storagev1.CSIDriverList](storagev1.SchemeGroupVersion, kindSpec{
		resource: "csidrivers",
		strategy: &rules[*storagev1.CSIDriver]{
			defaults: func(d *storagev1.CSIDriver) {
				s := &d.Spec
				s.AttachRequired = orPointer(s.AttachRequired, true)
				s.PodInfoOnMount = orPointer(s.PodInfoOnMount, false)
				s.StorageCapacity = orPointer(s.StorageCapacity, false)
				s.FSGroupPolicy = orPointer(s.FSGroupPolicy, storagev1.ReadWriteOnceWithFSTypeFSGroupPolicy)
				s.RequiresRepublish = orPointer(s.RequiresRepublish, false)
				s.SELinuxMount = orPointer(s.SELinuxMount, false)
				if len(s.VolumeLifecycleModes) == 0 {
					s.VolumeLifecycleModes = []storagev1.VolumeLifecycleMode{storagev1.VolumeLifecyclePersistent}
				}
			},
			prepareCreate: func(d *storagev1.CSIDriver) {},
			prepareUpdate: func(d, old *storagev1.CSIDriver) {
				if !apiequality.Semantic.DeepEqual(d.Spec.TokenRequests, old.Spec.TokenRequests) || !apiequality.Semantic.DeepEqual(d.Spec.RequiresRepublish, old.Spec.RequiresRepublish) {
					d.Generation = old.Generation + 1
				}
			},
			validateUpdate: func(d, old *storagev1.CSIDriver) field.ErrorList {
				spec := field.NewPath("spec")
				errs := apivalidation.ValidateImmutableField(d.Spec.AttachRequired, old.Spec.AttachRequired, spec.Child("attachedRequired"))
				errs = append(errs, apivalidation.ValidateImmutableField(d.Spec.FSGroupPolicy, old.Spec.FSGroupPolicy, spec.Child("fsGroupPolicy"))...)
				return append(errs, apivalidation.ValidateImmutableField(d.Spec.VolumeLifecycleModes, old.Spec.VolumeLifecycleModes, spec.Child("volumeLifecycleModes"))...)
			},
		},
		table: nameAndAge(),
	})
}

func newCSINodeKind() *Kind {
	return builtinKind[*storagev1.CSINode, *storagev1.CSINodeList](storagev1.SchemeGroupVersion, kindSpec{
		resource: "csinodes",
		strategy: &rules[*storagev1.CSINode]{validate: func(n *storagev1.CSINode) field.ErrorList {
			var errs field.ErrorList
			seen := map[string]bool{}
			for i, d := range n.Spec.Drivers {
				path := field.NewPath("spec", "drivers").Index(i)
				if d.Name == "" {
					errs = append(errs, field.Required(path.Child("name"), ""))
				}
				if d.NodeID == "" {
					errs = append(errs, field.Required(path.Child("nodeID"), ""))
				}
				if seen[d.Name] {
					errs = append(errs, field.Duplicate(path.Child("name"), d.Name))
				}
				seen[d.Name] = true
			}
			return errs
		}},
		table: table([]metav1.TableColumnDefinition{
			nameColumn,
			{Name: "Drivers", Type: "integer", Description: "Drivers indicates the number of CSI drivers registered on the node"},
			ageColumn,
		}, func(n *storagev1.CSINode, now time.Time) []any {
			return []any{n.Name, int64(len(n.Spec.Drivers)), age(n.CreationTimestamp, now)}
		}),
	})
}

func validateStorageCapacity(c *storagev1.CSIStorageCapacity) field.ErrorList {
	path := field.NewPath("storageClassName")
	if c.StorageClassName == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	return invalids(path, c.StorageClassName, apivalidation.NameIsDNSSubdomain(c.StorageClassName, false))
}
