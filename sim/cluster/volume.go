package cluster

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/utils/ptr"
)

const (
	bindCompleted     = "pv.kubernetes.io/bind-completed"
	provisionedBy     = "pv.kubernetes.io/provisioned-by"
	defaultClass      = "storageclass.kubernetes.io/is-default-class"
	volumeProvisioner = "seatrial.dev/volumes"
)

// volumeController is the binder of claims and volumes, and the provisioner of the
// default storage class. It knows no snapshots, no resizing and no protection
// finalizers.
type volumeController struct {
	*manager
	Volumes
	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	pods    corelisters.PodLister
}

func volumes(o Volumes) part {
	return func(m *manager, _ context.Context) {
		claims, kept, pods := m.factory.Core().V1().PersistentVolumeClaims(), m.factory.Core().V1().PersistentVolumes(), m.factory.Core().V1().Pods()
		v := &volumeController{m, o, claims.Lister(), kept.Lister(), pods.Lister()}
		pace := Controller{o.Delay, o.FailRate}
		binder := m.add("persistentvolume-binder", pace, v.reconcileClaim)
		binder.watch(claims.Informer(), keyOf)
		binder.watch(kept.Informer(), func(metav1.Object) []string { return v.unboundClaims() })
		if o.WaitForConsumer {
			binder.watch(pods.Informer(), func(o metav1.Object) []string { return claimsOf(o.(*corev1.Pod)) })
		}
		reclaimer := m.add("persistentvolume-reclaimer", pace, v.reconcileVolume)
		reclaimer.watch(kept.Informer(), keyOf)
		reclaimer.watch(claims.Informer(), func(o metav1.Object) []string {
			if volume := o.(*corev1.PersistentVolumeClaim).Spec.VolumeName; volume != "" {
				return []string{volume}
			}
			return nil
		})
	}
}

// claimsOf are the keys of the claims that a pod uses.
func claimsOf(pod *corev1.Pod) []string {
	var keys []string
	for i := range pod.Spec.Volumes {
		if claim := pod.Spec.Volumes[i].PersistentVolumeClaim; claim != nil {
			keys = append(keys, pod.Namespace+"/"+claim.ClaimName)
		}
	}
	return keys
}

func isBound(claim *corev1.PersistentVolumeClaim) bool {
	return claim.Status.Phase == corev1.ClaimBound && claim.Spec.VolumeName != ""
}

// lacksVolume tells whether a pod has to wait for a claim to be bound.
func (s *podScheduler) lacksVolume(pod *corev1.Pod) bool {
	return slices.ContainsFunc(claimsOf(pod), func(key string) bool {
		namespace, name := split(key)
		claim, err := s.claims.PersistentVolumeClaims(namespace).Get(name)
		return err != nil || !isBound(claim)
	})
}

func (v *volumeController) unboundClaims() []string {
	all, _ := v.claims.List(everything) // of an informer's cache: no error
	var keys []string
	for _, claim := range sorted(all, func(c *corev1.PersistentVolumeClaim) bool { return !isBound(c) }) {
		keys = append(keys, name(claim))
	}
	return keys
}

func (v *volumeController) reconcileClaim(ctx context.Context, key string) (time.Duration, error) {
	namespace, name := split(key)
	claim, err := v.claims.PersistentVolumeClaims(namespace).Get(name)
	if err != nil || claim.DeletionTimestamp != nil || isBound(claim) {
		return 0, nil
	}
	if claim.Spec.StorageClassName == nil {
		next := claim.DeepCopy()
		next.Spec.StorageClassName = &v.Class
		_, err := v.client.CoreV1().PersistentVolumeClaims(namespace).Update(ctx, next, metav1.UpdateOptions{})
		return 0, err
	}
	volume := v.find(claim)
	if volume == nil {
		if *claim.Spec.StorageClassName != v.Class || claim.Spec.VolumeName != "" || v.WaitForConsumer && !v.hasConsumer(key) {
			return 0, nil
		}
		if volume, err = v.provision(ctx, claim); err != nil {
			return 0, err
		}
	}
	return 0, v.bind(ctx, claim, volume)
}

func (v *volumeController) hasConsumer(key string) bool {
	namespace, _ := split(key)
	return len(sortedPods(v.pods, namespace, func(p *corev1.Pod) bool {
		return p.Spec.NodeName != "" && slices.Contains(claimsOf(p), key)
	})) > 0
}

// find is the volume that is meant for the claim already, or the smallest that fits.
func (v *volumeController) find(claim *corev1.PersistentVolumeClaim) *corev1.PersistentVolume {
	all, _ := v.volumes.List(everything) // of an informer's cache: no error
	fitting := sorted(all, func(volume *corev1.PersistentVolume) bool { return fits(claim, volume) })
	slices.SortStableFunc(fitting, func(a, b *corev1.PersistentVolume) int {
		return cmp.Or(boolRank(a.Spec.ClaimRef == nil)-boolRank(b.Spec.ClaimRef == nil), ptr.To(a.Spec.Capacity[corev1.ResourceStorage]).Cmp(b.Spec.Capacity[corev1.ResourceStorage]))
	})
	if len(fitting) == 0 {
		return nil
	}
	return fitting[0]
}

