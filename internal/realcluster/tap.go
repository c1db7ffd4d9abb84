package realcluster

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/model"
)

// tap is the body of a user's watch: its events, one a line, are recorded as they
// pass.
type tap struct {
	io.ReadCloser
	frame func(model.Frame)
	rest  []byte // of a line whose end has not come yet
}

// Read implements [io.Reader].
func (t *tap) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.rest = append(t.rest, p[:n]...)
	for {
		line, rest, whole := bytes.Cut(t.rest, []byte("\n"))
		if !whole {
			return n, err
		}
		if f, ok := frameOf(line); ok {
			t.frame(f)
		}
		t.rest = rest
	}
}

func frameOf(line []byte) (model.Frame, bool) {
	var event struct {
		Type   string                       `json:"type"`
		Object metav1.PartialObjectMetadata `json:"object"`
	}
	if json.Unmarshal(line, &event) != nil {
		return model.Frame{}, false
	}
	o := &event.Object
	revision, _ := strconv.ParseUint(o.ResourceVersion, 10, 64) // an ERROR has none
	return model.Frame{
		Type: event.Type, Revision: revision, Namespace: o.Namespace, Name: o.Name,
		InitialEnd: o.Annotations[metav1.InitialEventsAnnotationKey] == "true", Data: bytes.Clone(line),
	}, true
}
