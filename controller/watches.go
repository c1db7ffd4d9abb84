package controller

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/source"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// adoptionPriority puts adoption before everything that the caches bring at
// start.
const adoptionPriority = 1000

// sources returns what feeds the queue.
func (r *reconciler) sources(informers cache.Cache) []source.TypedSource[queue.Key] {
	events := queue.NewDebounce()

	return []source.TypedSource[queue.Key]{
		source.TypedFunc[queue.Key](func(_ context.Context, q queue.Interface) error {
			r.waiting.Attach(q)
			enqueueFirst(q, queue.Key{Kind: queue.Adoption})

			return nil
		}),
		watch(informers, events, &corev1.Service{}, nil, withBehind(r, serviceKeys)),
		watch(informers, events, &mcsv1alpha1.ServiceExport{}, nil, withBehind(r, exportKeys)),
		watch(informers, events, &v1.GlobalIngressIP{}, r.observeIngress, ingressKeys),
		watch(informers, events, &networkingv1.IPAddress{}, r.observeClaim, claimKeys),
		watch(informers, events, &endpoints{}, nil, withBehind(r, endpointsKeys)),
		watch(informers, events, &corev1.Pod{}, nil, r.podKeys),
	}
}

func enqueueFirst(q queue.Interface, k queue.Key) {
	if pq, ok := q.(priorityqueue.PriorityQueue[queue.Key]); ok {
		priority := adoptionPriority
		pq.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, k)

		return
	}

	q.Add(k)
}

// enqueuePresent enqueues the keys of everything that was there at start and
// has to do with global IPs, by namespace and name. Informers bring what is
// there in the order of a map: worked on in that order, each start would go
// another way, and no two logs of one could be compared.
func (r *reconciler) enqueuePresent(ctx context.Context) error {
	present := map[queue.Key]bool{}
	note := func(keys []queue.Key) {
		for _, k := range keys {
			present[k] = true
		}
	}

	var (
		services corev1.ServiceList
		exports  mcsv1alpha1.ServiceExportList
		gips     v1.GlobalIngressIPList
		claims   networkingv1.IPAddressList
	)

	if err := errors.Join(
		r.cached.List(ctx, &services, client.HasLabels{v1.InternalServiceLabel}),
		r.cached.List(ctx, &exports), r.cached.List(ctx, &gips), r.cached.List(ctx, &claims),
	); err != nil {
		return fmt.Errorf("list what is there at start: %w", err)
	}

	for i := range services.Items {
		note(serviceKeys(&services.Items[i]))
	}

	for i := range exports.Items {
		note(exportKeys(&exports.Items[i]))
	}

	for i := range gips.Items {
		note(ingressKeys(&gips.Items[i]))
	}

	for i := range claims.Items {
		note(claimKeys(&claims.Items[i]))
	}

	r.waiting.Enqueue(slices.SortedFunc(maps.Keys(present), queue.Compare))

	return nil
}

// watch enqueues the keys of every object that appears, changes or goes, of
// its old form as well as of its new one: an edited label must not hide an
// object from the key it used to belong to. observe, if not nil, is told
// first, so that whoever works on the key already finds the pool up to date;
// its exists is false when the object is gone.
func watch[object client.Object](
	informers cache.Cache, events *queue.Debounce, kind object, observe func(obj object, exists bool), keys func(object) []queue.Key,
) source.TypedSource[queue.Key] {
	tell := func(obj object, exists bool) {
		if observe != nil {
			observe(obj, exists)
		}
	}
	return &queue.Source[object]{
		Informers: informers,
		Kind:      kind,
		Created: func(q queue.Interface, obj object, present bool) {
			tell(obj, true)

			// What is there at start is enqueued after adoption, in order.
			if !present {
				events.Add(q, keys(obj))
			}
		},
		Updated: func(q queue.Interface, before, now object) {
			tell(now, true)
			events.Add(q, append(keys(before), keys(now)...))
		},
		Deleted: func(q queue.Interface, last object) {
			tell(last, false)
			events.Add(q, keys(last))
		},
	}
}

func serviceKeys(service *corev1.Service) []queue.Key {
	if exported := service.Labels[v1.InternalServiceLabel]; exported != "" {
		return []queue.Key{queue.IngressKey(service.Namespace, exported)}
	}

	return []queue.Key{queue.ExportKey(service.Namespace, service.Name), queue.IngressKey(service.Namespace, service.Name)}
}