func fits(claim *corev1.PersistentVolumeClaim, volume *corev1.PersistentVolume) bool {
	if ref := volume.Spec.ClaimRef; ref != nil {
		return ref.Namespace == claim.Namespace && ref.Name == claim.Name && (ref.UID == "" || ref.UID == claim.UID)
	}
	if claim.Spec.VolumeName != "" {
		return claim.Spec.VolumeName == volume.Name
	}
	selector, err := metav1.LabelSelectorAsSelector(claim.Spec.Selector)
	if claim.Spec.Selector == nil {
		selector = everything
	}
	wanted := claim.Spec.Resources.Requests[corev1.ResourceStorage]
	modes := !slices.ContainsFunc(claim.Spec.AccessModes, func(m corev1.PersistentVolumeAccessMode) bool { return !slices.Contains(volume.Spec.AccessModes, m) })
	return err == nil && modes && volume.DeletionTimestamp == nil && volume.Spec.StorageClassName == *claim.Spec.StorageClassName &&
		selector.Matches(labels.Set(volume.Labels)) && wanted.Cmp(volume.Spec.Capacity[corev1.ResourceStorage]) <= 0
}

func (v *volumeController) provision(ctx context.Context, claim *corev1.PersistentVolumeClaim) (*corev1.PersistentVolume, error) {
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "pvc-" + string(claim.UID), Annotations: map[string]string{provisionedBy: volumeProvisioner}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:    corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes: claim.Spec.AccessModes, StorageClassName: *claim.Spec.StorageClassName,
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			VolumeMode:                    claim.Spec.VolumeMode, ClaimRef: claimRef(claim),
			PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/lib/volumes/" + string(claim.UID)}},
		},
	}
	made, err := v.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return v.client.CoreV1().PersistentVolumes().Get(ctx, volume.Name, metav1.GetOptions{})
	}
	return made, err
}

func claimRef(claim *corev1.PersistentVolumeClaim) *corev1.ObjectReference {
	return &corev1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID}
}

// bind ties a claim and a volume to each other, the volume first, as the real
// binder does: a claim is never bound to a volume that may be another's.
func (v *volumeController) bind(ctx context.Context, claim *corev1.PersistentVolumeClaim, volume *corev1.PersistentVolume) error {
	volumes, claims := v.client.CoreV1().PersistentVolumes(), v.client.CoreV1().PersistentVolumeClaims(claim.Namespace)
	var err error
	if ref := volume.Spec.ClaimRef; ref == nil || ref.UID != claim.UID {
		volume = volume.DeepCopy()
		volume.Spec.ClaimRef = claimRef(claim)
		if volume, err = volumes.Update(ctx, volume, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	if volume.Status.Phase != corev1.VolumeBound {
		volume = volume.DeepCopy()
		volume.Status.Phase = corev1.VolumeBound
		if volume, err = volumes.UpdateStatus(ctx, volume, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	claim = claim.DeepCopy()
	if claim.Spec.VolumeName == "" || claim.Annotations[bindCompleted] == "" {
		claim.Spec.VolumeName = volume.Name
		metav1.SetMetaDataAnnotation(&claim.ObjectMeta, bindCompleted, "yes")
		if claim, err = claims.Update(ctx, claim, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	claim.Status.Phase, claim.Status.AccessModes, claim.Status.Capacity = corev1.ClaimBound, volume.Spec.AccessModes, volume.Spec.Capacity
	_, err = claims.UpdateStatus(ctx, claim, metav1.UpdateOptions{})
	return err
}

// reconcileVolume says that a volume is available, or reclaims one whose claim is gone.
func (v *volumeController) reconcileVolume(ctx context.Context, key string) (time.Duration, error) {
	volume, err := v.volumes.Get(key)
	if err != nil || volume.DeletionTimestamp != nil {
		return 0, nil
	}
	phase := volume.Status.Phase
	switch ref := volume.Spec.ClaimRef; {
	case ref == nil:
		phase = corev1.VolumeAvailable
	case ref.UID == "":
		return 0, nil
	default:
		claim, err := v.client.CoreV1().PersistentVolumeClaims(ref.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		if err == nil && claim.UID == ref.UID {
			return 0, nil
		}
		if err != nil && !apierrors.IsNotFound(err) {
			return 0, err
		}
		phase = corev1.VolumeReleased
	}
	if phase != volume.Status.Phase {
		next := volume.DeepCopy()
		next.Status.Phase = phase
		_, err = v.client.CoreV1().PersistentVolumes().UpdateStatus(ctx, next, metav1.UpdateOptions{})
		return 0, err
	}
	// Its protection lets it go because its status says that nobody has it any more.
	if phase != corev1.VolumeReleased || volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		return 0, nil
	}
	if err = v.client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, withPrecondition(volume)); apierrors.IsNotFound(err) {
		err = nil
	}
	return 0, err
}
