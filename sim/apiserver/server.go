package apiserver

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver/admission"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Server is one simulated control plane: a revision log and the API servers in
// front of it. It is not safe for concurrent use; see the package comment.
type Server struct {
	config    Config
	revision  uint64
	compacted uint64
	resources map[schema.GroupResource]*resource
	sorted    []*resource // by group, then resource
	groups    []*apiGroup // in discovery order
	byVersion map[schema.GroupVersion]*apiVersion
	requests  uint64
	lagging   []*watchCache
	waiting   int             // reads that wait for a revision
	lags      []time.Duration // by replica, for resources that come later
	actors    []actor
	documents documents
	plan      *admission.Plan   // nil: to be made anew
	reviews   map[string]uint64 // sent so far, by identity and content
	negotiate negotiator
}

// New makes a server with the namespaces every cluster has. The error names
// what the config lacks.
func New(config Config) (*Server, error) {
	if err := config.complete(); err != nil {
		return nil, err
	}
	s := &Server{
		config:    config,
		resources: map[schema.GroupResource]*resource{},
		byVersion: map[schema.GroupVersion]*apiVersion{},
		lags:      make([]time.Duration, config.Replicas),
		negotiate: newNegotiator(),
	}
	for _, k := range config.Kinds.Kinds() {
		s.serve(k)
	}
	for _, name := range []string{"default", "kube-node-lease", "kube-public", "kube-system"} {
		if err := s.bootstrapNamespace(name); err != nil {
			return nil, fmt.Errorf("apiserver: bootstrap: %w", err)
		}
	}
	// A cache knows nothing from before its first list, as in a cluster that
	// had a past before this run.
	for _, res := range s.sorted {
		s.startCaches(res)
	}
	s.actors = append(s.actors, crdController{s})
	if config.ServiceIPAddresses && s.resources[ipAddressResource] != nil {
		s.actors = append(s.actors, serviceAddresses{s})
	}
	if config.GarbageCollector {
		s.actors = append(s.actors, newGarbageCollector(s))
	}
	if config.NamespaceController {
		s.actors = append(s.actors, newNamespaceController(s))
	}
	if config.QuotaController {
		s.actors = append(s.actors, newQuotaController(s))
	}
	if config.ClaimProtection || config.VolumeProtection {
		s.actors = append(s.actors, newProtectionController(s, config.ClaimProtection, config.VolumeProtection))
	}
	s.scheduleCompaction(0)
	return s, nil
}

// startCaches makes the present the oldest revision that watch caches know.
func (s *Server) startCaches(res *resource) {
	for _, c := range res.caches {
		c.since = s.revision
	}
}

func (s *Server) scheduleCompaction(previous uint64) {
	if s.config.CompactionInterval <= 0 {
		return
	}
	s.config.Clock.AfterFunc(s.config.CompactionInterval, func() {
		s.Compact(previous)
		s.scheduleCompaction(s.revision)
	})
}

// now is the time as objects carry it: whole seconds.
func (s *Server) now() time.Time {
	return s.config.Clock.Now().UTC().Truncate(time.Second)
}

// Handle serves one request at one replica (counted from 0) and answers
// through w, now or later. The returned function tells the server that the
// client went away: it ends a watch or a wait, and is harmless otherwise. No
// request makes it panic; a replica that does not exist is the host's mistake
// and does.
func (s *Server) Handle(replica int, r *Request, w ResponseWriter) (cancel func()) {
	if replica < 0 || replica >= s.config.Replicas {
		panic(fmt.Sprintf("apiserver: request for replica %d of %d", replica, s.config.Replicas))
	}
	s.requests++
	c := &call{server: s, replica: replica, r: r, w: w, number: s.requests}
	c.serve()
	return c.cancelled
}

// call is one request in progress.
type call struct {
	server  *Server
	replica int
	r       *Request
	w       ResponseWriter
	number  uint64

	info    requestInfo
	res     *resource
	kind    *kinds.Kind
	version *kinds.Version
	gv      schema.GroupVersion

	warnings []string
	// pretty: JSON is indented.
	pretty bool
	// onCancel ends what goes on after Handle has returned.
	onCancel func()
	// outside is set while, and after, the request waited for an answer;
	// again serves it once more, nil: serve.
	outside *outside
	again   func()
}

func (c *call) cancelled() {
	if c.onCancel != nil {
		f := c.onCancel
		c.onCancel = nil
		f()
	}
}

func (c *call) serve() {
	if err := c.forbidden(); err != nil {
		c.fail(err)
		return
	}
	path := c.r.URL.Path
	if info, ok := parseResourcePath(path); ok {
		c.info = info
		if c.serveResource() {
			return
		}
		c.pageNotFound()
		return
	}
	if !strings.HasPrefix(path, "/openapi/") { // discovery takes a slash at the end
		path = strings.TrimSuffix(path, "/")
	}
	if c.serveDocument(path) {
		return
	}
	if parts := strings.Split(path, "/"); len(parts) > 2 && (parts[1] == "api" || parts[1] == "apis" && c.server.knowsGroup(parts[2])) {
		c.fail(errGeneric(http.StatusNotFound, ""))
		return
	}
	c.pageNotFound()
}

// knowsGroup: the group has built-in resources, so that the real server's
// router answers for all paths below it.
func (s *Server) knowsGroup(group string) bool {
	for _, g := range s.groups {
		if g.name == group {
			return slices.ContainsFunc(g.versions, func(v *apiVersion) bool { return v.builtIn })
		}
	}
	return false
}

// serveResource is false when nothing is served under the path's group and
// version, or for custom resources under its resource.
func (c *call) serveResource() bool {
	c.gv = schema.GroupVersion{Group: c.info.Group, Version: c.info.Version}
	v := c.server.byVersion[c.gv]
	if v == nil {
		if !c.server.knowsGroup(c.info.Group) {
			return false
		}
		c.fail(errGeneric(http.StatusNotFound, ""))
		return true
	}
	found, ok := v.resources[c.info.Resource]
	if !ok {
		if v.builtIn {
			c.fail(errGeneric(http.StatusNotFound, ""))
			return true
		}
		return false
	}
	c.res, c.kind = found.res, found.kind
	if c.version, ok = c.kind.Version(c.gv.Version); !ok {
		return false
	}
	if c.kind.Custom {
		return c.serveCustom()
	}
	c.serveBuiltIn()
	return true
}
