package apiserver

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	admissionlib "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/storage"
)

// returnsDeleted are the built-in resources whose DELETE answers with the
// object; all others answer with a Status.
var returnsDeleted = map[schema.GroupResource]bool{
	{Resource: "namespaces"}:                                       true,
	{Resource: "persistentvolumeclaims"}:                           true,
	{Resource: "persistentvolumes"}:                                true,
	{Resource: "pods"}:                                             true,
	{Resource: "podtemplates"}:                                     true,
	{Resource: "resourcequotas"}:                                   true,
	{Resource: "serviceaccounts"}:                                  true,
	{Resource: "services"}:                                         true,
	{Group: "resource.k8s.io", Resource: "deviceclasses"}:          true,
	{Group: "resource.k8s.io", Resource: "resourceclaims"}:         true,
	{Group: "resource.k8s.io", Resource: "resourceclaimtemplates"}: true,
	{Group: "resource.k8s.io", Resource: "resourceslices"}:         true,
	{Group: "storage.k8s.io", Resource: "csidrivers"}:              true,
	{Group: "storage.k8s.io", Resource: "csinodes"}:                true,
	{Group: "storage.k8s.io", Resource: "storageclasses"}:          true,
	{Group: "storage.k8s.io", Resource: "volumeattachments"}:       true,
	{Group: "storage.k8s.io", Resource: "volumeattributesclasses"}: true,
}

// immortalNamespaces cannot be deleted.
var immortalNamespaces = map[string]bool{"default": true, "kube-public": true, "kube-system": true}

func (c *call) delete() {
	if err := c.deleteNamed(); err != nil {
		c.fail(err)
	}
}

func (c *call) deleteNamed() error {
	f, err := c.negotiated()
	if err != nil {
		return err
	}
	opts, err := c.deleteOptions()
	if err != nil {
		return err
	}
	d := c.deletion(opts, c.info.Name)
	o, gone, err := d.delete()
	if err != nil {
		return err
	}
	code := http.StatusOK
	if orphan := opts.OrphanDependents; !gone && orphan != nil && !*orphan { //nolint:staticcheck // still obeyed
		code = http.StatusAccepted
	}
	c.answerDeleted(code, o, gone, f)
	return nil
}

// answerDeleted answers with the object while it is still there, and for some
// kinds even when it is not; otherwise with who it was.
func (c *call) answerDeleted(code int, o *object, gone bool, f format) {
	if !gone {
		c.answerWhole(code, o, f)
		return
	}
	if returnsDeleted[c.kind.Resource] {
		c.answerObject(code, o, f)
		return
	}
	status := &metav1.Status{Status: metav1.StatusSuccess, Details: &metav1.StatusDetails{
		Name:  o.meta.GetName(),
		Group: c.kind.Resource.Group,
		Kind:  c.kind.Resource.Resource,
		UID:   o.meta.GetUID(),
	}}
	body, contentType := encodeStatus(status, f.encoding)
	c.respond(code, contentType, body)
}

// deleteOptions come in the body or, without one, in the query.
func (c *call) deleteOptions() (*metav1.DeleteOptions, error) {
	if err := c.checkSize(); err != nil {
		return nil, err
	}
	opts := &metav1.DeleteOptions{}
	if len(c.r.Body) > 0 {
		if err := c.decodeDeleteOptions(opts); err != nil {
			return nil, err
		}
	} else if err := c.decodeOptions(opts); err != nil {
		return nil, err
	}
	opts.IgnoreStoreReadErrorWithClusterBreakingPotential = nil
	if err := invalidOptions("DeleteOptions", metav1validation.ValidateDeleteOptions(opts)); err != nil {
		return nil, err
	}
	c.warnOfOrphans(opts)
	return opts, nil
}

func (c *call) decodeDeleteOptions(opts *metav1.DeleteOptions) error {
	enc, err := c.inputOptions()
	if err != nil {
		return err
	}
	gvk := optionsVersion.WithKind("DeleteOptions")
	for _, info := range metainternalscheme.Codecs.SupportedMediaTypes() {
		if info.MediaType != contentTypes[enc] {
			continue
		}
		obj, got, err := metainternalscheme.Codecs.DecoderToVersion(info.Serializer, optionsVersion).Decode(c.r.Body, &gvk, opts)
		if err != nil {
			if got != nil && runtime.IsNotRegisteredError(err) {
				err = runtime.NewNotRegisteredErrForKind(schemeName, *got)
			}
			return apierrors.NewBadRequest(err.Error())
		}
		if obj != opts {
			return apierrors.NewBadRequest("decoded object cannot be converted to DeleteOptions")
		}
	}
	return nil
}

// deletion is one object on its way out.
type deletion struct {
	write
	opts *metav1.DeleteOptions
	name string
	// admittedAlready: admission has been asked, as for each object of a
	// collection before the first of them goes.
	admittedAlready bool
}

