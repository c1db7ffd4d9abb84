package apiserver

import (
	"errors"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	admissionlib "k8s.io/apiserver/pkg/admission"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// maxNameAttempts is how often generateName is tried before AlreadyExists.
const maxNameAttempts = 8

var errTerminatingCRD = errors.New("create not allowed while custom resource definition is terminating")

var errRevisionOnCreate = errors.New("resourceVersion should not be set on objects to be created")

var namespaceResource = schema.GroupResource{Resource: "namespaces"}

func (c *call) create() {
	o, f, err := c.createFromBody()
	if err != nil {
		c.fail(err)
		return
	}
	c.answerObject(http.StatusCreated, o, f)
}

func (c *call) createFromBody() (*object, format, error) {
	f, err := c.negotiated()
	if err != nil {
		return nil, f, err
	}
	if err := c.checkSize(); err != nil {
		return nil, f, err
	}
	var opts metav1.CreateOptions
	if err := c.decodeOptions(&opts); err != nil {
		return nil, f, err
	}
	if err := invalidOptions("CreateOptions", metav1validation.ValidateCreateOptions(&opts)); err != nil {
		return nil, f, err
	}
	obj, err := c.decodeBody(directive(opts.FieldValidation))
	if err != nil {
		return nil, f, err
	}
	m := metaOf(obj)
	wipeSystemFields(m)
	if err := c.ensureNamespace(m); err != nil {
		return nil, f, err
	}
	c.dedupOwners(m, false)
	w := write{call: c, endpoint: c.mainEndpoint(), manager: c.manager(opts.FieldManager), dryRun: isDryRun(opts.DryRun), options: withType(&opts, "CreateOptions")}
	obj = w.recordFields(nil, obj)
	m = metaOf(obj)
	if err := c.admitCreate(m); err != nil {
		return nil, f, err
	}
	if obj, err = w.mutateNew(obj); err != nil {
		return nil, f, err
	}
	o, err := w.create(obj)
	return o, f, err
}

func directive(fieldValidation string) string {
	if fieldValidation == "" {
		return metav1.FieldValidationWarn
	}
	return fieldValidation
}

// admitCreate refuses objects in namespaces that do not exist or are going.
func (c *call) admitCreate(m metav1.Object) error {
	if c.res.terminating {
		return apierrors.NewForbidden(c.kind.Resource, m.GetName(), errTerminatingCRD)
	}
	if !c.kind.Namespaced {
		return nil
	}
	ns := c.info.Namespace
	o := c.server.resources[namespaceResource].objects[ns]
	if o == nil {
		return apierrors.NewNotFound(namespaceResource, ns)
	}
	if o.value.(*corev1.Namespace).Status.Phase != corev1.NamespaceTerminating {
		return nil
	}
	name := m.GetName()
	if name == "" {
		name = m.GetGenerateName()
	}
	err := apierrors.NewForbidden(c.kind.Resource, name, fmt.Errorf("unable to create new content in namespace %s because it is being terminated", ns))
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{
		Type:    corev1.NamespaceTerminatingCause,
		Message: fmt.Sprintf("namespace %s is being terminated", ns),
		Field:   "metadata.namespace",
	})
	return err
}

// write is one create, update or delete on its way into the log.
type write struct {
	*call
	endpoint endpoint
	manager  string
	dryRun   bool
	options  runtime.Object // of the request, for admission
	trusted  bool           // the server's own: nobody is asked
	fields   *fieldLog
	// storedAside: what goes into storage is not what will be read from it.
	storedAside bool
	valid       bool // known to be: not validated again
	// ownFields are the managedFields of an update to an object that shows them.
	ownFields []metav1.ManagedFieldsEntry
}

// create stores a new object, or shows what would be stored.
func (w *write) create(obj runtime.Object) (*object, error) {
	m := metaOf(obj)
	if m.GetGenerateName() == "" || m.GetName() != "" {
		return w.createNamed(obj)
	}
	for attempt := 1; ; attempt++ {
		next := obj.DeepCopyObject()
		metaOf(next).SetName(w.generatedName(m.GetGenerateName(), attempt))
		o, err := w.createNamed(next)
		if err == nil || !apierrors.IsAlreadyExists(err) || attempt == maxNameAttempts {
			return o, err
		}
	}
}

