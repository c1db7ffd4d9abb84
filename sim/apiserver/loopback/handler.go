package loopback

import (
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// unauthorized is the Status of an unauthenticated request.
const unauthorized = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}` + "\n"

// Options choose what a handler does beside Kubernetes.
type Options struct {
	// Token is the bearer token that every request must carry; empty: none.
	Token string
	// Compact serves POST /seatrial/compact, which discards history up to now.
	Compact bool
}

// Handler serves the API over HTTP, with requests spread over the replicas in
// turn.
func (h *Host) Handler(replicas int, o Options) http.Handler {
	return &handler{host: h, replicas: max(replicas, 1), options: o}
}

type handler struct {
	host     *Host
	replicas int
	options  Options
	refused  atomic.Uint64
}

// Times within which a client must have sent its header, and after which an
// idle connection is closed, and the size of a header: those of kube-apiserver.
const (
	headerTimeout = 32 * time.Second
	idleTimeout   = 90 * time.Second
	maxHeader     = 1 << 20
)

// NewServer serves a handler with the limits that kube-apiserver has.
func NewServer(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader}
}

// maxBody is a little over what the server accepts: the rest of a longer body
// is not read, the server sees that it is too long.
const maxBody = 3<<20 + 1

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	who, ok := h.authenticated(req)
	if !ok {
		h.refuse(w)
		return
	}
	if h.options.Compact && req.URL.Path == "/seatrial/compact" {
		h.compact(w, req)
		return
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody))
	if err != nil {
		return // the client is gone
	}
	a := newAnswer()
	r := newRequest(req, body)
	r.Identity = who
	leave := h.host.handle(h.replica(), r, a)
	defer leave()
	gone := req.Context().Done()
	if !a.responded(gone) {
		return
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.code)
	if a.stream {
		h.stream(w, a, gone)
		return
	}
	if req.Method != http.MethodHead {
		_, _ = w.Write(a.body)
	}
}

// authenticated tells who asks: nil for the administrator, else the service
// account whose token the request carries.
func (h *handler) authenticated(req *http.Request) (who user.Info, ok bool) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(req.Header.Get("Authorization")), " ")
	if strings.EqualFold(scheme, "Bearer") {
		h.host.Do(func(s *apiserver.Server) { who, ok = s.Authenticate(token) })
		if ok {
			return who, true
		}
	}
	if h.options.Token == "" {
		return nil, true
	}
	return nil, strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(token), []byte(h.options.Token)) == 1
}

// refuse answers as kube-apiserver does, which names no scheme to try. The
// server proper never sees the request, so its Audit-Id is made here.
func (h *handler) refuse(w http.ResponseWriter) {
	id := uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "refused request %d", h.refused.Add(1)))
	w.Header().Set("Audit-Id", id.String())
	w.Header().Set("Cache-Control", "no-cache, private")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, unauthorized)
}

// replica takes them in turn.
func (h *handler) replica() int {
	h.host.mu.Lock()
	defer h.host.mu.Unlock()
	return int(h.host.last % uint64(h.replicas))
}

func (h *handler) stream(w http.ResponseWriter, a *answer, gone <-chan struct{}) {
	flush := http.NewResponseController(w)
	if flush.Flush() != nil {
		return
	}
	for {
		frames, more := a.next(gone)
		if !more {
			return
		}
		for _, f := range frames {
			if _, err := w.Write(f); err != nil {
				return
			}
		}
		if flush.Flush() != nil {
			return
		}
	}
}

func (h *handler) compact(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	var rev uint64
	h.host.Do(func(s *apiserver.Server) {
		rev = s.Revision()
		s.Compact(rev)
	})
	fmt.Fprintf(w, "compacted up to revision %d\n", rev)
}
