package apiserver

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds/access"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/plain"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/workload"
)

var errImmortal = errors.New("this namespace may not be deleted")

// bootstrapNamespace creates a namespace that no client asked for.
func (s *Server) bootstrapNamespace(name string) error {
	w := s.internalWrite(s.resources[namespaceResource], "", name)
	_, err := w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	return err
}

// internalWrite is a write by the server itself: request 0, storage version.
func (s *Server) internalWrite(res *resource, namespace, name string) *write {
	v, _ := res.kind.Version(res.kind.Storage)
	c := &call{
		server: s, r: &Request{}, res: res, kind: res.kind, version: v,
		gv:   res.gr.WithVersion(v.Name).GroupVersion(),
		info: requestInfo{Group: res.gr.Group, Version: v.Name, Resource: res.gr.Resource, Namespace: namespace, Name: name},
	}
	return &write{call: c, endpoint: c.mainEndpoint(), manager: "kube-controller-manager", trusted: true}
}

// act makes a write as a controller does that is a client like any other, with
// webhooks that may refuse it and take their time. do may be called more than
// once and looks at the state anew each time; failed, if not nil, hears of an
// error.
func (s *Server) act(res *resource, namespace, name string, do func(w *write) error, failed func()) {
	w := s.internalWrite(res, namespace, name)
	w.trusted = false
	w.again = func() {
		err := do(w)
		if w.suspended(err) {
			return
		}
		if err != nil && failed != nil {
			failed()
		}
	}
	w.again()
}

// deleteNamespace only marks it: its content and its spec.finalizers must go
// first, which is the namespace controller's work.
func (d *deletion) deleteNamespace(existing *object) (o *object, gone bool, err error) {
	if immortalNamespaces[d.name] {
		return nil, false, apierrors.NewForbidden(namespaceResource, d.name, errImmortal)
	}
	if existing == nil {
		return nil, false, apierrors.NewNotFound(namespaceResource, d.name)
	}
	if err := d.checkPreconditions(existing); err != nil {
		return nil, false, err
	}
	ns := existing.value.(*corev1.Namespace)
	if ns.DeletionTimestamp != nil {
		if len(ns.Spec.Finalizers) > 0 {
			return existing, false, nil
		}
		return d.deleteExisting(existing)
	}
	if err := d.admitDelete(existing); err != nil {
		return nil, false, err
	}
	next := ns.DeepCopy()
	t := metav1.NewTime(d.server.now())
	next.DeletionTimestamp = &t
	next.Status.Phase = corev1.NamespaceTerminating
	next.Finalizers = d.namespaceFinalizers(ns.Finalizers)
	changed := &object{key: existing.key, revision: existing.revision, value: next, meta: next, fields: existing.fields}
	if d.dryRun {
		return changed, false, nil
	}
	return d.server.commit(change{res: d.res, key: existing.key, requestID: d.r.ID, old: existing, value: next, fields: existing.fields}), false, nil
}

func (d *deletion) namespaceFinalizers(have []string) []string {
	names, _ := d.finalizers(&object{meta: &metav1.ObjectMeta{Finalizers: have}})
	return names
}

// specialVerbs are subresources that only one kind has.
func (c *call) specialVerbs() map[string]func() {
	switch {
	case c.kind.Resource == namespaceResource && c.info.Subresource == "finalize":
		return map[string]func(){http.MethodPut: func() { c.update(c.finalizeEndpoint()) }}
	case c.kind.Resource == serviceResource && c.info.Subresource == "proxy":
		return map[string]func(){http.MethodGet: c.proxy, http.MethodPost: c.proxy, http.MethodPut: c.proxy, http.MethodPatch: c.proxy, http.MethodDelete: c.proxy}
	case c.kind.Resource == serviceAccountResource && c.info.Subresource == "token":
		return map[string]func(){http.MethodPost: c.createToken}
	case c.kind.Resource == certificateRequestResource && c.info.Subresource == "approval":
		return c.writable(endpoint{subresource: "approval", strategy: access.Approval()})
	case c.kind.Resource == podResource:
		return c.podVerbs()
	}
	return nil
}

var certificateRequestResource = schema.GroupResource{Group: "certificates.k8s.io", Resource: "certificatesigningrequests"}

// podVerbs are those of a pod's own subresources.
func (c *call) podVerbs() map[string]func() {
	switch c.info.Subresource {
	case "eviction":
		return map[string]func(){http.MethodPost: c.evict}
	case "binding":
		return map[string]func(){http.MethodPost: c.bind}
	case "ephemeralcontainers":
		return c.writable(endpoint{subresource: c.info.Subresource, strategy: workload.EphemeralContainers()})
	case "resize":
		return c.writable(endpoint{subresource: c.info.Subresource, strategy: workload.Resize()})
	case "log":
		return map[string]func(){http.MethodGet: c.podLog}
	}
	return nil
}

// writable are the verbs of a subresource that shows the whole object and lets
// a part of it be changed.
func (c *call) writable(e endpoint) map[string]func() {
	return map[string]func(){
		http.MethodGet:   c.get,
		http.MethodPut:   func() { c.update(e) },
		http.MethodPatch: func() { c.patch(e) },
	}
}