// mutateNew lets admission change an object that is to be created.
func (w *write) mutateNew(obj runtime.Object) (runtime.Object, error) {
	next, err := w.mutate(admitted{operation: admissionlib.Create, name: metaOf(obj).GetName(), obj: obj})
	if err != nil {
		return nil, err
	}
	if next != obj {
		w.dedupOwners(metaOf(next), true)
	}
	return next, nil
}

// generatedName is the name for one attempt; a request that is served again
// gets the one that it had.
func (w *write) generatedName(base string, attempt int) string {
	generate := func() string { return w.server.generateName(w.res, w.info.Namespace, base, w.version.Strategy) }
	if w.outside == nil {
		if !w.server.admissionPlan().Empty() {
			w.begin()
		} else {
			return generate()
		}
	}
	key := fmt.Sprintf("%s %d", base, attempt)
	name, ok := w.outside.names[key]
	if !ok {
		name = generate()
		w.outside.names[key] = name
	}
	return name
}

func (w *write) createNamed(obj runtime.Object) (*object, error) {
	m := metaOf(obj)
	m.SetCreationTimestamp(metav1.NewTime(w.now()))
	m.SetUID(w.newUID(m))
	undo, err := w.prepareCreate(obj)
	if err != nil {
		return nil, err
	}
	key := objectKey(m.GetNamespace(), m.GetName())
	err = w.validate(admitted{operation: admissionlib.Create, name: m.GetName(), obj: obj})
	if err == nil {
		err = w.checkCreate(m, key)
	}
	if err != nil {
		undo()
		return nil, err
	}
	if err := w.convertForStorage(obj); err != nil {
		undo()
		return nil, err
	}
	value := toStorage(w.version, obj)
	m = metaOf(value)
	if !w.dryRun {
		m.SetResourceVersion("")
	}
	if err := checkStoredSize(w.kind, value); err != nil {
		undo()
		return nil, err
	}
	if w.dryRun {
		undo()
		return &object{key: key, value: value, meta: m}, nil
	}
	w.recordAddresses(value, nil)
	return w.server.commit(change{res: w.res, key: key, requestID: w.r.ID, value: value, fields: w.fields, behind: w.behind(obj, value)}), nil
}

// prepareCreate allocates, completes and validates. undo is never nil.
func (w *write) prepareCreate(obj runtime.Object) (undo func(), err error) {
	undo = func() {}
	strategy := w.version.Strategy
	if a, ok := strategy.(kinds.Allocator); ok && w.endpoint.subresource == "" {
		give, err := w.allocate(a, obj, nil)
		if err != nil {
			return undo, err
		}
		if give != nil {
			undo = give
		}
	}
	strategy.PrepareForCreate(obj)
	if !w.valid {
		if err := w.validateCreate(obj, strategy); err != nil {
			undo()
			return func() {}, err
		}
	}
	for _, text := range strategy.WarningsOnCreate(obj) {
		w.warn(text)
	}
	return undo, nil
}

// allocate lets the kind's pools complete an object; undo may be nil.
func (w *write) allocate(a kinds.Allocator, obj, old runtime.Object) (undo func(), err error) {
	if w.dryRun {
		return nil, a.AllocateDryRun(obj, old)
	}
	return a.Allocate(obj, old)
}

func (w *write) checkCreate(m metav1.Object, key string) error {
	rv, err := revisionOf(m)
	if err == nil && rv != 0 && !w.dryRun {
		return errRevisionOnCreate
	}
	existing := w.res.objects[key]
	if existing == nil {
		return nil
	}
	if m.GetGenerateName() != "" {
		return apierrors.NewGenerateNameConflict(w.kind.Resource, m.GetName(), 1)
	}
	exists := apierrors.NewAlreadyExists(w.kind.Resource, m.GetName())
	if existing.meta.GetDeletionTimestamp() != nil {
		exists.ErrStatus.Message = "object is being deleted: " + exists.ErrStatus.Message
	}
	return exists
}

// newUID counts the creations of one name, so that an object re-created under
// its old name gets another uid. Creations that fail do not count; the uid of a
// dry run is nobody else's.
func (w *write) newUID(m metav1.Object) types.UID {
	key := objectKey(m.GetNamespace(), m.GetName())
	if w.dryRun {
		return types.UID(w.server.uuid("dry run", w.res.identity+"/"+key, w.number))
	}
	return types.UID(w.server.uuid("uid", w.res.identity+"/"+key, w.res.creations[key]))
}
