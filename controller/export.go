package controller

import (
	"context"
	"errors"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// exported is what the cache knows about one name: whichever of the three
// objects exist.
type exported struct {
	name    types.NamespacedName
	service *corev1.Service
	export  *mcsv1alpha1.ServiceExport
	gip     *v1.GlobalIngressIP
	// nameTaken: the GlobalIngressIP of the Service's name leads to something
	// behind a headless one.
	nameTaken bool
}

func (r *reconciler) lookUpExported(ctx context.Context, name types.NamespacedName) (exported, error) {
	e := exported{name: name}
	service, export, gip := &corev1.Service{}, &mcsv1alpha1.ServiceExport{}, &v1.GlobalIngressIP{}

	found, err := r.lookUp(ctx, name, service)
	if err != nil {
		return e, err
	} else if found {
		e.service = service
	}

	if found, err = r.lookUp(ctx, name, export); err != nil {
		return e, err
	} else if found {
		e.export = export
	}

	if found, err = r.lookUp(ctx, name, gip); err != nil {
		return e, err
	} else if found {
		e.gip = gip
	}

	if found && gip.Labels[v1.ServiceRefLabel] != "" {
		e.gip, e.nameTaken = nil, true
	}

	return e, nil
}

// exists reports whether both the Service and its export are there, be they on
// their way out or not.
func (e *exported) exists() bool { return e.service != nil && e.export != nil }

// live reports whether both are there to stay.
func (e *exported) live() bool {
	return e.exists() && e.service.DeletionTimestamp == nil && e.export.DeletionTimestamp == nil
}

// sameService reports whether the GlobalIngressIP was made for the Service as
// it is now. One that says nothing was made by Submariner or by hand.
func (e *exported) sameService() bool {
	uid := e.gip.Annotations[v1.ServiceUIDAnnotation]

	return uid == "" || uid == string(e.service.UID)
}

// reconcileExport sees to it that an exported Service, or what is behind it, has
// its GlobalIngressIP, and that nothing else has one.
func (r *reconciler) reconcileExport(ctx context.Context, k queue.Key) error {
	e, err := r.lookUpExported(ctx, k.NamespacedName)
	if err != nil {
		return err
	}

	return errors.Join(r.reconcileWhole(ctx, &e), r.reconcileHeadless(ctx, &e))
}

// reconcileWhole sees to the one GlobalIngressIP that leads to the Service as a
// whole.
func (r *reconciler) reconcileWhole(ctx context.Context, e *exported) error {
	switch {
	case e.gip != nil && e.gip.DeletionTimestamp != nil:
		return nil // its deletion event brings the key back
	case e.gip != nil && (!e.exists() || !e.sameService() || isHeadless(e.service)):
		return r.unexport(ctx, e.gip)
	case e.gip != nil:
		return r.restoreSpec(ctx, e)
	case e.live() && !isHeadless(e.service):
		return r.createIngress(ctx, e)
	case e.nameTaken:
		return nil
	}

	r.forgetProposal(e.name)

	return nil
}

// unexport deletes a GlobalIngressIP once the API server has proven that the
// Service it was made for is gone. The cache only gave reason to ask.
func (r *reconciler) unexport(ctx context.Context, gip *v1.GlobalIngressIP) error {
	fate, err := r.prove(ctx, servedBy(gip))
	if err != nil {
		// Whoever reconciles gip may fail in another way. If each overwrote what the other
		// says, each report would wake both, without any back-off.
		if !troubled(gip) {
			r.reportTrouble(ctx, queue.IngressKey(gip.Namespace, gip.Name), err)
		}

		return err
	}

	if fate.gone == "" {
		return nil // the watch will tell the cache
	}

	r.log(ctx).Info("deleting the GlobalIngressIP", "reason", fate.gone)

	return r.calls.delete(ctx, gip.DeepCopy())
}

// createIngress creates the GlobalIngressIP of an exported Service, complete
// with the finalizer and the address to try, which saves a write each later.
func (r *reconciler) createIngress(ctx context.Context, e *exported) error {
	suitable, err := r.suitable(ctx, e)
	if err != nil || !suitable {
		return err
	}

	if e.nameTaken {
		if r.failures.First(queue.ExportKey(e.name.Namespace, e.name.Name), "name taken") {
			r.warn(e.export, "NameTaken",
				"Service gets no global IP as long as the GlobalIngressIP of its name leads to something behind a headless Service")
		}

		return nil // that one's deletion brings the key back
	}

	gip := &v1.GlobalIngressIP{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   e.name.Namespace,
			Name:        e.name.Name,
			Finalizers:  []string{v1.Finalizer},
			Annotations: map[string]string{v1.ServiceUIDAnnotation: string(e.service.UID)},
		},
		Spec: ingressSpec(e.name.Name),
	}

	addr, err := r.proposeFor(ctx, e.name, e.service.UID)
	if err != nil {
		return err
	}

	if addr.IsValid() {
		gip.Annotations[v1.AddressAnnotation] = addr.String()
	}

	r.started.Begin(queue.IngressKey(e.name.Namespace, e.name.Name))

	err = r.calls.create(ctx, gip)
	if apierrors.IsAlreadyExists(err) {
		return nil // the watch will bring it
	}

	return err
}

