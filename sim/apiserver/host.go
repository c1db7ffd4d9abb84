package apiserver

import (
	"net/http"
	"net/url"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
)

// Clock is the server's only source of time.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once, d from now, serialised with all other calls into
	// the server. The returned function cancels it if it has not run yet.
	AfterFunc(d time.Duration, f func()) (cancel func())
}

// Request is one HTTP request as the server sees it.
type Request struct {
	ID   uint64 // the host's number for it; commits carry it
	User string // who is asking, for managedFields' fallback and audits
	// Identity is who is asking as RBAC and admission see it; with one, only
	// what roles and bindings allow is done. Nil: an administrator, who may do
	// everything.
	Identity user.Info
	Method   string
	URL      *url.URL
	Header   http.Header
	Body     []byte
}

// ResponseWriter is where an answer goes. The server calls Respond exactly
// once per request, from within Handle or from a clock function (a read that
// waits for a resourceVersion). When stream is true frames follow through
// Send, until Close; body is then empty.
//
// Byte slices handed over are shared and must not be changed.
type ResponseWriter interface {
	Respond(code int, header http.Header, body []byte, stream bool)
	Send(Frame)
	Close()
}

// Frame is one watch event, framed and encoded as it goes over the wire.
type Frame struct {
	Type            string // ADDED, MODIFIED, DELETED, BOOKMARK, ERROR
	ResourceVersion uint64 // of the object or bookmark; 0 for ERROR
	Namespace, Name string
	Data            []byte
}

// Commit is one entry of the revision log: one object created, changed or
// deleted. Old is nil on creation, New is nil on deletion. Objects are typed
// (k8s.io/api) for built-in kinds, *unstructured.Unstructured for custom
// resources, and immutable.
type Commit struct {
	Revision  uint64
	Time      time.Time
	RequestID uint64 // Request.ID that caused it; 0: the server itself or an actor
	Resource  schema.GroupVersionResource
	Namespace string
	Name      string
	UID       types.UID
	Old, New  runtime.Object
}
