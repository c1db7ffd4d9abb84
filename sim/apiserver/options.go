package apiserver

import (
	"fmt"
	"net/url"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metainternalscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	metainternalvalidation "k8s.io/apimachinery/pkg/apis/meta/internalversion/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// optionsVersion is the version of the options types in query parameters.
var optionsVersion = metav1.SchemeGroupVersion

func (c *call) query() url.Values {
	if c.r.URL.RawQuery == "" {
		return nil
	}
	return c.r.URL.Query()
}

// decodeOptions reads query parameters into an options type.
func (c *call) decodeOptions(into runtime.Object) error {
	q := c.query()
	if len(q) == 0 {
		return nil
	}
	if err := metainternalscheme.ParameterCodec.DecodeParameters(q, optionsVersion, into); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	return nil
}

func invalidOptions(kind string, errs field.ErrorList) error {
	if len(errs) == 0 {
		return nil
	}
	return apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: kind}, "", errs)
}

// listOptions reads the options of list, watch and deletecollection.
func (c *call) listOptions() (*internalversion.ListOptions, error) {
	opts := &internalversion.ListOptions{}
	if err := c.decodeOptions(opts); err != nil {
		return nil, err
	}
	internalversion.SetListOptionsDefaults(opts, c.server.config.WatchList)
	if err := invalidOptions("ListOptions", metainternalvalidation.ValidateListOptions(opts, c.server.config.WatchList)); err != nil {
		return nil, err
	}
	if opts.FieldSelector != nil {
		known := c.selectableFields()
		s, err := opts.FieldSelector.Transform(known.transform)
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		opts.FieldSelector = s
	}
	return opts, nil
}

// fieldLabels are the names a field selector may use for a kind.
type fieldLabels struct {
	kind  fields.Set
	plain bool // the kind adds none of its own
}

func (c *call) selectableFields() fieldLabels {
	if c.version.SelectableFields == nil {
		return fieldLabels{plain: !c.kind.Custom}
	}
	return fieldLabels{kind: c.version.SelectableFields(c.version.New())}
}

func (f fieldLabels) transform(label, value string) (string, string, error) {
	switch label {
	case "metadata.name", "metadata.namespace":
		return label, value, nil
	}
	if f.plain {
		return runtime.DefaultMetaV1FieldSelectorConversion(label, value)
	}
	if _, ok := f.kind[label]; ok {
		return label, value, nil
	}
	return "", "", fmt.Errorf("field label not supported: %s", label)
}

// parseRevision reads a resourceVersion from options; "" is 0. Its error has no
// Status, which makes a 500, save where a caller knows better.
func parseRevision(rv string) (uint64, error) {
	if rv == "" || rv == "0" {
		return 0, nil
	}
	v, err := strconv.ParseUint(rv, 10, 64)
	if err != nil {
		return 0, field.Invalid(field.NewPath("resourceVersion"), rv, err.Error())
	}
	return v, nil
}

func isDryRun(values []string) bool { return len(values) > 0 }
