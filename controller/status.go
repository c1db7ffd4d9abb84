package controller

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// patience is how many times in a row a key may fail before its condition says
// so. A single lost answer is over before anybody could read about it, and
// would cost two writes.
const patience = 3

// publish writes the address into the status: the last step, and the one that
// others wait for.
func (r *reconciler) publish(ctx context.Context, gip *v1.GlobalIngressIP, addr netip.Addr) error {
	message := "Allocated global IP"
	if !r.pool.Contains(addr) {
		message = fmt.Sprintf("Allocated global IP; it lies outside the configured CIDRs and is kept until %s is unexported",
			serviceOf(gip))
	}

	published := gip.DeepCopy()
	published.Status.AllocatedIP = addr.String()
	setCondition(published, metav1.Condition{
		Status: metav1.ConditionTrue, Reason: v1.ReasonSuccess, Message: message,
	})

	if equality.Semantic.DeepEqual(gip.Status, published.Status) {
		return nil
	}

	if err := r.calls.updateStatus(ctx, published); err != nil {
		return err
	}

	switch before := gip.Status.AllocatedIP; before {
	case addr.String():
	case "":
		r.log(ctx).Info("allocated a global IP", "address", addr)
		r.tell(gip, v1.ConditionAllocated, "Allocated global IP %s", addr)
	default:
		r.log(ctx).Info("the global IP changed", "before", before, "address", addr)
		r.warn(gip, "AddressChanged", "Global IP changed from %s to %s", before, addr)
	}

	return nil
}

// unpublish takes the address out of the status: the first step of a release,
// so that nobody reads an address that is about to be another's.
func (r *reconciler) unpublish(ctx context.Context, gip *v1.GlobalIngressIP, why string) (*v1.GlobalIngressIP, error) {
	if gip.Status.AllocatedIP == "" {
		return gip, nil
	}

	withdrawn := gip.DeepCopy()
	withdrawn.Status.AllocatedIP = ""
	setCondition(withdrawn, failure(v1.ReasonReleased, "Released because "+why))

	return withdrawn, r.calls.updateStatus(ctx, withdrawn)
}

func failure(reason, message string) metav1.Condition {
	return metav1.Condition{Status: metav1.ConditionFalse, Reason: reason, Message: message}
}

// setCondition sets the Allocated condition for the generation at hand. What
// else bears its type goes: Submariner once appended one with every change.
func setCondition(gip *v1.GlobalIngressIP, condition metav1.Condition) {
	condition.Type = v1.ConditionAllocated
	condition.ObservedGeneration = gip.Generation

	kept := make([]metav1.Condition, 0, len(gip.Status.Conditions)+1)

	for _, c := range gip.Status.Conditions {
		if c.Type != condition.Type || meta.FindStatusCondition(kept, c.Type) == nil {
			kept = append(kept, c)
		}
	}

	meta.SetStatusCondition(&kept, condition)
	gip.Status.Conditions = kept
}

// reportCondition writes a condition and an Event about it, if it is news. The
// address stays as it is, unless somebody else wrote it: then it may be another
// owner's.
func (r *reconciler) reportCondition(ctx context.Context, gip *v1.GlobalIngressIP, condition metav1.Condition) error {
	reported := gip.DeepCopy()
	setCondition(reported, condition)

	forged, err := r.forged(ctx, gip, condition.Reason == v1.ReasonIPPoolAllocationFailed)
	if err != nil {
		return err
	}

	if forged {
		reported.Status.AllocatedIP = ""
	}

	if equality.Semantic.DeepEqual(gip.Status, reported.Status) {
		return nil
	}

	if err := r.calls.updateStatus(ctx, reported); err != nil {
		return err
	}

	r.events.Event(gip, corev1.EventTypeWarning, condition.Reason, condition.Message)

	return nil
}

// forged tells whether the address in a status is none of gip's. That another one is
// written down is no proof: it may be about to move there, and cannot. Nor is it gip's
// own that is written down if gip waits for another, because its claim was taken away.
func (r *reconciler) forged(ctx context.Context, gip *v1.GlobalIngressIP, waits bool) (bool, error) {
	shown := gip.Status.AllocatedIP
	if shown == "" || shown == publishedBy(gip) && !waits {
		return false, nil
	}

	addr, ok := parseAddr(shown)
	if !ok {
		return true, nil
	}

	err := r.proveClaim(ctx, gip, addr)
	if errors.Is(err, errCacheBehind) {
		return true, nil
	}

	return false, err
}

// reportTrouble counts a failed attempt and, once it is more than a hiccup,
// says in the condition what cannot be done or verified, and why.
func (r *reconciler) reportTrouble(ctx context.Context, k queue.Key, err error) {
	class := classify(err)
	if class.quiet() {
		return
	}

	if r.failures.Fail(k) < patience && !class.lasting() {
		return
	}

	// A status that could not be written may have been written all the same. A
	// report would undo it, the watch would bring the key back at once, and so on
	// without any back-off.
	var call *callError
	if errors.As(err, &call) && call.verb == verbStatus {
		return
	}

	gip := &v1.GlobalIngressIP{}
	if found, lookUpErr := r.lookUp(ctx, k.NamespacedName, gip); lookUpErr != nil || !found {
		return
	}

	if err := r.reportCondition(ctx, gip, describeTrouble(gip, err)); err != nil {
		r.log(ctx).V(1).Info("could not report the condition either", "error", err.Error())
	}
}

// troubled tells whether gip's condition already says that something is amiss.
func troubled(gip *v1.GlobalIngressIP) bool {
	said := meta.FindStatusCondition(gip.Status.Conditions, v1.ConditionAllocated)

	return said != nil && said.Status != metav1.ConditionTrue && said.ObservedGeneration == gip.Generation
}

// describeTrouble words a condition from what failed and the class of the
// error, not from its text: the text differs from attempt to attempt, and each
// difference would be a write.
func describeTrouble(gip *v1.GlobalIngressIP, err error) metav1.Condition {
	what := err.Error()

	var call *callError
	if errors.As(err, &call) {
		what = fmt.Sprintf("could not %s (%s error)", call.call(), classify(err))
	}

	condition := metav1.Condition{Status: metav1.ConditionUnknown, Reason: v1.ReasonVerificationFailed}

	var step *stepError
	if errors.As(err, &step) && (gip.Status.AllocatedIP == "" || classify(err).lasting()) {
		condition = metav1.Condition{Status: metav1.ConditionFalse, Reason: step.reason}
	}

	switch {
	case errors.Is(err, errPoolExhausted):
		condition.Message = "Error allocating a global IP from the pool: " + errPoolExhausted.Error()
	case gip.Status.AllocatedIP != "":
		condition.Message = fmt.Sprintf("%s; global IP %s is kept, retrying", what, gip.Status.AllocatedIP)
	default:
		condition.Message = what + "; retrying"
	}

	return condition
}
