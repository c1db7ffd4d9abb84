package realcluster

import (
	"bytes"
	"encoding/json"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

var protobufPrefix = []byte("k8s\x00")

// versionIn finds the resourceVersion of the object in an answer, which is JSON or
// protobuf; empty if there is none.
func versionIn(mediaType string, body []byte) string {
	var object metav1.PartialObjectMetadata
	if strings.HasPrefix(mediaType, runtime.ContentTypeProtobuf) {
		var unknown runtime.Unknown
		raw, ok := bytes.CutPrefix(body, protobufPrefix)
		if !ok || unknown.Unmarshal(raw) != nil || object.Unmarshal(unknown.Raw) != nil {
			return ""
		}
	} else if json.Unmarshal(body, &object) != nil {
		return ""
	}
	return object.ResourceVersion
}