// podLog shows what whoever plays the kubelet has to show.
func (c *call) podLog() {
	existing := c.res.objects[objectKey(c.info.Namespace, c.info.Name)]
	switch {
	case existing == nil:
		c.fail(c.notFound())
	case c.server.config.PodLog == nil:
		c.fail(apierrors.NewInternalError(fmt.Errorf("pod %s: no kubelet keeps logs here", c.info.Name)))
	default:
		text := c.server.config.PodLog(c.info.Namespace, c.info.Name, c.query().Get("container"))
		c.w.Respond(http.StatusOK, c.header("text/plain"), []byte(text), false)
	}
}

var serviceResource = schema.GroupResource{Resource: "services"}

// proxy has nothing to forward to: nothing runs behind a simulated Service.
func (c *call) proxy() {
	if c.res.objects[objectKey(c.info.Namespace, c.info.Name)] == nil {
		c.fail(c.notFound())
		return
	}
	c.fail(apierrors.NewServiceUnavailable(fmt.Sprintf("no endpoints available for service %q", c.info.Name)))
}

// finalizeEndpoint writes a namespace's spec.finalizers and nothing else.
func (c *call) finalizeEndpoint() endpoint {
	return endpoint{subresource: "finalize", strategy: finalizeStrategy{}}
}

type finalizeStrategy struct{ keepStrategy }

func (finalizeStrategy) PrepareForUpdate(obj, old runtime.Object) {
	obj.(*corev1.Namespace).Status = old.(*corev1.Namespace).Status
}

func (finalizeStrategy) ValidateUpdate(obj, _ runtime.Object) field.ErrorList {
	var errs field.ErrorList
	for i, f := range obj.(*corev1.Namespace).Spec.Finalizers {
		errs = append(errs, plain.ValidateFinalizer(string(f), field.NewPath("spec", "finalizers").Index(i))...)
	}
	return errs
}

// keepStrategy stores what it is given: for the server's own writes.
type keepStrategy struct{}

func (keepStrategy) PrepareForUpdate(_, _ runtime.Object)               {}
func (keepStrategy) ValidateUpdate(_, _ runtime.Object) field.ErrorList { return nil }
func (keepStrategy) WarningsOnUpdate(_, _ runtime.Object) []string      { return nil }

// namespaceController is the part of kube-controller-manager that empties a
// terminating namespace and lets it go.
type namespaceController struct {
	server  *Server
	pending map[string]bool // namespaces that will be looked at
}

func newNamespaceController(s *Server) *namespaceController {
	return &namespaceController{server: s, pending: map[string]bool{}}
}

func (n *namespaceController) observe(res *resource, e *event) {
	if res.gr == namespaceResource {
		if !e.deleted && e.current.meta.GetDeletionTimestamp() != nil {
			n.enqueue(e.current.meta.GetName())
		}
		return
	}
	// What held a terminating namespace may just have gone.
	if e.deleted && res.kind.Namespaced && n.terminating(e.current.meta.GetNamespace()) {
		n.enqueue(e.current.meta.GetNamespace())
	}
}

func (n *namespaceController) terminating(name string) bool {
	o := n.server.resources[namespaceResource].objects[name]
	return o != nil && o.meta.GetDeletionTimestamp() != nil
}

func (n *namespaceController) enqueue(name string) {
	n.enqueueIn(name, n.server.config.ControllerLag)
}

// refusedRetry is how long a controller waits after something has refused what
// it wants.
const refusedRetry = 5 * time.Second

func (n *namespaceController) enqueueIn(name string, lag time.Duration) {
	if n.pending[name] {
		return
	}
	n.pending[name] = true
	n.server.config.Clock.AfterFunc(lag, func() {
		delete(n.pending, name)
		n.empty(name)
	})
}

// empty deletes all content; when nothing is left it removes the finalizer
// and the namespace.
func (n *namespaceController) empty(name string) {
	if !n.terminating(name) {
		return
	}
	left := false
	for _, res := range slices.Clone(n.server.sorted) {
		if !res.kind.Namespaced {
			continue
		}
		for _, key := range slices.Clone(span(res.keys, name)) {
			_, object := splitKey(key)
			n.server.deleteInternally(res, name, object, &metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationBackground)}, func() { n.enqueueIn(name, refusedRetry) })
		}
		left = left || len(span(res.keys, name)) > 0
	}
	if left {
		return
	}
	w := n.server.internalWrite(n.server.resources[namespaceResource], "", name)
	existing := w.res.objects[name]
	if existing == nil {
		return
	}
	next := existing.value.DeepCopyObject().(*corev1.Namespace)
	next.Spec.Finalizers = slices.DeleteFunc(next.Spec.Finalizers, func(f corev1.FinalizerName) bool { return f == corev1.FinalizerKubernetes })
	w.endpoint = w.finalizeEndpoint()
	w.fields = existing.fields
	// Validation cannot fail on an object that was valid with more finalizers.
	_, _ = w.replace(existing, next)
}

// deleteInternally deletes as an actor does: whatever holds the object holds
// it. failed, if not nil, hears that something refused the deletion.
func (s *Server) deleteInternally(res *resource, namespace, name string, opts *metav1.DeleteOptions, failed func()) {
	s.act(res, namespace, name, func(w *write) error {
		if res.objects[objectKey(namespace, name)] == nil {
			return nil
		}
		d := deletion{write: *w, opts: opts, name: name}
		d.options = withType(opts.DeepCopy(), "DeleteOptions")
		_, _, err := d.delete()
		if apierrors.IsConflict(err) { // a precondition that no longer holds
			return nil
		}
		return err
	}, failed)
}
