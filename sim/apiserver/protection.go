package apiserver

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
)

var volumeResource = schema.GroupResource{Resource: "persistentvolumes"}

// protection is the finalizer with which the admission plugin
// StorageObjectInUseProtection creates objects of some kinds, "" for all others.
func protection(obj runtime.Object) string {
	switch obj.(type) {
	case *corev1.PersistentVolumeClaim:
		return "kubernetes.io/pvc-protection"
	case *corev1.PersistentVolume:
		return "kubernetes.io/pv-protection"
	case *storagev1.VolumeAttributesClass:
		return "kubernetes.io/vac-protection"
	}
	return ""
}

// protected is an object with the finalizer that protects its kind, or the object
// itself when it has that or needs none.
func protected(obj runtime.Object) runtime.Object {
	finalizer := protection(obj)
	if finalizer == "" || slices.Contains(metaOf(obj).GetFinalizers(), finalizer) {
		return obj
	}
	obj = obj.DeepCopyObject()
	m := metaOf(obj)
	m.SetFinalizers(append(m.GetFinalizers(), finalizer))
	return obj
}

// protectionController is the part of kube-controller-manager that lets volumes and
// their claims go once nobody uses them: persistentvolumeclaim-protection-controller and
// persistentvolume-protection-controller.
type protectionController struct {
	server          *Server
	claims, volumes bool
	pending         map[reference]bool
}

func newProtectionController(s *Server, claims, volumes bool) *protectionController {
	return &protectionController{server: s, claims: claims, volumes: volumes, pending: map[reference]bool{}}
}

func (p *protectionController) observe(res *resource, e *event) {
	switch pod, isPod := e.current.value.(*corev1.Pod); {
	case isPod && p.claims && (e.deleted || pod.DeletionTimestamp != nil || pod.Spec.NodeName == ""):
		for i := range pod.Spec.Volumes {
			if name := claimOf(pod, &pod.Spec.Volumes[i]); name != "" {
				p.enqueue(reference{claimResource, objectKey(pod.Namespace, name)})
			}
		}
	case !e.deleted && (p.claims && res.gr == claimResource || p.volumes && res.gr == volumeResource):
		p.enqueue(reference{res.gr, e.key})
	}
}

// claimOf is the name of the claim behind a volume of a pod, "" if there is none.
func claimOf(pod *corev1.Pod, volume *corev1.Volume) string {
	switch {
	case volume.PersistentVolumeClaim != nil:
		return volume.PersistentVolumeClaim.ClaimName
	case volume.Ephemeral != nil:
		return pod.Name + "-" + volume.Name
	}
	return ""
}

func (p *protectionController) enqueue(ref reference) {
	if o := p.server.at(ref); o == nil || p.pending[ref] || !p.owes(o) {
		return
	}
	p.pending[ref] = true
	p.server.config.Clock.AfterFunc(p.server.config.ControllerLag, func() {
		delete(p.pending, ref)
		p.process(ref)
	})
}

// owes: the finalizer is there and should not be, as far as is known before looking
// for users, or it should be and is not.
func (p *protectionController) owes(o *object) bool {
	return (o.meta.GetDeletionTimestamp() != nil) == slices.Contains(o.meta.GetFinalizers(), protection(o.value))
}

func (p *protectionController) process(ref reference) {
	o := p.server.at(ref)
	if o == nil || !p.owes(o) || o.meta.GetDeletionTimestamp() != nil && p.used(o) {
		return
	}
	finalizer := protection(o.value)
	p.server.editMetadata(ref, o, func(m metav1.Object) {
		if m.GetDeletionTimestamp() == nil {
			m.SetFinalizers(append(slices.Clone(m.GetFinalizers()), finalizer))
			return
		}
		m.SetFinalizers(slices.DeleteFunc(slices.Clone(m.GetFinalizers()), func(f string) bool { return f == finalizer }))
	}, func() { p.server.config.Clock.AfterFunc(refusedRetry, func() { p.process(ref) }) })
}

// used tells whether something holds a volume or a claim: of a claim a pod that has a
// node, whatever has become of it; of a volume a claim, as its status says.
func (p *protectionController) used(o *object) bool {
	if v, ok := o.value.(*corev1.PersistentVolume); ok {
		return v.Status.Phase == corev1.VolumeBound
	}
	return slices.ContainsFunc(inNamespace[*corev1.Pod](p.server, podResource, o.meta.GetNamespace()), func(pod *corev1.Pod) bool {
		return pod.Spec.NodeName != "" && slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool {
			if claimOf(pod, &v) != o.meta.GetName() {
				return false
			}
			shutDown := pod.DeletionTimestamp != nil && ptr.Deref(pod.DeletionGracePeriodSeconds, 1) == 0
			return v.PersistentVolumeClaim != nil || !shutDown && metav1.IsControlledBy(o.meta, pod)
		})
	})
}