func (c *call) deletion(opts *metav1.DeleteOptions, name string) deletion {
	return deletion{write: write{call: c, dryRun: isDryRun(opts.DryRun), options: withType(opts.DeepCopy(), "DeleteOptions")}, opts: opts, name: name}
}

// admitDelete lets admission refuse a deletion; webhooks that change objects
// are asked too and have nothing to change.
func (d *deletion) admitDelete(existing *object) error {
	if d.admittedAlready {
		return nil
	}
	a := admitted{operation: admissionlib.Delete, name: d.name, old: fromStorage(d.version, existing.value)}
	if _, err := d.mutate(a); err != nil {
		return err
	}
	return d.validate(a)
}

// delete is the sequence of the registry's Store.Delete. gone is false while
// finalizers or a grace period hold the object.
func (d *deletion) delete() (o *object, gone bool, err error) {
	existing := d.res.objects[objectKey(d.info.Namespace, d.name)]
	switch d.kind.Resource {
	case namespaceResource:
		return d.deleteNamespace(existing)
	case crdResource:
		return d.deleteCRD(existing)
	}
	if existing == nil {
		return nil, false, apierrors.NewNotFound(d.kind.Resource, d.name)
	}
	return d.deleteExisting(existing)
}

func (d *deletion) deleteExisting(existing *object) (o *object, gone bool, err error) {
	if err := d.checkPreconditions(existing); err != nil {
		return nil, false, err
	}
	grace := d.grace(existing)
	if grace.pending {
		return existing, false, nil
	}
	if err := d.admitDelete(existing); err != nil {
		return nil, false, err
	}
	finalizers, changed := d.finalizers(existing)
	if len(finalizers) == 0 && !grace.graceful {
		if changed {
			return d.dropFinalizers(existing)
		}
		return d.remove(existing), true, nil
	}
	next, err := d.mark(existing, finalizers, grace)
	if err != nil {
		return nil, false, err
	}
	if len(finalizers) > 0 || grace.graceful && grace.seconds > 0 {
		return next, false, nil
	}
	if d.dryRun {
		return next, true, nil
	}
	return d.remove(next), true, nil
}

// dropFinalizers deletes an object from which the options take its last
// finalizers. The last state told is the one before. The real server loses
// sight of the object on the way: a precondition on resourceVersion then never
// holds, and a dry run shows an empty object.
func (d *deletion) dropFinalizers(existing *object) (o *object, gone bool, err error) {
	if p := d.opts.Preconditions; p != nil && p.ResourceVersion != nil && !d.dryRun {
		err := storage.NewInvalidObjError(storageKey(d.res.kind, existing.key), fmt.Sprintf("Precondition failed: ResourceVersion in precondition: , ResourceVersion in object meta: %s", existing.meta.GetResourceVersion()))
		return nil, false, apierrors.NewConflict(d.kind.Resource, d.name, err)
	}
	if d.dryRun {
		value := d.version.New()
		return &object{value: value, meta: metaOf(value)}, false, nil
	}
	return d.remove(existing), true, nil
}

func (d *deletion) checkPreconditions(o *object) error {
	p := d.opts.Preconditions
	if p == nil {
		return nil
	}
	// The real server puts the kind where the resource belongs.
	gr := schema.GroupResource{Group: d.kind.Resource.Group, Resource: d.kind.Kind}
	if p.UID != nil && *p.UID != o.meta.GetUID() {
		return apierrors.NewConflict(gr, d.name, fmt.Errorf("the UID in the precondition (%s) does not match the UID in record (%s). The object might have been deleted and then recreated", *p.UID, o.meta.GetUID()))
	}
	if p.ResourceVersion != nil && *p.ResourceVersion != o.meta.GetResourceVersion() {
		return apierrors.NewConflict(gr, d.name, fmt.Errorf("the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record (%s). The object might have been modified", *p.ResourceVersion, o.meta.GetResourceVersion()))
	}
	return nil
}

// finalizers are what the object keeps: those it has, less or more the ones
// that tell the garbage collector about its dependents.
func (d *deletion) finalizers(o *object) (names []string, changed bool) {
	have := o.meta.GetFinalizers()
	for _, f := range have {
		if f != metav1.FinalizerOrphanDependents && f != metav1.FinalizerDeleteDependents {
			names = append(names, f)
		}
	}
	switch d.propagation(have) {
	case metav1.DeletePropagationOrphan:
		names = append(names, metav1.FinalizerOrphanDependents)
	case metav1.DeletePropagationForeground:
		names = append(names, metav1.FinalizerDeleteDependents)
	}
	if sameSet(names, have) {
		return have, false // in the order, and as often, as they stand there
	}
	return names, true
}

func sameSet(a, b []string) bool {
	for _, s := range a {
		if !slices.Contains(b, s) {
			return false
		}
	}
	for _, s := range b {
		if !slices.Contains(a, s) {
			return false
		}
	}
	return true
}

