package controller

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// behindIndex finds the GlobalIngressIPs of what is behind a headless Service,
// by that Service.
const behindIndex = "globalingressip.submariner.io/behind"

func indexIngressByService(obj client.Object) []string {
	gip, ok := obj.(*v1.GlobalIngressIP)
	if !ok || !leadsBehind(gip) || serviceOf(gip) == "" {
		return nil
	}

	return []string{types.NamespacedName{Namespace: gip.Namespace, Name: serviceOf(gip)}.String()}
}

// reconcileHeadless sees to it that everything ready behind an exported headless
// Service has its GlobalIngressIP, and that nothing else has one.
//
// Readiness decides about the creation only. An address once given stays until
// the pod is gone, has finished or is no longer selected: a failing probe is not
// to break the connections that still work, nor to hand the address to another.
func (r *reconciler) reconcileHeadless(ctx context.Context, e *exported) error {
	gips, err := r.ingressesBehind(ctx, e.name)
	if err != nil {
		return err
	}

	var wanted []target
	if e.live() && isHeadless(e.service) {
		if wanted, err = r.targets(ctx, e.service); err != nil {
			return err
		}
	}

	var faults []error

	for i := range gips {
		if gips[i].DeletionTimestamp == nil {
			faults = append(faults, r.keepOrWithdraw(ctx, e, &gips[i], wanted))
		}
	}

	for _, t := range wanted {
		served := slices.ContainsFunc(gips, func(gip v1.GlobalIngressIP) bool { return targetOf(&gip).sameThing(t) })
		if !served {
			faults = append(faults, r.createBehind(ctx, e, t))
		}
	}

	return errors.Join(faults...)
}

// ingressesBehind lists the GlobalIngressIPs of a headless Service from the
// cache, by name.
func (r *reconciler) ingressesBehind(ctx context.Context, service types.NamespacedName) ([]v1.GlobalIngressIP, error) {
	var list v1.GlobalIngressIPList
	if err := r.cached.List(ctx, &list, client.MatchingFields{behindIndex: service.String()}); err != nil {
		return nil, fmt.Errorf("list the GlobalIngressIPs of %s in the cache: %w", service, err)
	}

	slices.SortFunc(list.Items, func(a, b v1.GlobalIngressIP) int { return strings.Compare(a.Name, b.Name) })

	return list.Items, nil
}

// keepOrWithdraw follows what a GlobalIngressIP leads to when it moves, undoes
// edits, and deletes the GlobalIngressIP when the cache gives reason to believe
// that there is nothing left to lead to and the API server proves it.
func (r *reconciler) keepOrWithdraw(ctx context.Context, e *exported, gip *v1.GlobalIngressIP, wanted []target) error {
	e = &exported{name: e.name, service: e.service, export: e.export, gip: gip}
	if !e.exists() || !e.sameService() {
		return r.unexport(ctx, gip)
	}

	made := targetOf(gip)
	if at := slices.IndexFunc(wanted, made.sameThing); at >= 0 {
		return r.follow(ctx, e, wanted[at])
	}

	address, there, err := r.locate(ctx, e.service, made)
	if err != nil {
		return err
	}

	if !there {
		return r.unexport(ctx, gip)
	}

	made.address = address

	return r.follow(ctx, e, made)
}

// locate returns where a target is, ready or not, as far as the cache knows; the
// zero Addr stands for a pod that has no address at the moment.
func (r *reconciler) locate(ctx context.Context, service *corev1.Service, t target) (netip.Addr, bool, error) {
	if !isHeadless(service) || (len(service.Spec.Selector) > 0) != (t.pod != "") {
		return netip.Addr{}, false, nil
	}

	if t.pod == "" {
		list := &endpoints{}

		found, err := r.lookUp(ctx, types.NamespacedName{Namespace: service.Namespace, Name: service.Name}, list)
		if err != nil || !found {
			return netip.Addr{}, false, err
		}

		return t.address, slices.Contains(addressesOf(list, true), t.address), nil
	}

	pod := &corev1.Pod{}

	found, err := r.lookUp(ctx, types.NamespacedName{Namespace: service.Namespace, Name: t.pod}, pod)
	if err != nil || !found || finished(pod) || !selects(service, pod) {
		return netip.Addr{}, false, err
	}

	address, _ := ipv4(pod.Status.PodIP)

	return address, true, nil
}

// follow writes down where a target is now and what its GlobalIngressIP is for,
// if that is news. One that is without an address keeps the one it had.
func (r *reconciler) follow(ctx context.Context, e *exported, t target) error {
	want := behindIngress(e, e.gip.Name, t)
	followed := e.gip.DeepCopy()

	if e.gip.Annotations[v1.ServiceUIDAnnotation] != "" {
		followed.Spec = want.Spec
		if followed.Labels == nil {
			followed.Labels = map[string]string{}
		}

		followed.Labels[v1.ServiceRefLabel] = e.name.Name
	}

	if t.address.IsValid() {
		for _, note := range []string{v1.HeadlessServicePodIPAnnotation, v1.HeadlessServiceEndpointsIP} {
			if value, ok := want.Annotations[note]; ok {
				annotate(followed, note, value)
			}
		}
	}

	if equality.Semantic.DeepEqual(e.gip, followed) {
		return nil
	}

	return r.calls.update(ctx, followed)
}

