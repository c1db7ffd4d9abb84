package sim

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// HTTPServer is a server beside the API server that processes reach by its name
// over the simulated network: a cloud's API, a database. What it is asked is in
// trace and history, and rules decide about it, like calls of the API server: the
// resource of such a call is the server's host, its name the path, and its verb
// that of the method (get for GET and HEAD, create for POST, update for PUT, patch
// and delete).
type HTTPServer struct {
	// Host is what it is called by, without a port, e.g. cloud.example.com.
	Host string
	// New makes it, with its state as it is when a run begins: once for each run.
	// It serves one request at a time, at the instant at which the request arrives,
	// and may wait for nothing; same requests, same answers. A panic makes the run
	// inconclusive. When it has a method State() any, what that returns when the
	// run ends is in the history, for laws.
	New func() http.Handler
}

// httpServer is the running side of an HTTPServer.
type httpServer struct {
	host    string
	handler http.Handler
}

// CheckServers says everything that is wrong with the servers of a world: names that
// are none, or taken, and servers that nothing makes.
func CheckServers(servers []HTTPServer) error {
	var errs []error
	taken := map[string]bool{}
	for i, s := range servers {
		wrong := func(problem, want string) {
			errs = append(errs, fmt.Errorf("servers[%d]: %s (want %s)", i, problem, want))
		}
		switch {
		case s.Host == apiServerHost || NamesAPIServer(s.Host):
			wrong(fmt.Sprintf("the host %q is the API server's", s.Host), "another name")
		case len(validation.IsDNS1123Subdomain(s.Host)) > 0:
			wrong(fmt.Sprintf("%q is not the name of a host", s.Host), "a name such as cloud.example.com, without a port")
		case taken[s.Host]:
			wrong(fmt.Sprintf("there are two servers %q", s.Host), "a name of its own for each")
		}
		if s.New == nil {
			wrong(fmt.Sprintf("nothing makes the server %q", s.Host), "a function that returns its handler")
		}
		taken[s.Host] = true
	}
	return errors.Join(errs...)
}

// checkServers: servers that cannot be are the caller's mistake, and panic.
func (c *Config) checkServers() {
	if err := CheckServers(c.Servers); err != nil {
		panic("sim: " + err.Error())
	}
}

// NamesAPIServer tells whether a host is the Service by which pods reach the API server.
func NamesAPIServer(host string) bool { return slices.Contains(apiServerNames, host) }

var apiServerNames = []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}

// startServers makes the servers of the config.
func (w *world) startServers() {
	w.servers = make(map[string]*httpServer, len(w.config.Servers))
	for _, s := range w.config.Servers {
		w.servers[s.Host] = &httpServer{host: s.Host, handler: s.New()}
	}
}

// hosts are the names of the servers, in the order of the config.
func (w *world) hosts() []string {
	var hosts []string
	for _, s := range w.config.Servers {
		hosts = append(hosts, s.Host)
	}
	return hosts
}

// apiServerHost is what a process calls the API server by.
const apiServerHost = "apiserver"

var methodVerbs = map[string]string{
	http.MethodGet: "get", http.MethodHead: "get", http.MethodPost: "create",
	http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete",
}

// infoFor is what a request to the server asks for.
func (s *httpServer) infoFor(r *http.Request) requestInfo {
	verb := methodVerbs[r.Method]
	if verb == "" {
		verb = strings.ToLower(r.Method)
	}
	return requestInfo{verb: verb, resource: s.host, name: r.URL.Path, selection: r.URL.Query().Encode()}
}

// serve answers a request that has arrived.
func (s *httpServer) serve(c *call) {
	request := c.request.Clone(c.request.Context())
	request.Body, request.ContentLength = plainBody(c.body), int64(len(c.body))
	request.RemoteAddr = c.process.name() + ":0"
	recorder := s.answer(c.world, request)
	(&answer{call: c}).Respond(recorder.Code, recorder.Header(), recorder.Body.Bytes(), false)
}

// answer has the handler answer a request, which it finds as a server does.
func (s *httpServer) answer(w *world, request *http.Request) *httptest.ResponseRecorder {
	request.RequestURI, request.Host = request.URL.RequestURI(), s.host
	request.URL = &url.URL{Path: request.URL.Path, RawPath: request.URL.RawPath, RawQuery: request.URL.RawQuery}
	recorder := httptest.NewRecorder()
	func() {
		defer func() {
			if r := recover(); r != nil {
				w.problem(model.Problem{Kind: model.Panicked, Process: s.host, StandIn: true, Message: fmt.Sprint(r), Detail: string(debug.Stack())})
				recorder = httptest.NewRecorder()
				recorder.Code = http.StatusInternalServerError
			}
		}()
		s.handler.ServeHTTP(recorder, request)
	}()
	return recorder
}

// keepStates takes what the servers say of their state into the history.
func (w *world) keepStates() {
	for _, s := range w.config.Servers {
		if told, ok := w.servers[s.Host].handler.(interface{ State() any }); ok {
			w.history.Servers = append(w.history.Servers, model.ServerState{Host: s.Host, State: told.State()})
		}
	}
}

// link is the network path that the call takes.
func (c *call) link() *link {
	if c.server != nil {
		return c.process.of.others[c.server.host]
	}
	return c.process.of.link
}

// host is the name of the server that is called; empty: the API server.
func (c *call) host() string {
	if c.server == nil {
		return ""
	}
	return c.server.host
}

// eachLink visits the paths from a process, that to the API server first and the
// others in the order of the config.
func (w *world) eachLink(p *process, visit func(*link)) {
	visit(p.link)
	for _, s := range w.config.Servers {
		visit(p.others[s.Host])
	}
}

// cutLinks cuts the paths that a rule is about: a pause all of them, a partition
// those to the servers that it names, or that to the API server.
func (w *world) cutLinks(p *process, r *faults.Rule) {
	w.eachLink(p, func(l *link) {
		if r.Kind == faults.Pause || l.host == "" && len(r.Resources) == 0 || l.host != "" && r.Match.MatchesResource(l.host) && len(r.Resources) > 0 {
			l.cut(r)
		}
	})
}

// faultAnswer is what comes in the place of a server's own answer: that of
// [FaultAnswer], in plain text where the server is not the API server.
func (c *call) faultAnswer(kind faults.Kind, r *faults.Rule) (code int, header http.Header, body []byte) {
	code, header, body = FaultAnswer(kind, r)
	if c.server != nil {
		header.Set("Content-Type", "text/plain; charset=utf-8")
		body = []byte(http.StatusText(code) + "\n")
	}
	return code, header, body
}

// byName is the http.RoundTripper of [Env.HTTP]: a host that is none of the world's
// is one that no name server knows.
type byName struct{ *transport }

// RoundTrip implements [http.RoundTripper].
func (t byName) RoundTrip(r *http.Request) (*http.Response, error) {
	host := r.URL.Hostname()
	if host != apiServerHost && t.world.servers[host] == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	return t.transport.RoundTrip(r)
}
