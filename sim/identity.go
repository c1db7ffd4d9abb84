package sim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// requestInfo is what a request asks for, parsed as the real server parses it.
type requestInfo struct {
	verb, group, version, resource, subresource, namespace, name string
	// selection is the part of the query that says what is asked for, without
	// what client-go draws at random (timeoutSeconds) or what depends on how
	// far a client has come (resourceVersion, continue).
	selection string
}

var infoFactory = request.RequestInfoFactory{
	APIPrefixes:          sets.NewString("api", "apis"),
	GrouplessAPIPrefixes: sets.NewString("api"),
}

func parseRequest(r *http.Request, body []byte) requestInfo {
	parsed, err := infoFactory.NewRequestInfo(r)
	if err != nil || !parsed.IsResourceRequest {
		return requestInfo{verb: strings.ToLower(r.Method), resource: r.URL.Path}
	}
	info := requestInfo{
		verb: parsed.Verb, group: parsed.APIGroup, version: parsed.APIVersion,
		resource: parsed.Resource, subresource: parsed.Subresource,
		namespace: parsed.Namespace, name: parsed.Name,
		selection: selectionOf(r.URL.Query()),
	}
	if parsed.Resource == "namespaces" && parsed.Name != "" {
		info.namespace = "" // a namespace does not live in itself
	}
	if info.verb == "create" && info.name == "" {
		info.name = nameInBody(r.Header.Get("Content-Type"), body)
	}
	return info
}

func (i requestInfo) fullResource() string {
	if i.subresource == "" {
		return i.resource
	}
	return i.resource + "/" + i.subresource
}

// identity is verb, resource and object: what a request asks, not when or by whom.
func (i requestInfo) identity() string {
	s := i.verb + " " + i.fullResource()
	switch {
	case i.namespace != "":
		s += " " + i.namespace + "/" + i.name
	case i.name != "":
		s += " " + i.name
	}
	return s
}

func selectionOf(q url.Values) string {
	for _, volatile := range []string{"timeoutSeconds", "timeout", "resourceVersion", "continue", "watch"} {
		q.Del(volatile)
	}
	return q.Encode() // sorted by key
}

var protobufPrefix = []byte("k8s\x00")

// nameInBody finds metadata.name of an object about to be created. An object
// with generateName only is named by its prefix and an asterisk.
func nameInBody(mediaType string, body []byte) string {
	var named struct { // no more than is needed: decoding all of the metadata takes several times as long
		Metadata struct{ Name, GenerateName string }
	}
	if strings.HasPrefix(mediaType, runtime.ContentTypeProtobuf) {
		var unknown runtime.Unknown
		var meta metav1.PartialObjectMetadata
		raw, ok := bytes.CutPrefix(body, protobufPrefix)
		if !ok || unknown.Unmarshal(raw) != nil || meta.Unmarshal(unknown.Raw) != nil {
			return ""
		}
		named.Metadata.Name, named.Metadata.GenerateName = meta.Name, meta.GenerateName
	} else if json.Unmarshal(body, &named) != nil {
		return ""
	}
	if named.Metadata.Name == "" && named.Metadata.GenerateName != "" {
		return named.Metadata.GenerateName + "*"
	}
	return named.Metadata.Name
}
