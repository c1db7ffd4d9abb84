package apiserver

import (
	"encoding/binary"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// encodedFrame is a cached watch event: all watchers of one version and
// encoding are sent the same bytes.
type encodedFrame struct {
	eventType watch.EventType
	version   *kinds.Version
	encoding  encoding
	data      []byte
}

// frame encodes one state of the event's object under one event type. Which
// state goes with a type is the same for all watchers: the old one with
// DELETED, the present one with the others.
func (e *event) frame(t watch.EventType, o *object, sh shape, enc encoding) []byte {
	for i := range e.frames {
		f := &e.frames[i]
		if f.eventType == t && f.encoding == enc && f.version == sh.version {
			return f.data
		}
	}
	data := frameBytes(t, o.body(sh, enc), enc)
	e.frames = append(e.frames, encodedFrame{eventType: t, version: sh.version, encoding: enc, data: data})
	return data
}

// frameBytes frames an encoded object: JSON as a line, protobuf behind its
// length as 4 bytes big endian.
func frameBytes(t watch.EventType, body []byte, enc encoding) []byte {
	if enc == encodeProtobuf {
		we := metav1.WatchEvent{Type: string(t), Object: runtime.RawExtension{Raw: body}}
		size := we.Size()
		out := make([]byte, 4+size)
		binary.BigEndian.PutUint32(out, uint32(size))
		if _, err := we.MarshalTo(out[4:]); err != nil {
			panic("apiserver: encode: watch event: " + err.Error())
		}
		return out
	}
	if n := len(body); n > 0 && body[n-1] == '\n' {
		body = body[:n-1]
	}
	const head, middle, tail = `{"type":"`, `","object":`, "}\n"
	out := make([]byte, 0, len(head)+len(t)+len(middle)+len(body)+len(tail))
	out = append(out, head...)
	out = append(out, t...)
	out = append(out, middle...)
	out = append(out, body...)
	return append(out, tail...)
}
