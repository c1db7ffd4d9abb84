package model

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// accesses sorts calls and commits by object, each in order of time.
func accesses(h *History) (objects map[objectID][]*access, order []objectID) {
	objects = map[objectID][]*access{}
	reader := storeReader{objects: objects, commits: map[uint64][]*Commit{}}
	for i := range h.Commits {
		commit := &h.Commits[i]
		reader.begin(commit)
		if commit.CallID != 0 {
			reader.commits[commit.CallID] = append(reader.commits[commit.CallID], commit)
		}
	}
	type part struct {
		call   uint64
		object objectID
	}
	told := make(map[part]bool, len(h.Calls))
	for i := range h.Calls {
		if call := &h.Calls[i]; reader.call(call) {
			told[part{call.ID, call.target()}] = true
		}
	}
	for i := range h.Commits {
		if commit := &h.Commits[i]; !told[part{commit.CallID, commit.object()}] {
			reader.log(commit)
		}
	}
	for id, history := range objects {
		slices.SortStableFunc(history, func(a, b *access) int { return int(a.from - b.from) })
		order = append(order, id)
	}
	slices.SortFunc(order, func(a, b objectID) int {
		return strings.Compare(a.group+" "+a.resource+" "+a.namespace+" "+a.name, b.group+" "+b.resource+" "+b.namespace+" "+b.name)
	})
	return objects, order
}

type storeReader struct {
	objects map[objectID][]*access
	commits map[uint64][]*Commit
}

func (r *storeReader) add(id objectID, a access) { r.objects[id] = append(r.objects[id], &a) }

// begin adds what was there before the first commit to an object.
func (r *storeReader) begin(commit *Commit) {
	id := commit.object()
	if len(r.objects[id]) > 0 {
		return
	}
	before := access{kind: accessCommit, gone: commit.Old == nil, text: "before the first commit"}
	if old := Metadata(commit.Old); old != nil {
		before.version, _ = strconv.ParseUint(old.GetResourceVersion(), 10, 64)
	}
	r.add(id, before)
}

func (c *Commit) object() objectID { return objectID{c.Group, c.Resource, c.Namespace, c.Name} }

func (c *Call) target() objectID { return objectID{c.Group, c.Resource, c.Namespace, c.Name} }

// log adds what only the commit log tells, at the moment of the commit.
func (r *storeReader) log(commit *Commit) {
	r.add(commit.object(), access{
		kind: accessCommit, version: commit.Revision, gone: commit.New == nil,
		from: int64(commit.Seq), to: int64(commit.Seq), text: commit.String(),
	})
}

// call adds an answered call; it tells whether the answer stands for what the
// log has of it. An object whose name the server made up (its call bears the
// prefix and an asterisk) is left to the log.
func (r *storeReader) call(call *Call) bool {
	if call.Host != "" || call.Unknown() || call.Name == "" || strings.HasSuffix(call.Name, "*") || call.Subresource != "" && call.Subresource != "status" {
		return false
	}
	a := access{call: call, from: int64(call.CallSeq), to: int64(call.ReturnSeq)}
	id := call.target()
	switch {
	case call.Outcome == Failed:
		if !a.refused() {
			return false
		}
	case call.Verb == "get":
		if strings.Contains(call.Query, "resourceVersion=") {
			return false
		}
		a.kind, a.version = accessRead, resourceVersion(call.Response)
		if a.version == 0 {
			return false // a Table, or a kind this judge cannot read
		}
	case call.Writes() && call.Verb != "deletecollection":
		a.kind = accessWrite
		if call.Verb == "create" {
			a.kind = accessCreate
		}
		r.outcome(&a, id)
	default:
		return false
	}
	r.add(id, a)
	return true
}

// refused reads an error that says something about the object.
func (a *access) refused() bool {
	call := a.call
	switch {
	case call.Verb == "get" && strings.Contains(call.Query, "resourceVersion="):
		return false // a cache that is behind does not know the object yet, or still
	case call.Code == http.StatusNotFound && call.Verb != "create" && bytes.Contains(call.Response, []byte("NotFound")):
		a.kind = accessAbsent
	case call.Code == http.StatusConflict && call.Verb == "create" && bytes.Contains(call.Response, []byte("AlreadyExists")):
		a.kind = accessExists
	case call.Code == http.StatusConflict && bytes.Contains(call.Response, []byte("object has been modified")):
		a.kind, a.precondition = accessStale, a.demanded()
		return a.precondition != 0
	default:
		return false
	}
	return true
}

// outcome fills in what a successful write demanded and did.
func (r *storeReader) outcome(a *access, id objectID) {
	a.precondition = a.demanded()
	a.unchanged = true
	for _, commit := range r.commits[a.call.ID] {
		if commit.object() == id {
			a.unchanged, a.gone, a.version = false, commit.New == nil, commit.Revision
		}
	}
	if answer := resourceVersion(a.call.Response); answer != 0 && !a.gone {
		a.version = answer
	}
}

// demanded is the resourceVersion on which the request insists; 0: on none.
func (a *access) demanded() uint64 {
	switch {
	case a.call.Verb == "create":
		return 0
	case a.call.Verb != "delete":
		return resourceVersion(a.call.Request)
	}
	var options struct {
		Preconditions struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"preconditions"`
	}
	if json.Unmarshal(a.call.Request, &options) != nil {
		return 0
	}
	version, _ := strconv.ParseUint(options.Preconditions.ResourceVersion, 10, 64)
	return version
}

// ProtobufMagic opens every protobuf body of Kubernetes; a runtime.Unknown follows.
const ProtobufMagic = "k8s\x00"

var resourceVersionField = []byte(`"resourceVersion":"`)

// resourceVersion reads metadata.resourceVersion of a body; 0: it has none. In
// JSON as servers and clients write it, metadata comes before any other place
// where such a field may be, and strings within strings are escaped, so the
// first match is the right one.
func resourceVersion(raw []byte) uint64 {
	var text string
	if bytes.HasPrefix(raw, []byte(ProtobufMagic)) {
		var unknown runtime.Unknown
		var object metav1.PartialObjectMetadata
		if unknown.Unmarshal(raw[len(ProtobufMagic):]) != nil || unknown.Kind == "Status" || unknown.Kind == "DeleteOptions" || object.Unmarshal(unknown.Raw) != nil {
			return 0
		}
		text = object.ResourceVersion
	} else if _, rest, found := bytes.Cut(raw, resourceVersionField); found {
		value, _, _ := bytes.Cut(rest, []byte{'"'})
		text = string(value)
	}
	version, _ := strconv.ParseUint(text, 10, 64)
	return version
}