// createBehind creates the GlobalIngressIP of something behind a headless
// Service, complete with finalizer and the address to try.
func (r *reconciler) createBehind(ctx context.Context, e *exported, t target) error {
	name, taken, err := r.nameBehind(ctx, e, t)
	if err != nil || taken {
		return err
	}

	gip := behindIngress(e, name, t)

	addr, err := r.proposeFor(ctx, client.ObjectKeyFromObject(gip), e.service.UID)
	if err != nil {
		return err
	}

	if addr.IsValid() {
		gip.Annotations[v1.AddressAnnotation] = addr.String()
	}

	r.started.Begin(queue.IngressKey(gip.Namespace, gip.Name))

	err = r.calls.create(ctx, gip)
	if err == nil {
		return nil
	}

	// Whether it came about is not known. If it did, the watch brings it, and
	// with it the address written down.
	r.forgetProposal(client.ObjectKeyFromObject(gip))

	if apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("GlobalIngressIP %s/%s exists: %w", gip.Namespace, gip.Name, errCacheBehind)
	}

	return err
}

// nameBehind chooses the name of a target's GlobalIngressIP. A pod may be behind
// two Services, and a Service may bear the name that Submariner gives a pod's
// GlobalIngressIP: then the other name is taken. Taken is true if the target has
// its GlobalIngressIP already, under the name it would not get today.
func (r *reconciler) nameBehind(ctx context.Context, e *exported, t target) (name string, taken bool, err error) {
	if t.pod == "" {
		return v1.HeadlessEndpointName(e.name.Name, t.address), false, nil
	}

	name, fallback := v1.HeadlessPodName(e.name.Name, t.pod)
	if name == fallback {
		return name, false, nil
	}

	full := types.NamespacedName{Namespace: e.name.Namespace, Name: name}
	holder := &v1.GlobalIngressIP{}

	found, err := r.lookUp(ctx, full, holder)
	if err != nil {
		return "", false, err
	}

	if found && serviceOf(holder) == e.name.Name && targetOf(holder).sameThing(t) {
		return "", true, nil // it came since the list was read
	}

	if !found {
		found, err = r.isTaken(ctx, e, full, fallback)
	}

	if err != nil || found {
		return fallback, false, err
	}

	// A cache that is behind must not make a second one for the same pod.
	err = r.calls.get(ctx, types.NamespacedName{Namespace: full.Namespace, Name: fallback}, &v1.GlobalIngressIP{})
	if apierrors.IsNotFound(err) {
		return name, false, nil
	}

	return "", err == nil, err
}

// isTaken tells whether the GlobalIngressIP of something behind e is not to have its
// plain name, which no other one has: a Service bears it, or the claim that is kept for
// it since it had a GlobalIngressIP is to be found under the other name. Without a
// successor of its name such a claim would stay for as long as what it was for.
func (r *reconciler) isTaken(ctx context.Context, e *exported, plain types.NamespacedName, fallback string) (bool, error) {
	for _, name := range []string{plain.Name, fallback} {
		claims, err := r.cachedClaims(ctx, types.NamespacedName{Namespace: plain.Namespace, Name: name})
		if err != nil {
			return false, err
		}

		kept := slices.ContainsFunc(claims, func(claim networkingv1.IPAddress) bool {
			return claim.DeletionTimestamp == nil && claim.Annotations[v1.PodAnnotation] != "" &&
				claim.Annotations[v1.ServiceUIDAnnotation] == string(e.service.UID)
		})
		if kept {
			return name == fallback, nil
		}
	}

	return r.lookUp(ctx, plain, &corev1.Service{})
}

// behindIngress is the GlobalIngressIP of something behind a headless Service.
func behindIngress(e *exported, name string, t target) *v1.GlobalIngressIP {
	gip := &v1.GlobalIngressIP{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   e.name.Namespace,
			Name:        name,
			Labels:      map[string]string{v1.ServiceRefLabel: e.name.Name},
			Finalizers:  []string{v1.Finalizer},
			Annotations: map[string]string{v1.ServiceUIDAnnotation: string(e.service.UID)},
		},
		Spec: v1.GlobalIngressIPSpec{
			Target:     v1.HeadlessServiceEndpoints,
			ServiceRef: &corev1.LocalObjectReference{Name: e.name.Name},
		},
	}

	if t.pod == "" {
		gip.Annotations[v1.HeadlessServiceEndpointsIP] = t.endpoint

		return gip
	}

	gip.Spec.Target = v1.HeadlessServicePod
	gip.Spec.PodRef = &corev1.LocalObjectReference{Name: t.pod}
	gip.Annotations[v1.PodAnnotation] = t.pod

	if t.address.IsValid() {
		gip.Annotations[v1.HeadlessServicePodIPAnnotation] = t.address.String()
	}

	return gip
}
