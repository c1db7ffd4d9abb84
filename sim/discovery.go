package sim

import (
	"net/http"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// asksWhatThereIs tells whether a request is discovery: which groups, versions and
// resources the server has, and their schemas.
func (i requestInfo) asksWhatThereIs() bool {
	path := strings.TrimSuffix(i.resource, "/") // of what is no request for a resource
	return i.verb == "get" && (path == "/api" || path == "/apis" || path == "/openapi" ||
		strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/apis/") || strings.HasPrefix(path, "/openapi/"))
}

// AnsweredAtOnce says whether a request takes no virtual time, unless its process has
// asked too often in one instant: RoundTrip answers it in the goroutine that asks.
func AnsweredAtOnce(r *http.Request) bool {
	return r.Method == http.MethodGet && parseRequest(r, nil).asksWhatThereIs()
}

// discoveriesPerInstant is how often an incarnation may ask before it has to wait.
const discoveriesPerInstant = 100

// discover answers a question about what the server has, at once and in the
// goroutine that asks it.
//
// It must not wait, because those who ask hold a lock. controller-runtime's cache
// holds one while the mapper asks which resource a kind is, and the mapper one of its
// own; client-go's cached discovery does the same. In a process that starts two
// informers the second waits for that lock, a goroutine that waits for a lock keeps
// virtual time from passing, and an answer that needs time would never come.
//
// So these calls take no time, and rules about calls do not hit them. A process
// that cannot reach any API server is told so at once. The answer depends on nothing
// but what is committed, which does not change while goroutines of the subject run,
// and the trace tells of it at the next quiescence: in which order several of them
// asked makes no difference.
func (w *world) discover(c *call) (*http.Response, error) {
	w.acting.Lock()
	defer w.acting.Unlock()
	code, header, body, err := 0, http.Header(nil), []byte(nil), w.unreachable(c)
	if err == nil {
		var heard discovered
		w.server.Handle(c.replica, &apiserver.Request{
			User: c.process.name(), Method: c.request.Method, URL: c.request.URL, Header: c.request.Header, Body: c.body,
		}, &heard)
		code, header, body = heard.code, heard.header, heard.body
	}
	w.pending.put(item{
		kind: callSent, key: c.process.identity + " " + c.identity, tie: c.info.selection,
		act: func() { w.discoveredBy(c, code, header, body, err) },
	})
	if err != nil {
		return nil, err
	}
	return newResponse(c.request, code, header, plainBody(body), int64(len(body))), nil
}

// unreachable says why a process reaches no API server, if so, and otherwise which
// one the call is for.
func (w *world) unreachable(c *call) error {
	if c.process.of.link.partitions() > 0 {
		return errDialTimeout
	}
	if c.replica = w.reach(c.process.of); w.replicas.down[c.replica] > 0 {
		return errRefused
	}
	return nil
}

// discoveredBy puts a call that has been answered already into trace and history.
func (w *world) discoveredBy(c *call, code int, header http.Header, body []byte, err error) {
	if c.process.dead() {
		return
	}
	w.number(c)
	if err == nil {
		c.arrived = true
		w.history.Calls[c.id-1].Server, w.history.Calls[c.id-1].Arrived = c.replica+1, w.now()
		w.event(Event{Type: EventArrived, Process: c.process.identity, Call: c.id, Code: code, Digest: digest(body)})
	}
	w.told(c, code, err, header, body)
	w.finish(c)
}

// discovered keeps the answer to a question about what the server has.
type discovered struct {
	code   int
	header http.Header
	body   []byte
}

var _ apiserver.ResponseWriter = (*discovered)(nil)

// Respond implements [apiserver.ResponseWriter].
func (d *discovered) Respond(code int, header http.Header, body []byte, _ bool) {
	d.code, d.header, d.body = code, header, body
}

// Send implements [apiserver.ResponseWriter]: there are no frames.
func (d *discovered) Send(apiserver.Frame) {}

// Close implements [apiserver.ResponseWriter].
func (d *discovered) Close() {}

// asksTooOften counts what an incarnation asks in one instant. Beyond a bound it has to
// wait, so that a loop that asks again and again without a pause does not spin for ever.
func (i *incarnation) asksTooOften(now time.Duration) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if now != i.askedAt {
		i.askedAt, i.asked = now, 0
	}
	i.asked++
	return i.asked > discoveriesPerInstant
}
