package apiserver

import (
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// apply merges an applied configuration into the object. From the first apply
// on, an object shows its managedFields.
func (p *patching) apply(existing *object) (runtime.Object, error) {
	config := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(p.body, &config.Object); err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
	}
	if config.Object == nil {
		config.Object = map[string]any{}
	}
	fm := p.res.fieldManager(p.kind, p.version, p.endpoint.subresource)
	if fm == nil {
		return nil, fmt.Errorf("no field manager for %s", p.kind.Kind)
	}
	live := p.version.New()
	var before []metav1.ManagedFieldsEntry
	if existing != nil {
		// The library works on the live object it is given.
		live = fromStorage(p.version, p.server.withFields(p.res, existing)).DeepCopyObject()
		before = metaOf(live).GetManagedFields()
	}
	typed(live, p.kind, p.version)
	obj, err := fm.Apply(live, config, p.manager, p.force)
	if err != nil {
		return nil, err
	}
	stampFields(obj, before, p.now())
	if err := p.strictApply(); err != nil {
		return nil, err
	}
	obj = finishTyped(obj)
	if canonical, ok := p.version.Strategy.(kinds.MetadataCanonicalizer); ok {
		changed := canonical.CanonicalMetadata(obj)
		// A status write keeps the metadata there was, and what is converted
		// for storage becomes canonical on the way.
		p.storedAside = changed && p.endpoint.subresource == "" && p.version.Converted == nil
	}
	p.fields, p.ownFields = nil, metaOf(obj).GetManagedFields()
	return obj, nil
}

// strictApply looks for what YAML tolerates: the same key twice.
func (p *patching) strictApply() error {
	if p.directive == metav1.FieldValidationIgnore {
		return nil
	}
	err := yaml.UnmarshalStrict(p.body, &map[string]any{})
	if err == nil {
		return nil
	}
	if p.directive == metav1.FieldValidationStrict {
		return apierrors.NewBadRequest(fmt.Sprintf("error strict decoding patch: %v", err))
	}
	p.warnStrict([]error{err})
	return nil
}
