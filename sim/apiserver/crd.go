package apiserver

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// establishLag is how long after a change the server acts on a definition.
const establishLag = 100 * time.Millisecond

var crdResource = schema.GroupResource{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}

// validCRDs are the contents of definitions that were found valid in this
// process. Validating one compiles its CEL rules, which costs more than all
// the rest of making a server, and thousands of servers are given the same.
var validCRDs sync.Map

func contentOf(crd *apiextensionsv1.CustomResourceDefinition) [sha256.Size]byte {
	return sha256.Sum256(marshalProtobuf(crd)) // in a tenth of the time that JSON takes
}

// InstallCRDs creates definitions and serves them at once, without the short
// wait that a definition created by a client goes through. It is meant for the
// time before the first request. The error is the Status a client would get.
func (s *Server) InstallCRDs(crds ...*apiextensionsv1.CustomResourceDefinition) error {
	for _, crd := range crds {
		w := s.internalWrite(s.resources[crdResource], "", crd.Name)
		obj := crd.DeepCopy()
		if _, err := w.version.Strategy.Decoded(untyped(obj)); err != nil {
			return fmt.Errorf("apiserver: install CRD %s: %w", crd.Name, err)
		}
		content := contentOf(obj)
		_, w.valid = validCRDs.Load(content)
		if _, err := w.create(obj); err != nil {
			return fmt.Errorf("apiserver: install CRD %s: %w", crd.Name, err)
		}
		validCRDs.Store(content, true)
		s.syncCRD(crd.Name)
		if s.resources[schema.GroupResource{Group: crd.Spec.Group, Resource: crd.Spec.Names.Plural}] == nil {
			return fmt.Errorf("apiserver: install CRD %s: its names are in use", crd.Name)
		}
	}
	return nil
}

// ParseCRD reads one definition from YAML or JSON, strictly.
func ParseCRD(data []byte) (*apiextensionsv1.CustomResourceDefinition, error) {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(data, crd); err != nil {
		return nil, fmt.Errorf("apiserver: parse CRD: %w", err)
	}
	if crd.Kind != "CustomResourceDefinition" {
		return nil, fmt.Errorf("apiserver: parse CRD: kind is %q, not CustomResourceDefinition", crd.Kind)
	}
	return crd, nil
}

// crdController serves what definitions define.
type crdController struct{ server *Server }

func (c crdController) observe(res *resource, e *event) {
	if res.gr != crdResource {
		return
	}
	if e.deleted {
		c.server.withdrawCRD(e.current.value.(*apiextensionsv1.CustomResourceDefinition))
		return
	}
	name := e.key
	c.server.config.Clock.AfterFunc(establishLag, func() { c.server.syncCRD(name) })
}

// syncCRD brings what is served in line with a definition as it is now.
func (s *Server) syncCRD(name string) {
	res := s.resources[crdResource]
	existing := res.objects[name]
	if existing == nil {
		return
	}
	crd := existing.value.(*apiextensionsv1.CustomResourceDefinition)
	if crd.DeletionTimestamp != nil {
		s.cleanUpCRD(existing)
		return
	}
	if next, changed := s.config.Kinds.Establish(crd, s.now()); changed {
		s.commitCRD(existing, next)
		crd = next
	}
	if slices.ContainsFunc(crd.Status.Conditions, isEstablished) {
		s.serveCRD(crd)
	}
}

func isEstablished(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
	return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
}

func (s *Server) commitCRD(existing *object, next *apiextensionsv1.CustomResourceDefinition) {
	w := s.internalWrite(s.resources[crdResource], "", existing.key)
	w.manager, w.endpoint = "kube-apiserver", w.statusEndpoint()
	value := w.recordFields(existing, next)
	s.commit(change{res: w.res, key: existing.key, old: existing, value: value, fields: w.fields})
}

// serveCRD serves a definition's kind, or serves it as it now is. What is
// stored stays.
func (s *Server) serveCRD(crd *apiextensionsv1.CustomResourceDefinition) {
	defined, err := s.config.Kinds.AddCRD(crd)
	if err != nil {
		return // validation let it pass, but it cannot be compiled: not served
	}
	res := s.resources[defined.Resource]
	if res != nil && res.defined == defined {
		return
	}
	kind, conversions := s.converting(defined, crd)
	if res == nil {
		res = s.serve(kind)
		res.defined, res.conversions = defined, conversions
		s.startCaches(res)
		return
	}
	s.withdraw(res)
	res.kind, res.defined, res.conversions = kind, defined, conversions
	s.publish(kind, res)
}