// endpointsKeys: what is behind a Service without a selector, be it headless or
// have its Endpoints copied.
func endpointsKeys(list *endpoints) []queue.Key {
	if exported := list.Labels[v1.InternalServiceLabel]; exported != "" {
		return []queue.Key{queue.IngressKey(list.Namespace, exported)}
	}

	return []queue.Key{queue.ExportKey(list.Namespace, list.Name), queue.IngressKey(list.Namespace, list.Name)}
}

// withBehind adds to the keys of what bears a Service's name those of the
// GlobalIngressIPs behind it: an address that comes back among its Endpoints needs
// its rule again, and trouble that was told while the Service or its export seemed
// gone is over when they are back. As for podKeys, before adoption there is nothing to
// add.
func withBehind[object client.Object](r *reconciler, keysOf func(object) []queue.Key) func(object) []queue.Key {
	return func(obj object) []queue.Key {
		keys := keysOf(obj)
		if !r.adopted.Load() {
			return keys
		}

		gips, err := r.ingressesBehind(context.Background(), client.ObjectKeyFromObject(obj))
		if err != nil {
			return keys // only without the index, which is there from the start
		}

		for i := range gips {
			keys = append(keys, queue.IngressKey(gips[i].Namespace, gips[i].Name))
		}

		return keys
	}
}

// headlessIndex finds the headless Services of a namespace.
const headlessIndex = "globalingressip.submariner.io/headless"

func indexHeadless(obj client.Object) []string {
	if service, ok := obj.(*corev1.Service); ok && isHeadless(service) {
		return []string{service.Namespace}
	}

	return nil
}

// podKeys: the headless Services that a pod is behind, and its GlobalIngressIPs,
// whose rules follow it. One that left a Service is brought by its old form.
//
// Before adoption there is nothing to do: every export is looked at after it, and
// to ask for Services now would wait for their cache, for ever if the controller is
// stopped meanwhile (seed 67).
func (r *reconciler) podKeys(pod *corev1.Pod) []queue.Key {
	if !r.adopted.Load() {
		return nil
	}

	var services corev1.ServiceList
	if r.cached.List(context.Background(), &services, client.MatchingFields{headlessIndex: pod.Namespace}) != nil {
		return nil // only without the index, which is there from the start
	}

	var keys []queue.Key

	for i := range services.Items {
		if selects(&services.Items[i], pod) {
			name, fallback := v1.HeadlessPodName(services.Items[i].Name, pod.Name)
			keys = append(keys, queue.ExportKey(pod.Namespace, services.Items[i].Name),
				queue.IngressKey(pod.Namespace, name), queue.IngressKey(pod.Namespace, fallback))
		}
	}

	slices.SortFunc(keys, queue.Compare)

	return slices.Compact(keys)
}

func exportKeys(export *mcsv1alpha1.ServiceExport) []queue.Key {
	return []queue.Key{queue.ExportKey(export.Namespace, export.Name), queue.IngressKey(export.Namespace, export.Name)}
}

func ingressKeys(gip *v1.GlobalIngressIP) []queue.Key {
	keys := []queue.Key{queue.IngressKey(gip.Namespace, gip.Name), queue.ExportKey(gip.Namespace, gip.Name)}
	if name := serviceOf(gip); name != "" && name != gip.Name {
		keys = append(keys, queue.ExportKey(gip.Namespace, name))
	}

	return keys
}

func claimKeys(claim *networkingv1.IPAddress) []queue.Key {
	if owner, ok := ownerOf(claim); ok {
		return []queue.Key{{Kind: queue.Ingress, NamespacedName: owner}}
	}

	return nil
}

// observeIngress keeps the pool from proposing an address that a
// GlobalIngressIP has written down, be it published or only intended.
func (r *reconciler) observeIngress(gip *v1.GlobalIngressIP, exists bool) {
	owner := types.NamespacedName{Namespace: gip.Namespace, Name: gip.Name}.String()

	if !exists {
		if r.pool.Drop(owner) {
			r.waiting.Wake(1)
		}

		return
	}

	for _, written := range []string{publishedBy(gip), gip.Annotations[v1.AddressAnnotation]} {
		if addr, err := netip.ParseAddr(written); err == nil {
			r.pool.Hold(owner, addr)

			return
		}
	}
}

// observeClaim keeps the pool informed of every IPAddress, whoever made it.
func (r *reconciler) observeClaim(claim *networkingv1.IPAddress, exists bool) {
	addr, err := netip.ParseAddr(claim.Name)
	if err != nil {
		return
	}

	_, own := ownerOf(claim)
	r.own.set(addr, own && exists)

	if exists {
		r.pool.Claimed(addr)
	} else if r.pool.Unclaimed(addr) {
		r.waiting.Wake(1)
	}
}
