package apiserver

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	admissionlib "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/storage"

	"bytes"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// optimisticLock is the message of every conflict over resourceVersion.
const optimisticLock = "the object has been modified; please apply your changes to the latest version and try again"

func (c *call) update(e endpoint) {
	o, created, f, err := c.updateFromBody(e)
	if err != nil {
		c.fail(err)
		return
	}
	c.answerObject(writtenCode(created), o, f)
}

func writtenCode(created bool) int {
	if created {
		return http.StatusCreated
	}
	return http.StatusOK
}

func (c *call) updateFromBody(e endpoint) (o *object, created bool, f format, err error) {
	if err = c.requireName(); err != nil {
		return
	}
	if f, err = c.negotiated(); err != nil {
		return
	}
	if err = c.checkSize(); err != nil {
		return
	}
	var opts metav1.UpdateOptions
	if err = c.decodeOptions(&opts); err != nil {
		return
	}
	if err = invalidOptions("UpdateOptions", metav1validation.ValidateUpdateOptions(&opts)); err != nil {
		return
	}
	obj, err := c.decodeBody(directive(opts.FieldValidation))
	if err != nil {
		return
	}
	m := metaOf(obj)
	if err = c.ensureNamespace(m); err != nil {
		return
	}
	if err = checkName(m, c.info.Name); err != nil {
		return
	}
	c.dedupOwners(m, false)
	w := &write{call: c, endpoint: e, manager: c.manager(opts.FieldManager), dryRun: isDryRun(opts.DryRun), options: withType(&opts, "UpdateOptions")}
	o, created, err = w.update(updateSource{
		uid:         m.GetUID(),
		allowCreate: e.create && c.version.Strategy.AllowCreateOnUpdate(),
		next: func(existing *object) (runtime.Object, error) {
			return w.recordFields(existing, obj), nil
		},
	})
	return
}

// updateSource says what an update wants.
type updateSource struct {
	uid         types.UID // precondition, if not empty
	allowCreate bool
	// next makes the new object out of the present one (nil: there is none),
	// with managed fields recorded. It is the caller's to change.
	next func(existing *object) (runtime.Object, error)
}

// update is the sequence of the registry's Store.Update.
func (w *write) update(src updateSource) (o *object, created bool, err error) {
	key := objectKey(w.info.Namespace, w.info.Name)
	existing := w.res.objects[key]
	if existing == nil && !src.allowCreate {
		return nil, false, w.notFound()
	}
	if err := w.checkUID(src.uid, existing, key); err != nil {
		return nil, false, err
	}
	obj, err := src.next(existing)
	if err != nil {
		return nil, false, err
	}
	if existing != nil {
		if obj, err = w.mutateChange(obj, existing); err != nil {
			return nil, false, err
		}
	}
	m := metaOf(obj)
	revision, err := revisionOf(m)
	if err != nil {
		return nil, false, err
	}
	if existing == nil {
		o, err := w.createByUpdate(obj)
		return o, true, err
	}
	if revision == 0 && w.version.Strategy.AllowUnconditionalUpdate() {
		m.SetResourceVersion(formatRevision(existing.revision))
	} else if err := w.checkRevision(revision, existing); err != nil {
		return nil, false, err
	}
	o, err = w.replace(existing, obj)
	return o, false, err
}

// mutateChange lets admission change what an update makes of an object.
func (w *write) mutateChange(obj runtime.Object, existing *object) (runtime.Object, error) {
	next, err := w.mutate(admitted{operation: admissionlib.Update, obj: obj, old: fromStorage(w.version, existing.value)})
	if err != nil {
		return nil, err
	}
	if next != obj {
		w.dedupOwners(metaOf(next), true)
	}
	return next, nil
}

func (w *write) checkUID(uid types.UID, existing *object, key string) error {
	var have types.UID
	if existing != nil {
		have = existing.meta.GetUID()
	}
	if uid == "" || uid == have {
		return nil
	}
	name := storageKey(w.res.kind, key)
	if w.dryRun {
		// Whoever checks a dry run does not know where storage begins.
		name = strings.TrimPrefix(name, "/registry")
	}
	err := storage.NewInvalidObjError(name, fmt.Sprintf("Precondition failed: UID in precondition: %v, UID in object meta: %v", uid, have))
	return apierrors.NewConflict(w.kind.Resource, w.info.Name, err)
}

func (w *write) checkRevision(revision uint64, existing *object) error {
	if revision == 0 {
		gk := schema.GroupKind{Group: w.kind.Resource.Group, Kind: w.kind.Resource.Resource}
		return apierrors.NewInvalid(gk, w.info.Name, field.ErrorList{
			field.Invalid(metadataPath.Child("resourceVersion"), revision, "must be specified for an update"),
		})
	}
	if revision != existing.revision {
		return apierrors.NewConflict(w.kind.Resource, w.info.Name, errors.New(optimisticLock))
	}
	return nil
}

// createByUpdate creates what a PUT or an apply found missing.
func (w *write) createByUpdate(obj runtime.Object) (*object, error) {
	m := metaOf(obj)
	wipeSystemFields(m)
	if !w.dryRun {
		m.SetResourceVersion("")
	}
	if err := w.admitCreate(m); err != nil {
		return nil, err
	}
	obj, err := w.mutateNew(obj)
	if err != nil {
		return nil, err
	}
	// Who may patch may not therefore create.
	if err := w.forbiddenTo("create"); err != nil {
		return nil, err
	}
	return w.createNamed(obj)
}

