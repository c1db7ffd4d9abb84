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
	"k8s.io/utils/lru"
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

// requestLine is all that the factory's answer depends on.
type requestLine struct{ method, path, query string }

// readLines are what the factory made of request lines that came before. Worlds ask
// for the same things again and again, and it reads the query of a list or a watch
// three times over and converts all of it.
var readLines = lru.New(10_000)

// readLine is what the factory makes of a line, nil when that is no request for a resource.
func readLine(line requestLine) *request.RequestInfo {
	if known, ok := readLines.Get(line); ok {
		return known.(*request.RequestInfo)
	}
	info, err := infoFactory.NewRequestInfo(&http.Request{Method: line.method, URL: &url.URL{Path: line.path, RawQuery: line.query}})
	if err != nil || !info.IsResourceRequest {
		info = nil
	}
	readLines.Add(line, info)
	return info
}

func parseRequest(r *http.Request, body []byte) requestInfo {
	query := r.URL.Query()
	parsed := readLine(requestLine{r.Method, r.URL.Path, decisive(query)})
	if parsed == nil {
		return requestInfo{verb: strings.ToLower(r.Method), resource: r.URL.Path}
	}
	info := requestInfo{
		verb: parsed.Verb, group: parsed.APIGroup, version: parsed.APIVersion,
		resource: parsed.Resource, subresource: parsed.Subresource,
		namespace: parsed.Namespace, name: parsed.Name,
		selection: selectionOf(query),
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

// decisive is the part of a query that makes a read a list or a watch, of all or of one.
func decisive(q url.Values) string {
	part := url.Values{}
	for _, name := range []string{"watch", "fieldSelector"} {
		if values, ok := q[name]; ok {
			part[name] = values
		}
	}
	return part.Encode()
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
