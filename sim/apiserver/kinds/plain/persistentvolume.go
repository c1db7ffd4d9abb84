package plain

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// newPersistentVolumeKind: volumes are bound to claims by whoever plays the
// volume controller.
func newPersistentVolumeKind() *kinds.Kind {
	return kinds.Builtin[*corev1.PersistentVolume, *corev1.PersistentVolumeList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource: "persistentvolumes", ShortNames: []string{"pv"},
		Strategy: &kinds.Rules[*corev1.PersistentVolume]{
			Defaults: func(v *corev1.PersistentVolume) {
				if v.Status.Phase == "" {
					v.Status.Phase = corev1.VolumePending
				}
				if v.Spec.PersistentVolumeReclaimPolicy == "" {
					v.Spec.PersistentVolumeReclaimPolicy = corev1.PersistentVolumeReclaimRetain
				}
				v.Spec.VolumeMode = kinds.OrPointer(v.Spec.VolumeMode, corev1.PersistentVolumeFilesystem)
				if h := v.Spec.HostPath; h != nil {
					h.Type = kinds.OrPointer(h.Type, corev1.HostPathUnset)
				}
			},
			PrepareCreate: func(v *corev1.PersistentVolume) {
				// The time of the phase is that of the creation.
				v.Status = corev1.PersistentVolumeStatus{Phase: corev1.VolumePending, LastPhaseTransitionTime: ptr.To(v.CreationTimestamp)}
			},
			PrepareUpdate: func(v, old *corev1.PersistentVolume) { v.Status = old.Status },
			Check:         validateVolume,
			CheckUpdate:   validateVolumeUpdate,
		},
		Status: &kinds.Rules[*corev1.PersistentVolume]{
			PrepareUpdate: func(v, old *corev1.PersistentVolume) { v.Spec = old.Spec },
			CheckUpdate:   func(v, _ *corev1.PersistentVolume) field.ErrorList { return nil },
		},
		Table: volumeTable(),
	})
}

var (
	accessModes     = []corev1.PersistentVolumeAccessMode{corev1.ReadOnlyMany, corev1.ReadWriteMany, corev1.ReadWriteOnce, corev1.ReadWriteOncePod}
	reclaimPolicies = []corev1.PersistentVolumeReclaimPolicy{corev1.PersistentVolumeReclaimDelete, corev1.PersistentVolumeReclaimRecycle, corev1.PersistentVolumeReclaimRetain}
	volumeModes     = []corev1.PersistentVolumeMode{corev1.PersistentVolumeBlock, corev1.PersistentVolumeFilesystem}
)

func validateVolume(v *corev1.PersistentVolume) field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateAccessModes(v.Spec.AccessModes, "", spec.Child("accessModes"))
	capacity, ok := v.Spec.Capacity[corev1.ResourceStorage]
	switch {
	case len(v.Spec.Capacity) == 0:
		errs = append(errs, field.Required(spec.Child("capacity"), ""))
	case !ok || len(v.Spec.Capacity) > 1:
		errs = append(errs, field.NotSupported(spec.Child("capacity"), v.Spec.Capacity, []corev1.ResourceName{corev1.ResourceStorage}))
	case capacity.Sign() <= 0:
		errs = append(errs, field.Invalid(spec.Child("capacity").Key(string(corev1.ResourceStorage)), capacity.String(), "must be greater than zero"))
	}
	if p := v.Spec.PersistentVolumeReclaimPolicy; p != "" && !slices.Contains(reclaimPolicies, p) {
		errs = append(errs, field.NotSupported(spec.Child("persistentVolumeReclaimPolicy"), p, reclaimPolicies))
	}
	switch n := countSources(&v.Spec.PersistentVolumeSource); {
	case n == 0:
		errs = append(errs, field.Required(spec, "must specify a volume type"))
	case n > 1:
		errs = append(errs, field.Forbidden(spec, "may not specify more than 1 volume type"))
	}
	if h := v.Spec.HostPath; h != nil && h.Path == "/" && v.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRecycle {
		errs = append(errs, field.Forbidden(spec.Child("persistentVolumeReclaimPolicy"), "may not be 'recycle' for a hostPath mount of '/'"))
	}
	if c := v.Spec.CSI; c != nil {
		if c.Driver == "" {
			errs = append(errs, field.Required(spec.Child("csi", "driver"), ""))
		}
		if c.VolumeHandle == "" {
			errs = append(errs, field.Required(spec.Child("csi", "volumeHandle"), ""))
		}
	}
	if name := v.Spec.StorageClassName; name != "" {
		errs = append(errs, kinds.Invalids(spec.Child("storageClassName"), name, apivalidation.NameIsDNSSubdomain(name, false))...)
	}
	return append(errs, validateVolumeMode(v.Spec.VolumeMode, spec.Child("volumeMode"))...)
}

func validateAccessModes(modes []corev1.PersistentVolumeAccessMode, none string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(modes) == 0 {
		errs = append(errs, field.Required(path, none))
	}
	alone, others := false, false
	for _, mode := range modes {
		if !slices.Contains(accessModes, mode) {
			errs = append(errs, field.NotSupported(path, mode, accessModes))
		}
		alone = alone || mode == corev1.ReadWriteOncePod
		others = others || mode != corev1.ReadWriteOncePod && slices.Contains(accessModes, mode)
	}
	if alone && others {
		errs = append(errs, field.Forbidden(path, "may not use ReadWriteOncePod with other access modes"))
	}
	return errs
}