func ingressSpec(service string) v1.GlobalIngressIPSpec {
	return v1.GlobalIngressIPSpec{
		Target:     v1.ClusterIPService,
		ServiceRef: &corev1.LocalObjectReference{Name: service},
	}
}

// proposeFor picks the address to write into a new GlobalIngressIP: the one
// still claimed under its name for the Service, else a free one. None (the zero
// Addr) is no error: the GlobalIngressIP will wait for one, and say so.
func (r *reconciler) proposeFor(ctx context.Context, owner types.NamespacedName, service types.UID) (netip.Addr, error) {
	claims, err := r.cachedClaims(ctx, owner)
	if err != nil {
		return netip.Addr{}, err
	}

	for i := range claims {
		if claims[i].Annotations[v1.ServiceUIDAnnotation] != string(service) {
			continue
		}

		if addr, err := netip.ParseAddr(claims[i].Name); err == nil {
			r.pool.Hold(owner.String(), addr)

			return addr, nil
		}
	}

	addr, _ := r.pool.Propose(owner.String())

	return addr, nil
}

// suitable reports whether a Service with a cluster IP gets a global IP. A
// Service that has an address keeps it whatever becomes of its type: while it
// exists and is exported, the address is not to change.
func (r *reconciler) suitable(ctx context.Context, e *exported) (bool, error) {
	if e.service.Spec.Type == corev1.ServiceTypeClusterIP {
		return true, nil
	}

	claims, err := r.cachedClaims(ctx, e.name)
	if err != nil || len(claims) > 0 {
		return len(claims) > 0, err
	}

	if r.failures.First(queue.ExportKey(e.name.Namespace, e.name.Name), string(e.service.Spec.Type)) {
		r.warn(e.export, "ServiceTypeNotSupported",
			"Service of type %s gets no global IP: only type ClusterIP is supported", e.service.Spec.Type)
	}

	return false, nil
}

// restoreSpec undoes an edit of what a GlobalIngressIP is for. One that the
// controller did not make is left alone.
func (r *reconciler) restoreSpec(ctx context.Context, e *exported) error {
	want := ingressSpec(e.name.Name)
	if !isBound(e.gip) || equality.Semantic.DeepEqual(e.gip.Spec, want) {
		return nil
	}

	restored := e.gip.DeepCopy()
	restored.Spec = want

	return r.calls.update(ctx, restored)
}

// forgetProposal gives back an address that was proposed for a GlobalIngressIP
// which was never created.
func (r *reconciler) forgetProposal(owner types.NamespacedName) {
	r.started.Forget(queue.IngressKey(owner.Namespace, owner.Name))
	r.failures.First(queue.ExportKey(owner.Namespace, owner.Name), "")

	if r.pool.Drop(owner.String()) {
		r.waiting.Wake(1)
	}
}
