package controller

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// reconcileIngress brings one GlobalIngressIP, or what one left behind, to the
// state it should be in.
func (r *reconciler) reconcileIngress(ctx context.Context, k queue.Key) error {
	gip := &v1.GlobalIngressIP{}

	found, err := r.lookUp(ctx, k.NamespacedName, gip)

	switch {
	case err != nil:
		return err
	case !found:
		r.failures.First(k, "") // what was said of it was said of that object

		return r.cleanUpAfter(ctx, k.NamespacedName)
	case gip.DeletionTimestamp != nil:
		r.started.Forget(k)
		r.failures.First(k, "")

		return r.release(ctx, gip)
	}

	return r.ensure(ctx, k, gip)
}

// ensure takes a GlobalIngressIP through finalizer, claim, internal Service and
// status, doing only what is not yet done.
func (r *reconciler) ensure(ctx context.Context, k queue.Key, gip *v1.GlobalIngressIP) error {
	if fault := invalidReference(gip); fault != "" {
		return r.reportCondition(ctx, gip, failure(v1.ReasonInvalidReference, fault))
	}

	name := types.NamespacedName{Namespace: gip.Namespace, Name: serviceOf(gip)}

	e, err := r.lookUpExported(ctx, name)
	if err != nil {
		return err
	}

	if e.service == nil && gip.Status.AllocatedIP == "" {
		return r.reportCondition(ctx, gip, failure(v1.ReasonServiceNotFound,
			fmt.Sprintf("Service %s does not exist", name.Name)))
	}

	e.gip = gip
	if !e.exists() || !e.sameService() || isHeadless(e.service) != leadsBehind(gip) {
		return nil // whether it is to go is being proven under the export's key
	}

	if gip.Status.AllocatedIP == "" {
		r.started.Begin(k)
	}

	return r.allocate(ctx, k, gip, e.service)
}

func (r *reconciler) allocate(ctx context.Context, k queue.Key, gip *v1.GlobalIngressIP, service *corev1.Service) error {
	gip, err := r.ensureOwnership(ctx, gip)
	if err != nil {
		return err
	}

	held, err := r.ensureClaim(ctx, gip)
	if err != nil {
		return err
	}

	r.failures.First(k, "") // from now on it would be news

	if err := r.ensureDataPath(ctx, held, service); err != nil {
		return err
	}

	published := held.gip.Status.AllocatedIP == held.addr.String()

	if err := r.publish(ctx, held.gip, held.addr); err != nil {
		return err
	}

	if took, ok := r.started.End(k); ok && !published {
		r.metrics.allocated.Inc()
		r.metrics.duration.Observe(took.Seconds())
	}

	return r.releaseSurplus(ctx, held)
}

// ensureDataPath makes the address lead to its target, before anybody is told
// about it.
func (r *reconciler) ensureDataPath(ctx context.Context, h held, service *corev1.Service) error {
	if leadsBehind(h.gip) {
		return r.ensureRule(ctx, h)
	}

	if err := r.ensureInternalService(ctx, h, service); err != nil {
		return err
	}

	return r.ensureEndpoints(ctx, service)
}

// invalidReference says what is wrong with what a GlobalIngressIP refers to,
// or "".
func invalidReference(gip *v1.GlobalIngressIP) string {
	t := targetOf(gip)

	switch {
	case purposeOf(gip) != v1.ClusterIPService && !leadsBehind(gip):
		return fmt.Sprintf("target %q is none that is known", gip.Spec.Target)
	case serviceOf(gip) == "":
		return "serviceRef names no Service"
	case purposeOf(gip) == v1.HeadlessServicePod && t.pod == "":
		return "podRef names no pod"
	case purposeOf(gip) == v1.HeadlessServiceEndpoints && !t.address.Is4():
		return fmt.Sprintf("annotation %s holds no IPv4 address", v1.HeadlessServiceEndpointsIP)
	case leadsBehind(gip):
		return ""
	case gip.Name != serviceOf(gip):
		// Two of them for one Service would fight over its internal Service.
		return fmt.Sprintf("the GlobalIngressIP of Service %s must bear its name", serviceOf(gip))
	}

	return ""
}

// ensureOwnership marks a GlobalIngressIP that Submariner or a user created as
// this controller's: the finalizer before anything that needs cleaning up, the
// Service's UID before anything that depends on which Service it is.
func (r *reconciler) ensureOwnership(ctx context.Context, gip *v1.GlobalIngressIP) (*v1.GlobalIngressIP, error) {
	bound := isBound(gip)
	if bound && slices.Contains(gip.Finalizers, v1.Finalizer) {
		return gip, nil
	}

	owned := gip.DeepCopy()
	controllerutil.AddFinalizer(owned, v1.Finalizer)

	if !bound {
		service, err := r.readService(ctx, gip)
		if err != nil {
			return nil, err
		}

		annotate(owned, v1.ServiceUIDAnnotation, string(service.UID))
		noteTarget(owned, gip)

		address, err := r.addressFromSubmariner(ctx, gip)
		if err != nil {
			return nil, err
		}

		if address != "" {
			annotate(owned, v1.AddressAnnotation, address)
		}
	}

	return owned, r.calls.update(ctx, owned)
}

// noteTarget writes down what a GlobalIngressIP leads to behind a headless Service, in
// the form in which this controller's own have it: from when it is bound on, the spec
// is not what says so.
func noteTarget(owned, gip *v1.GlobalIngressIP) {
	if !leadsBehind(gip) {
		return
	}

	if owned.Labels == nil {
		owned.Labels = map[string]string{}
	}

	owned.Labels[v1.ServiceRefLabel] = serviceOf(gip)

	if pod := targetOf(gip).pod; pod != "" {
		annotate(owned, v1.PodAnnotation, pod)
	}
}

// addressFromSubmariner returns the address in the status of a GlobalIngressIP that
// this controller has never had its hands on, or "". Anybody may write a status: an
// address that no CIDR has is believed only if the internal Service, which Submariner
// writes before the status, carries it too.
func (r *reconciler) addressFromSubmariner(ctx context.Context, gip *v1.GlobalIngressIP) (string, error) {
	published := gip.Status.AllocatedIP

	addr, ok := parseAddr(published)
	if !ok || leadsBehind(gip) || r.pool.Contains(addr) {
		return published, nil
	}

	carried, err := r.readCarried(ctx, gip)
	if err != nil || carried != published {
		return "", err
	}

	return published, nil
}

// readService reads the Service that gip serves from the API server: an address
// bound to a Service that only a cache still shows would have to be taken back
// from the one that has come in its place.
func (r *reconciler) readService(ctx context.Context, gip *v1.GlobalIngressIP) (*corev1.Service, error) {
	service := &corev1.Service{}

	err := r.calls.get(ctx, servedBy(gip).NamespacedName, service)
	if err != nil {
		return nil, behindIfNotFound(err)
	}

	return service, nil
}

func annotate(gip *v1.GlobalIngressIP, annotation, value string) {
	if gip.Annotations == nil {
		gip.Annotations = map[string]string{}
	}

	gip.Annotations[annotation] = value
}
