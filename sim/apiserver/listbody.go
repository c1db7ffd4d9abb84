package apiserver

import (
	"bytes"
	"encoding/binary"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Every list type of the API is {ListMeta metadata = 1; repeated T items = 2}.
const (
	protobufListMeta = 1<<3 | 2
	protobufListItem = 2<<3 | 2
)

// listBody joins the encodings of the items, so that a list costs a copy.
func listBody(sh shape, e encoding, md metav1.ListMeta, items []*object) []byte {
	switch e {
	case encodeProtobuf:
		return listProtobuf(sh, md, items)
	case encodeYAML:
		return toYAML(listJSON(sh, md, items))
	}
	return listJSON(sh, md, items)
}

func listJSON(sh shape, md metav1.ListMeta, items []*object) []byte {
	apiVersion := sh.gvk.GroupVersion().String()
	size := 256
	encoded := make([][]byte, len(items))
	for i, o := range items {
		encoded[i] = o.bytes(sh, encodeJSON)
		size += len(encoded[i])
	}
	b := bytes.NewBuffer(make([]byte, 0, size))
	if sh.kind.Custom {
		// Custom resources are maps: their keys are sorted.
		fmt.Fprintf(b, `{"apiVersion":%q,"items":[`, apiVersion)
	} else {
		fmt.Fprintf(b, `{"kind":%q,"apiVersion":%q,"metadata":`, sh.kind.ListKind, apiVersion)
		b.Write(marshalJSON(md))
		b.WriteString(`,"items":[`)
	}
	for i, item := range encoded {
		if i > 0 {
			b.WriteByte(',')
		}
		if len(sh.prefix) > 0 {
			b.WriteByte('{')
		}
		b.Write(item[len(sh.prefix) : len(item)-1])
	}
	if sh.kind.Custom {
		fmt.Fprintf(b, `],"kind":%q,"metadata":`, sh.kind.ListKind)
		b.Write(customListMeta(md))
		b.WriteString("}\n")
	} else {
		b.WriteString("]}\n")
	}
	return b.Bytes()
}

// customListMeta differs from ListMeta in that continue is always there.
func customListMeta(md metav1.ListMeta) []byte {
	m := map[string]any{"continue": md.Continue, "resourceVersion": md.ResourceVersion}
	if md.RemainingItemCount != nil {
		m["remainingItemCount"] = *md.RemainingItemCount
	}
	return marshalJSON(m)
}

func listProtobuf(sh shape, md metav1.ListMeta, items []*object) []byte {
	meta, err := md.Marshal()
	if err != nil {
		panic("apiserver: encode: list metadata: " + err.Error())
	}
	size := len(meta) + 16
	encoded := make([][]byte, len(items))
	for i, o := range items {
		encoded[i] = o.bytes(sh, encodeProtobuf)
		size += len(encoded[i]) + 6
	}
	raw := make([]byte, 0, size)
	raw = append(raw, protobufListMeta)
	raw = binary.AppendUvarint(raw, uint64(len(meta)))
	raw = append(raw, meta...)
	for _, item := range encoded {
		raw = append(raw, protobufListItem)
		raw = binary.AppendUvarint(raw, uint64(len(item)))
		raw = append(raw, item...)
	}
	return wrapProtobuf(schema.GroupVersionKind{Group: sh.gvk.Group, Version: sh.gvk.Version, Kind: sh.kind.ListKind}, raw)
}