// propagation is what the options say, or else the object's finalizers.
func (d *deletion) propagation(have []string) metav1.DeletionPropagation {
	if unsupportedPropagation[d.kind.Resource] {
		return metav1.DeletePropagationBackground
	}
	if orphan := d.opts.OrphanDependents; orphan != nil { //nolint:staticcheck // still obeyed
		if *orphan {
			return metav1.DeletePropagationOrphan
		}
		return metav1.DeletePropagationBackground
	}
	if d.opts.PropagationPolicy != nil {
		return *d.opts.PropagationPolicy
	}
	for _, f := range have {
		switch f {
		case metav1.FinalizerOrphanDependents:
			return metav1.DeletePropagationOrphan
		case metav1.FinalizerDeleteDependents:
			return metav1.DeletePropagationForeground
		}
	}
	if orphansByDefault[d.kind.Resource] {
		return metav1.DeletePropagationOrphan
	}
	return metav1.DeletePropagationBackground
}

// orphansByDefault are the kinds whose dependents stay when a deletion does
// not say what is to become of them, as it was before there was a garbage
// collector.
var orphansByDefault = map[schema.GroupResource]bool{
	jobResource:                          true,
	{Resource: "replicationcontrollers"}: true,
}

var jobResource = schema.GroupResource{Group: "batch", Resource: "jobs"}

// orphanedPods is what the deletion of a Job warns of.
const orphanedPods = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"

// warnOfOrphans tells whoever deletes Jobs without saying what is to become of
// their pods.
func (c *call) warnOfOrphans(opts *metav1.DeleteOptions) {
	if c.kind.Resource == jobResource && opts.PropagationPolicy == nil && opts.OrphanDependents == nil { //nolint:staticcheck // still obeyed
		c.warn(orphanedPods)
	}
}

// unsupportedPropagation are the kinds that own nothing and say so.
var unsupportedPropagation = map[schema.GroupResource]bool{
	{Resource: "events"}:                         true,
	{Group: "events.k8s.io", Resource: "events"}: true,
}

// graceful is what a deletion's grace period comes to.
type graceful struct {
	graceful bool
	seconds  int64
	// pending: the object is terminating already and nothing changes.
	pending bool
}

// grace is the registry's BeforeDelete; only Pods are deleted gracefully.
func (d *deletion) grace(o *object) graceful {
	pod, ok := o.value.(*corev1.Pod)
	if !ok {
		return graceful{}
	}
	asked := d.opts.GracePeriodSeconds
	if pod.DeletionTimestamp != nil {
		left := pod.DeletionGracePeriodSeconds
		if left == nil || *left == 0 {
			return graceful{}
		}
		if asked == nil || *asked >= *left {
			return graceful{pending: true}
		}
		return graceful{graceful: true, seconds: max(*asked, 0)}
	}
	g := graceful{graceful: true}
	switch {
	case asked != nil:
		g.seconds = *asked
	case pod.Spec.TerminationGracePeriodSeconds != nil:
		g.seconds = *pod.Spec.TerminationGracePeriodSeconds
	}
	if pod.Spec.NodeName == "" || pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		g.seconds = 0
	}
	if g.seconds < 0 {
		g.seconds = 1
	}
	return g
}

// mark sets deletionTimestamp and finalizers.
func (d *deletion) mark(existing *object, finalizers []string, g graceful) (*object, error) {
	value := existing.value.DeepCopyObject()
	m := metaOf(value)
	now := d.server.now()
	if m.GetDeletionTimestamp() == nil && m.GetGeneration() > 0 {
		m.SetGeneration(m.GetGeneration() + 1)
	}
	if g.graceful {
		at := now.Add(time.Duration(g.seconds) * time.Second)
		if old := m.GetDeletionTimestamp(); old != nil {
			// A shorter grace period counts from the first request.
			at = old.Add(time.Duration(g.seconds-*m.GetDeletionGracePeriodSeconds()) * time.Second)
			if at.Before(now) {
				at = now
				g.seconds = min(g.seconds, 1)
			}
		}
		t := metav1.NewTime(at)
		m.SetDeletionTimestamp(&t)
		m.SetDeletionGracePeriodSeconds(&g.seconds)
	} else {
		if old := m.GetDeletionTimestamp(); old == nil || old.After(now) {
			t := metav1.NewTime(now)
			m.SetDeletionTimestamp(&t)
		}
		var zero int64
		m.SetDeletionGracePeriodSeconds(&zero)
	}
	m.SetFinalizers(finalizers)
	next := &object{key: existing.key, revision: existing.revision, value: value, meta: m, fields: existing.fields}
	if !existing.behind && sameState(existing, next) {
		return existing, nil
	}
	if d.dryRun {
		return next, nil
	}
	return d.server.commit(change{res: d.res, key: existing.key, requestID: d.r.ID, old: existing, value: value, fields: existing.fields}), nil
}

// remove takes the object out of the store.
func (d *deletion) remove(existing *object) *object {
	if d.dryRun {
		return existing
	}
	return d.server.commit(change{res: d.res, key: existing.key, requestID: d.r.ID, old: existing})
}
