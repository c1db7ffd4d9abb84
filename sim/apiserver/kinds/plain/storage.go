package plain

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

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// newStorageKinds are the kinds of storage.k8s.io.
func newStorageKinds() []*kinds.Kind {
	return []*kinds.Kind{
		newStorageClassKind(),
		newVolumeAttachmentKind(),
		newCSIDriverKind(),
		newCSINodeKind(),
		kinds.Builtin[*storagev1.CSIStorageCapacity, *storagev1.CSIStorageCapacityList](storagev1.SchemeGroupVersion, kinds.Spec{
			Resource: "csistoragecapacities", Namespaced: true,
			Strategy: &kinds.Rules[*storagev1.CSIStorageCapacity]{
				Check: validateStorageCapacity,
				CheckUpdate: func(c, old *storagev1.CSIStorageCapacity) field.ErrorList {
					errs := apivalidation.ValidateImmutableField(c.NodeTopology, old.NodeTopology, field.NewPath("nodeTopology"))
					return append(errs, apivalidation.ValidateImmutableField(c.StorageClassName, old.StorageClassName, field.NewPath("storageClassName"))...)
				},
				Conditional: true,
			},
			Table: kinds.TableOf([]metav1.TableColumnDefinition{
				kinds.NameColumn,
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
		kinds.Builtin[*storagev1.VolumeAttributesClass, *storagev1.VolumeAttributesClassList](storagev1.SchemeGroupVersion, kinds.Spec{
			Resource: "volumeattributesclasses", ShortNames: []string{"vac"},
			Strategy: &kinds.Rules[*storagev1.VolumeAttributesClass]{
				Check: func(c *storagev1.VolumeAttributesClass) field.ErrorList {
					errs := validateProvisioner(c.DriverName, field.NewPath("driverName"))
					if len(c.Parameters) == 0 {
						errs = append(errs, field.Required(field.NewPath("parameters"), "must contain at least one key/value pair"))
					}
					return errs
				},
				CheckUpdate: func(c, old *storagev1.VolumeAttributesClass) field.ErrorList {
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
			Table: kinds.TableOf([]metav1.TableColumnDefinition{
				kinds.NameColumn,
				{Name: "DriverName", Type: "string", Description: storagev1.VolumeAttributesClass{}.SwaggerDoc()["driverName"]},
				kinds.AgeColumn,
			}, func(c *storagev1.VolumeAttributesClass, now time.Time) []any {
				return []any{c.Name, c.DriverName, kinds.Age(c.CreationTimestamp, now)}
			}),
		}),
	}
}

func newStorageClassKind() *kinds.Kind {
	doc := storagev1.StorageClass{}.SwaggerDoc()
	return kinds.Builtin[*storagev1.StorageClass, *storagev1.StorageClassList](storagev1.SchemeGroupVersion, kinds.Spec{
		Resource: "storageclasses", ShortNames: []string{"sc"},
		Strategy: &kinds.Rules[*storagev1.StorageClass]{
			Defaults: func(c *storagev1.StorageClass) {
				c.ReclaimPolicy = kinds.OrPointer(c.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)
				c.VolumeBindingMode = kinds.OrPointer(c.VolumeBindingMode, storagev1.VolumeBindingImmediate)
			},
			Check:       validateStorageClass,
			CheckUpdate: validateStorageClassUpdate,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Provisioner", Type: "string", Description: doc["provisioner"]},
			{Name: "ReclaimPolicy", Type: "string", Description: doc["reclaimPolicy"]},
			{Name: "VolumeBindingMode", Type: "string", Description: doc["volumeBindingMode"]},
			{Name: "AllowVolumeExpansion", Type: "string", Description: doc["allowVolumeExpansion"]},
			kinds.AgeColumn,
		}, func(c *storagev1.StorageClass, now time.Time) []any {
			name := c.Name
			if c.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" || c.Annotations["storageclass.beta.kubernetes.io/is-default-class"] == "true" {
				name += " (default)"
			}
			return []any{
				name, c.Provisioner, string(ptr.Deref(c.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)),
				string(ptr.Deref(c.VolumeBindingMode, storagev1.VolumeBindingImmediate)), ptr.Deref(c.AllowVolumeExpansion, false), kinds.Age(c.CreationTimestamp, now),
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
	return kinds.Invalids(path, name, utilvalidation.IsQualifiedName(name))
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

func newVolumeAttachmentKind() *kinds.Kind {
	spec, status := storagev1.VolumeAttachmentSpec{}.SwaggerDoc(), storagev1.VolumeAttachmentStatus{}.SwaggerDoc()
	return kinds.Builtin[*storagev1.VolumeAttachment, *storagev1.VolumeAttachmentList](storagev1.SchemeGroupVersion, kinds.Spec{
		Resource: "volumeattachments",
		Strategy: &kinds.Rules[*storagev1.VolumeAttachment]{
			PrepareCreate: func(a *storagev1.VolumeAttachment) { a.Status = storagev1.VolumeAttachmentStatus{} },
			PrepareUpdate: func(a, old *storagev1.VolumeAttachment) { a.Status = old.Status },
			Check:         validateAttachment,
			CheckUpdate: func(a, old *storagev1.VolumeAttachment) field.ErrorList {
				errs := validateAttachment(a)
				if !apiequality.Semantic.DeepEqual(a.Spec, old.Spec) {
					errs = append(errs, field.Invalid(field.NewPath("spec"), a.Spec, "field is immutable"))
				}
				return errs
			},
		},
		Status: &kinds.Rules[*storagev1.VolumeAttachment]{
			PrepareUpdate: func(a, old *storagev1.VolumeAttachment) {
				a.Spec = old.Spec
				meta := *old.ObjectMeta.DeepCopy()
				meta.ManagedFields, meta.ResourceVersion = a.ManagedFields, a.ResourceVersion
				a.ObjectMeta = meta
			},
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Attacher", Type: "string", Format: "name", Description: spec["attacher"]},
			{Name: "PV", Type: "string", Description: "Represents the name of the persistent volume to attach."},
			{Name: "Node", Type: "string", Description: spec["nodeName"]},
			{Name: "Attached", Type: "boolean", Description: status["attached"]},
			kinds.AgeColumn,
		}, func(a *storagev1.VolumeAttachment, now time.Time) []any {
			return []any{a.Name, a.Spec.Attacher, ptr.Deref(a.Spec.Source.PersistentVolumeName, ""), a.Spec.NodeName, a.Status.Attached, kinds.Age(a.CreationTimestamp, now)}
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
	return append(errs, kinds.Invalids(spec.Child("nodeName"), a.Spec.NodeName, apivalidation.NameIsDNSSubdomain(a.Spec.NodeName, false))...)
}

func newCSIDriverKind() *kinds.Kind {
	return kinds.Builtin[*storagev1.CSIDriver, *storagev1.CSIDriverList](storagev1.SchemeGroupVersion, kinds.Spec{
		Resource: "csidrivers",
		Strategy: &kinds.Rules[*storagev1.CSIDriver]{
			Defaults: func(d *storagev1.CSIDriver) {
				s := &d.Spec
				s.AttachRequired = kinds.OrPointer(s.AttachRequired, true)
				s.PodInfoOnMount = kinds.OrPointer(s.PodInfoOnMount, false)
				s.StorageCapacity = kinds.OrPointer(s.StorageCapacity, false)
				s.FSGroupPolicy = kinds.OrPointer(s.FSGroupPolicy, storagev1.ReadWriteOnceWithFSTypeFSGroupPolicy)
				s.RequiresRepublish = kinds.OrPointer(s.RequiresRepublish, false)
				s.SELinuxMount = kinds.OrPointer(s.SELinuxMount, false)
				if len(s.VolumeLifecycleModes) == 0 {
					s.VolumeLifecycleModes = []storagev1.VolumeLifecycleMode{storagev1.VolumeLifecyclePersistent}
				}
			},
			PrepareCreate: func(d *storagev1.CSIDriver) {},
			PrepareUpdate: func(d, old *storagev1.CSIDriver) {
				if !apiequality.Semantic.DeepEqual(d.Spec.TokenRequests, old.Spec.TokenRequests) || !apiequality.Semantic.DeepEqual(d.Spec.RequiresRepublish, old.Spec.RequiresRepublish) {
					d.Generation = old.Generation + 1
				}
			},
			CheckUpdate: func(d, old *storagev1.CSIDriver) field.ErrorList {
				spec := field.NewPath("spec")
				errs := apivalidation.ValidateImmutableField(d.Spec.AttachRequired, old.Spec.AttachRequired, spec.Child("attachedRequired"))
				errs = append(errs, apivalidation.ValidateImmutableField(d.Spec.FSGroupPolicy, old.Spec.FSGroupPolicy, spec.Child("fsGroupPolicy"))...)
				return append(errs, apivalidation.ValidateImmutableField(d.Spec.VolumeLifecycleModes, old.Spec.VolumeLifecycleModes, spec.Child("volumeLifecycleModes"))...)
			},
		},
		Table: kinds.NameAndAge(),
	})
}

func newCSINodeKind() *kinds.Kind {
	return kinds.Builtin[*storagev1.CSINode, *storagev1.CSINodeList](storagev1.SchemeGroupVersion, kinds.Spec{
		Resource: "csinodes",
		Strategy: &kinds.Rules[*storagev1.CSINode]{Check: func(n *storagev1.CSINode) field.ErrorList {
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
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Drivers", Type: "integer", Description: "Drivers indicates the number of CSI drivers registered on the node"},
			kinds.AgeColumn,
		}, func(n *storagev1.CSINode, now time.Time) []any {
			return []any{n.Name, int64(len(n.Spec.Drivers)), kinds.Age(n.CreationTimestamp, now)}
		}),
	})
}

func validateStorageCapacity(c *storagev1.CSIStorageCapacity) field.ErrorList {
	path := field.NewPath("storageClassName")
	if c.StorageClassName == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	return kinds.Invalids(path, c.StorageClassName, apivalidation.NameIsDNSSubdomain(c.StorageClassName, false))
}