func (s *Server) withdrawCRD(crd *apiextensionsv1.CustomResourceDefinition) {
	s.config.Kinds.RemoveCRD(crd)
	res := s.resources[schema.GroupResource{Group: crd.Spec.Group, Resource: crd.Spec.Names.Plural}]
	if res == nil || !res.kind.Custom {
		return
	}
	for _, c := range res.caches {
		for _, w := range slices.Clone(c.watchers) {
			w.end()
		}
	}
	s.withdraw(res)
	s.removeResource(res)
}

// deleteCRD marks a definition: its objects go first.
func (d *deletion) deleteCRD(existing *object) (o *object, gone bool, err error) {
	if existing == nil {
		return nil, false, apierrors.NewNotFound(crdResource, d.name)
	}
	if existing.meta.GetDeletionTimestamp() != nil {
		return d.deleteExisting(existing)
	}
	if err := d.checkPreconditions(existing); err != nil {
		return nil, false, err
	}
	if err := d.admitDelete(existing); err != nil {
		return nil, false, err
	}
	next := existing.value.DeepCopyObject().(*apiextensionsv1.CustomResourceDefinition)
	t := metav1.NewTime(d.server.now())
	next.DeletionTimestamp = &t
	if !slices.Contains(next.Finalizers, apiextensionsv1.CustomResourceCleanupFinalizer) {
		next.Finalizers = append(next.Finalizers, apiextensionsv1.CustomResourceCleanupFinalizer)
	}
	setTerminating(next, apiextensionsv1.ConditionTrue, "InstanceDeletionPending", "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon", t)
	if d.dryRun {
		return &object{key: existing.key, revision: existing.revision, value: next, meta: next, fields: existing.fields}, false, nil
	}
	if res := d.server.resources[schema.GroupResource{Group: next.Spec.Group, Resource: next.Spec.Names.Plural}]; res != nil && res.kind.Custom {
		res.terminating = true
	}
	return d.server.commit(change{res: d.res, key: existing.key, requestID: d.r.ID, old: existing, value: next, fields: existing.fields}), false, nil
}

func setTerminating(crd *apiextensionsv1.CustomResourceDefinition, status apiextensionsv1.ConditionStatus, reason, message string, now metav1.Time) {
	crd.Status.Conditions = slices.DeleteFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Terminating
	})
	crd.Status.Conditions = append(crd.Status.Conditions, apiextensionsv1.CustomResourceDefinitionCondition{
		Type: apiextensionsv1.Terminating, Status: status, Reason: reason, Message: message, LastTransitionTime: now,
	})
}

// cleanUpCRD deletes a terminating definition's objects and, when none is
// left, lets the definition go.
func (s *Server) cleanUpCRD(existing *object) {
	crd := existing.value.(*apiextensionsv1.CustomResourceDefinition)
	if !slices.Contains(crd.Finalizers, apiextensionsv1.CustomResourceCleanupFinalizer) {
		return
	}
	if res := s.resources[schema.GroupResource{Group: crd.Spec.Group, Resource: crd.Spec.Names.Plural}]; res != nil {
		for _, key := range slices.Clone(res.keys) {
			ns, name := splitKey(key)
			s.deleteInternally(res, ns, name, &metav1.DeleteOptions{}, nil)
		}
		if len(res.keys) > 0 {
			name := crd.Name
			s.config.Clock.AfterFunc(5*time.Second, func() { s.syncCRD(name) })
			return
		}
	}
	next := crd.DeepCopy()
	next.Finalizers = slices.DeleteFunc(next.Finalizers, func(f string) bool { return f == apiextensionsv1.CustomResourceCleanupFinalizer })
	setTerminating(next, apiextensionsv1.ConditionFalse, "InstanceDeletionCompleted", "removed all instances", metav1.NewTime(s.now()))
	w := s.internalWrite(s.resources[crdResource], "", crd.Name)
	w.endpoint.strategy = keepStrategy{}
	var obj runtime.Object = next
	// Fewer finalizers cannot make a valid definition invalid.
	_, _ = w.replace(existing, w.recordFields(existing, obj))
}
