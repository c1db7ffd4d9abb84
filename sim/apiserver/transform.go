package apiserver

import (
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
)

// Forms a client may ask for instead of the object itself.
const (
	asTable       = "Table"
	asPartial     = "PartialObjectMetadata"
	asPartialList = "PartialObjectMetadataList"
)

// answerTransformed answers with objects as a Table or as metadata only.
func (c *call) answerTransformed(code int, items []*object, isList bool, md metav1.ListMeta, f format) {
	out, err := c.transform(items, isList, md, f)
	if err != nil {
		c.fail(err)
		return
	}
	c.respond(code, contentTypes[f.encoding], encodeMeta(out, f.encoding))
}

func (c *call) transform(items []*object, isList bool, md metav1.ListMeta, f format) (runtime.Object, error) {
	switch f.as {
	case asTable:
		opts, err := c.tableOptions()
		if err != nil {
			return nil, err
		}
		return c.shape().table(items, md, opts, f, c.server.config.Clock.Now()), nil
	case asPartialList:
		if !isList && c.kind.Custom {
			return nil, errNotAList
		}
		if !isList {
			return nil, notAcceptable("you requested PartialObjectMetadataList, but the requested object is not a list (" + c.goType("") + ")")
		}
		list := &metav1.PartialObjectMetadataList{ListMeta: md}
		list.SetGroupVersionKind(f.asVersion.WithKind(asPartialList))
		for _, o := range items {
			list.Items = append(list.Items, *partial(o, f))
		}
		return list, nil
	}
	if isList {
		return nil, notAcceptable("you requested PartialObjectMetadata, but the requested object is a list (" + c.goType("List") + ")")
	}
	return partial(items[0], f), nil
}

var errNotAList = errors.New("content is not a list")

// goType is what the real server calls an object or a list of them: its
// internal types are in packages named after the group.
func (c *call) goType(suffix string) string {
	if c.kind.Custom {
		return "*unstructured.Unstructured" + suffix
	}
	group, _, _ := strings.Cut(c.kind.Resource.Group, ".")
	if group == "" {
		group = "core"
	}
	return "*" + group + "." + c.kind.Kind + suffix
}

func partial(o *object, f format) *metav1.PartialObjectMetadata {
	p := meta.AsPartialObjectMetadata(o.meta)
	p.SetGroupVersionKind(f.asVersion.WithKind(asPartial))
	return p
}

// notAcceptable is a 406 with a message of its own.
func notAcceptable(message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    406,
		Reason:  metav1.StatusReasonNotAcceptable,
		Message: message,
	}}
}

func (c *call) tableOptions() (metav1.TableOptions, error) {
	var opts metav1.TableOptions
	if err := c.decodeOptions(&opts); err != nil {
		return opts, err
	}
	if errs := metav1validation.ValidateTableOptions(&opts); len(errs) == 1 {
		return opts, apierrors.NewBadRequest(fmt.Sprintf("Unable to convert to Table as requested: %v", errs[0].Error()))
	} else if len(errs) > 1 {
		return opts, apierrors.NewBadRequest(fmt.Sprintf("Unable to convert to Table as requested: %v", errs))
	}
	return opts, nil
}

// table renders rows with the kind's columns.
func (sh shape) table(items []*object, md metav1.ListMeta, opts metav1.TableOptions, f format, now time.Time) *metav1.Table {
	t := &metav1.Table{ListMeta: md, Rows: []metav1.TableRow{}}
	t.SetGroupVersionKind(f.asVersion.WithKind(asTable))
	if !opts.NoHeaders {
		t.ColumnDefinitions = sh.version.Columns
	}
	for _, o := range items {
		row := metav1.TableRow{Cells: sh.version.Cells(fromStorage(sh.version, o.value), now)}
		switch opts.IncludeObject {
		case metav1.IncludeObject:
			row.Object.Raw = trimNewline(o.bytes(sh, encodeJSON))
		case metav1.IncludeNone:
		default:
			row.Object.Raw = marshalJSON(partial(o, f))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func trimNewline(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		return b[:n-1]
	}
	return b
}

// tableStream is the state of a watch that is shown as Tables: only the first
// carries the columns.
type tableStream struct{ opts metav1.TableOptions }

func (c *call) tableStream(f format) (*tableStream, error) {
	if f.as != asTable {
		return nil, nil
	}
	opts, err := c.tableOptions()
	if err != nil {
		return nil, err
	}
	return &tableStream{opts: opts}, nil
}

// transformed encodes an object for a watch that asked for another form.
func (w *watcher) transformed(o *object) ([]byte, error) {
	var (
		out runtime.Object
		err error
	)
	if w.table != nil {
		now := w.cache.server.config.Clock.Now()
		out = w.shape.table([]*object{o}, metav1.ListMeta{ResourceVersion: o.meta.GetResourceVersion()}, w.table.opts, w.format, now)
		w.table.opts.NoHeaders = true
	} else {
		out, err = w.call.transform([]*object{o}, false, metav1.ListMeta{}, w.format)
	}
	if err != nil {
		return nil, err
	}
	return encodeMeta(out, w.format.encoding), nil
}

// newBookmark is an empty object of the watched kind.
func newBookmark(sh shape) runtime.Object {
	if sh.kind.Custom {
		u := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{}}}
		u.SetGroupVersionKind(sh.gvk)
		return u
	}
	return untyped(toStorage(sh.version, sh.version.New()))
}