func validateVolumeMode(mode *corev1.PersistentVolumeMode, path *field.Path) field.ErrorList {
	if mode == nil || slices.Contains(volumeModes, *mode) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, *mode, volumeModes)}
}

// countSources is the number of kinds of storage that a volume names.
func countSources(s *corev1.PersistentVolumeSource) (n int) {
	for _, set := range []bool{
		s.GCEPersistentDisk != nil, s.AWSElasticBlockStore != nil, s.HostPath != nil, s.Glusterfs != nil, s.NFS != nil, s.RBD != nil,
		s.ISCSI != nil, s.Cinder != nil, s.CephFS != nil, s.FC != nil, s.Flocker != nil, s.FlexVolume != nil, s.AzureFile != nil,
		s.VsphereVolume != nil, s.Quobyte != nil, s.AzureDisk != nil, s.PhotonPersistentDisk != nil, s.PortworxVolume != nil,
		s.ScaleIO != nil, s.Local != nil, s.StorageOS != nil, s.CSI != nil,
	} {
		if set {
			n++
		}
	}
	return n
}

func validateVolumeUpdate(v, old *corev1.PersistentVolume) field.ErrorList {
	errs := validateVolume(v)
	spec := field.NewPath("spec")
	same, was := v.Spec.PersistentVolumeSource.DeepCopy(), old.Spec.PersistentVolumeSource.DeepCopy()
	if same.CSI != nil && was.CSI != nil {
		same.CSI.ControllerExpandSecretRef, was.CSI.ControllerExpandSecretRef = nil, nil
		same.CSI.NodeExpandSecretRef, was.CSI.NodeExpandSecretRef = nil, nil
	}
	if !apiequality.Semantic.DeepEqual(same, was) {
		errs = append(errs, field.Forbidden(spec.Child("persistentvolumesource"), "spec.persistentvolumesource is immutable after creation"))
	}
	errs = append(errs, apivalidation.ValidateImmutableField(v.Spec.VolumeMode, old.Spec.VolumeMode, spec.Child("volumeMode"))...)
	if old.Spec.NodeAffinity != nil {
		errs = append(errs, apivalidation.ValidateImmutableField(v.Spec.NodeAffinity, old.Spec.NodeAffinity, spec.Child("nodeAffinity"))...)
	}
	return errs
}

func volumeTable() kinds.Table {
	spec, status := corev1.PersistentVolumeSpec{}.SwaggerDoc(), corev1.PersistentVolumeStatus{}.SwaggerDoc()
	return kinds.TableOf([]metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Capacity", Type: "string", Description: spec["capacity"]},
		{Name: "Access Modes", Type: "string", Description: spec["accessModes"]},
		{Name: "Reclaim Policy", Type: "string", Description: spec["persistentVolumeReclaimPolicy"]},
		{Name: "Status", Type: "string", Description: status["phase"]},
		{Name: "Claim", Type: "string", Description: spec["claimRef"]},
		{Name: "StorageClass", Type: "string", Description: "StorageClass of the pv"},
		{Name: "VolumeAttributesClass", Type: "string", Description: "VolumeAttributesClass of the pv"},
		{Name: "Reason", Type: "string", Description: status["reason"]},
		kinds.AgeColumn,
		{Name: "VolumeMode", Type: "string", Priority: 1, Description: spec["volumeMode"]},
	}, func(v *corev1.PersistentVolume, now time.Time) []any {
		claim := ""
		if ref := v.Spec.ClaimRef; ref != nil {
			claim = ref.Namespace + "/" + ref.Name
		}
		capacity := v.Spec.Capacity[corev1.ResourceStorage]
		phase := string(v.Status.Phase)
		if v.DeletionTimestamp != nil {
			phase = "Terminating"
		}
		class := v.Spec.StorageClassName
		if beta := v.Annotations[corev1.BetaStorageClassAnnotation]; beta != "" {
			class = beta
		}
		return []any{
			v.Name, capacity.String(), shortModes(v.Spec.AccessModes), string(v.Spec.PersistentVolumeReclaimPolicy), phase, claim, class,
			orUnset(v.Spec.VolumeAttributesClassName), v.Status.Reason, kinds.Age(v.CreationTimestamp, now), orUnset((*string)(v.Spec.VolumeMode)),
		}
	})
}

func orUnset(s *string) string {
	if s == nil {
		return "<unset>"
	}
	return *s
}

// shortModes are access modes as kubectl shows them, each once.
func shortModes(modes []corev1.PersistentVolumeAccessMode) string {
	var out []string
	for _, m := range []struct {
		mode  corev1.PersistentVolumeAccessMode
		short string
	}{{corev1.ReadWriteOnce, "RWO"}, {corev1.ReadOnlyMany, "ROX"}, {corev1.ReadWriteMany, "RWX"}, {corev1.ReadWriteOncePod, "RWOP"}} {
		if slices.Contains(modes, m.mode) {
			out = append(out, m.short)
		}
	}
	return strings.Join(out, ",")
}