// replace validates the new state and commits it, unless nothing changes or
// the change lets the object go.
func (w *write) replace(existing *object, obj runtime.Object) (*object, error) {
	old := fromStorage(w.version, existing.value)
	undo, err := w.prepareUpdate(obj, old)
	if err != nil {
		return nil, err
	}
	if err := w.validate(admitted{operation: admissionlib.Update, obj: obj, old: old}); err != nil {
		undo()
		return nil, err
	}
	w.keepTimes(existing, obj)
	sent := obj
	if !w.dryRun && metaOf(obj).GetSelfLink() != "" {
		// Nothing is ever stored with a selfLink.
		obj = shallowCopy(obj)
		metaOf(obj).SetSelfLink("")
	}
	if err := w.convertForStorage(obj); err != nil {
		undo()
		return nil, err
	}
	value := toStorage(w.version, obj)
	next := &object{key: existing.key, revision: existing.revision, value: value, meta: metaOf(value), fields: w.fields}
	switch {
	case w.emptiesFinalizers(next, existing):
		undo()
		return w.deleteFinalized(w.unstored(sent, value), existing), nil
	case !existing.behind && sameState(existing, next):
		undo()
		return existing, nil
	}
	if err := checkStoredSize(w.kind, value); err != nil {
		undo()
		return nil, err
	}
	if w.dryRun {
		undo()
		return next, nil
	}
	w.recordAddresses(value, existing)
	return w.server.commit(change{res: w.res, key: existing.key, requestID: w.r.ID, old: existing, value: value, fields: w.fields, behind: w.behind(obj, value)}), nil
}

// prepareUpdate is the registry's BeforeUpdate. undo is never nil.
func (w *write) prepareUpdate(obj, old runtime.Object) (undo func(), err error) {
	undo = func() {}
	m, oldMeta := metaOf(obj), metaOf(old)
	if a, ok := w.endpoint.strategy.(kinds.Allocator); ok && w.endpoint.subresource == "" {
		give, err := w.allocate(a, obj, old)
		if err != nil {
			return undo, err
		}
		if give != nil {
			undo = give
		}
	}
	m.SetGeneration(oldMeta.GetGeneration())
	w.endpoint.strategy.PrepareForUpdate(obj, old)
	if m.GetUID() == "" {
		m.SetUID(oldMeta.GetUID())
	}
	if t := oldMeta.GetCreationTimestamp(); !t.IsZero() {
		m.SetCreationTimestamp(t)
	}
	if t := oldMeta.GetDeletionTimestamp(); !t.IsZero() {
		m.SetDeletionTimestamp(t)
	}
	if g := oldMeta.GetDeletionGracePeriodSeconds(); g != nil && m.GetDeletionGracePeriodSeconds() == nil {
		m.SetDeletionGracePeriodSeconds(g)
	}
	if err := w.validateUpdate(obj, old, w.endpoint.strategy); err != nil {
		undo()
		return func() {}, err
	}
	for _, text := range w.endpoint.strategy.WarningsOnUpdate(obj, old) {
		w.warn(text)
	}
	return undo, nil
}

// emptiesFinalizers: the update lets a terminating object go.
func (w *write) emptiesFinalizers(next, existing *object) bool {
	if len(next.meta.GetFinalizers()) > 0 || existing.meta.GetDeletionTimestamp() == nil {
		return false
	}
	if ns, ok := next.value.(*corev1.Namespace); ok && len(ns.Spec.Finalizers) > 0 {
		return false
	}
	grace := existing.meta.GetDeletionGracePeriodSeconds()
	return grace == nil || *grace == 0
}

// deleteFinalized deletes; the answer is the object as the request left it,
// under its old resourceVersion.
func (w *write) deleteFinalized(next, existing *object) *object {
	if !w.dryRun {
		w.server.commit(change{res: w.res, key: existing.key, requestID: w.r.ID, old: existing})
	}
	next.meta.SetResourceVersion(existing.meta.GetResourceVersion())
	return next
}

// unstored is the object as it was sent: nothing that storing would have done
// to it has been done.
func (w *write) unstored(sent, value runtime.Object) *object {
	if w.version.ToStorage == nil || !w.kind.Custom {
		return &object{value: sent, meta: metaOf(sent)}
	}
	out := shallowCopy(sent)
	out.GetObjectKind().SetGroupVersionKind(value.GetObjectKind().GroupVersionKind())
	return &object{value: out, meta: metaOf(out)}
}

// behind: what is stored is not what will be read, because the object was
// written in a version whose rules do not complete it as those of the storage
// version do. The next write then changes what is stored, whatever it says.
func (w *write) behind(obj, value runtime.Object) bool {
	if w.storedAside {
		return true
	}
	if w.version.Converted == nil {
		return false
	}
	stored := w.version.Converted(obj).(*unstructured.Unstructured)
	return !reflect.DeepEqual(stored.Object, value.(*unstructured.Unstructured).Object)
}

// sameState: a write that changes nothing is not written. The real server
// compares what it would store; so does this, with resourceVersions equal.
func sameState(a, b *object) bool {
	if b.meta.GetResourceVersion() != a.meta.GetResourceVersion() {
		b.meta.SetResourceVersion(a.meta.GetResourceVersion())
	}
	if u, ok := a.value.(*unstructured.Unstructured); ok {
		return reflect.DeepEqual(u.Object, b.value.(*unstructured.Unstructured).Object)
	}
	return bytes.Equal(a.stored(), marshalProtobuf(b.value))
}

// stored is the object as etcd would hold it.
func (o *object) stored() []byte {
	if o.protobuf == nil {
		o.protobuf = marshalProtobuf(o.value)
	}
	return o.protobuf
}
