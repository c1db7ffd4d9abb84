package apiserver

import (
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// selection is which objects of a resource a list or watch is about.
type selection struct {
	namespace string
	labels    labels.Selector // nil: all
	fields    fields.Selector // nil: all
	// name, when set, is the one name that the field selector can match.
	name       string
	namespaced bool
	version    *kinds.Version
}

func (c *call) newSelection(opts *internalversion.ListOptions) selection {
	namespace := c.info.Namespace
	sel := selection{namespace: namespace, namespaced: c.kind.Namespaced, version: c.version}
	if opts.LabelSelector != nil && !opts.LabelSelector.Empty() {
		sel.labels = opts.LabelSelector
	}
	if opts.FieldSelector != nil && !opts.FieldSelector.Empty() {
		sel.fields = opts.FieldSelector
		if name, ok := sel.fields.RequiresExactMatch("metadata.name"); ok {
			sel.name = name
		}
		if ns, ok := sel.fields.RequiresExactMatch("metadata.namespace"); ok && namespace == "" && c.kind.Namespaced {
			sel.namespace = ns
		}
	}
	return sel
}

// everything: no selector narrows the namespace.
func (sel *selection) everything() bool { return sel.labels == nil && sel.fields == nil }

func (sel *selection) matches(o *object) bool {
	if sel.namespace != "" && o.meta.GetNamespace() != sel.namespace {
		return false
	}
	if sel.name != "" && o.meta.GetName() != sel.name {
		return false
	}
	if sel.labels != nil && !sel.labels.Matches(labels.Set(o.meta.GetLabels())) {
		return false
	}
	return sel.fields == nil || sel.fields.Matches(sel.fieldSet(o))
}

func (sel *selection) fieldSet(o *object) fields.Set {
	set := fields.Set{}
	if sel.version.SelectableFields != nil {
		for k, v := range sel.version.SelectableFields(fromStorage(sel.version, o.value)) {
			set[k] = v
		}
	}
	set["metadata.name"] = o.meta.GetName()
	if sel.namespaced {
		set["metadata.namespace"] = o.meta.GetNamespace()
	}
	return set
}
