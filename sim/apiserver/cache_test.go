package apiserver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// Replicas share one log and each has its own view of it: these tests freeze
// and delay watch caches and look at what reads and watches then show, on a
// clock that the test moves.

// recorder keeps everything a request was sent.
type recorder struct {
	code   int
	header http.Header
	body   []byte
	frames []apiserver.Frame
	closed bool
}

func (r *recorder) Respond(code int, h http.Header, body []byte, _ bool) {
	r.code, r.header, r.body = code, h, body
}
func (r *recorder) Send(f apiserver.Frame) { r.frames = append(r.frames, f) }
func (r *recorder) Close()                 { r.closed = true }

func (r *recorder) events() []string {
	out := []string{}
	for _, f := range r.frames {
		out = append(out, f.Type+" "+f.Name)
	}
	return out
}

func (r *recorder) names(t *testing.T) []string {
	t.Helper()
	var list struct {
		Items []struct{ Metadata struct{ Name string } }
	}
	require.NoError(t, json.Unmarshal(r.body, &list), "%s", r.body)
	out := []string{}
	for _, i := range list.Items {
		out = append(out, i.Metadata.Name)
	}
	return out
}

type world struct {
	t      *testing.T
	clock  *fuzzClock
	server *apiserver.Server
}

func newWorld(t *testing.T, config apiserver.Config) *world {
	w := &world{t: t, clock: &fuzzClock{now: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}}
	config.Clock = w.clock
	w.server = newServer(t, config)
	return w
}

func (w *world) do(replica int, method, path, body string) *recorder {
	u, err := url.Parse(path)
	require.NoError(w.t, err)
	r := &recorder{}
	w.server.Handle(replica, &apiserver.Request{User: "tester", Method: method, URL: u, Body: []byte(body), Header: http.Header{"Content-Type": {jsonType}}}, r)
	return r
}

func (w *world) create(name string) uint64 {
	r := w.do(0, "POST", widgetsPath, fmt.Sprintf(`{"apiVersion":"sim.example.com/v1","kind":"Widget","metadata":{"name":%q},"spec":{"size":1}}`, name))
	require.Equal(w.t, 201, r.code, "%s", r.body)
	return w.server.Revision()
}

func TestFrozenCache(t *testing.T) {
	w := newWorld(t, apiserver.Config{Replicas: 2})
	w.create("a")
	old := w.do(1, "GET", widgetsPath+"?watch=1&resourceVersion=0", "")
	w.server.SetLag(1, schema.GroupResource{}, apiserver.Frozen)
	seen := w.create("b")

	assert.Equal(t, []string{"a", "b"}, w.do(1, "GET", widgetsPath, "").names(t), "a quorum list does not ask the cache")
	assert.Equal(t, []string{"a"}, w.do(1, "GET", widgetsPath+"?resourceVersion=0", "").names(t), "the frozen replica's cache")
	assert.Equal(t, []string{"a", "b"}, w.do(0, "GET", widgetsPath+"?resourceVersion=0", "").names(t), "the other replica's cache")
	assert.Equal(t, 404, w.do(1, "GET", widgetsPath+"/b?resourceVersion=0", "").code)
	assert.Equal(t, 200, w.do(1, "GET", widgetsPath+"/b", "").code)
	assert.Equal(t, []string{"ADDED a"}, old.events(), "nothing reaches a watch on a frozen cache")

	waiting := w.do(1, "GET", fmt.Sprintf("%s?resourceVersion=%d", widgetsPath, seen), "")
	assert.Zero(t, waiting.code, "the read waits")
	w.clock.pass(2900 * time.Millisecond)
	assert.Zero(t, waiting.code)
	w.clock.pass(200 * time.Millisecond)
	assert.Equal(t, 504, waiting.code)
	assert.Equal(t, "1", waiting.header.Get("Retry-After"))

	late := w.do(1, "GET", fmt.Sprintf("%s?resourceVersion=%d", widgetsPath, seen), "")
	w.server.SetLag(1, schema.GroupResource{}, 0)
	assert.Equal(t, 200, late.code, "the read is answered once the cache has caught up")
	assert.Equal(t, []string{"ADDED a", "ADDED b"}, old.events())
}

func TestLaggingCache(t *testing.T) {
	w := newWorld(t, apiserver.Config{Replicas: 2})
	w.server.SetLag(1, schema.GroupResource{Group: "sim.example.com", Resource: "widgets"}, 2*time.Second)
	watch := w.do(1, "GET", widgetsPath+"?watch=1&resourceVersion=0", "")
	w.create("a")
	w.clock.pass(time.Second)
	w.create("b")
	assert.Empty(t, watch.events())
	w.clock.pass(time.Second)
	assert.Equal(t, []string{"ADDED a"}, watch.events())
	assert.Equal(t, []string{"a"}, w.do(1, "GET", widgetsPath+"?resourceVersion=0", "").names(t))
	w.clock.pass(time.Second)
	assert.Equal(t, []string{"ADDED a", "ADDED b"}, watch.events())
}

func TestTimeTravel(t *testing.T) {
	w := newWorld(t, apiserver.Config{Replicas: 2})
	w.create("a")
	w.server.SetLag(1, schema.GroupResource{}, apiserver.Frozen)
	require.Equal(t, 200, w.do(0, "DELETE", widgetsPath+"/a", "").code)
	resumed := w.do(1, "GET", fmt.Sprintf("%s?watch=1&resourceVersion=%d", widgetsPath, w.server.Revision()), "")
	assert.Equal(t, 200, resumed.code)
	assert.Equal(t, []string{"a"}, w.do(1, "GET", widgetsPath+"?resourceVersion=0", "").names(t), "the deleted object is back")
	w.server.SetLag(1, schema.GroupResource{}, 0)
	assert.Empty(t, resumed.events(), "what the client has seen already is not sent again")
}

func TestForgottenHistory(t *testing.T) {
	w := newWorld(t, apiserver.Config{Replicas: 2})
	from := w.create("a")
	w.create("b")
	w.server.ForgetWatchHistory(0, schema.GroupResource{})
	gone := w.do(0, "GET", fmt.Sprintf("%s?watch=1&resourceVersion=%d", widgetsPath, from), "")
	assert.Equal(t, 200, gone.code)
	assert.Equal(t, []string{"ERROR "}, gone.events())
	assert.Contains(t, string(gone.frames[0].Data), `"code":410`)
	assert.True(t, gone.closed)
	kept := w.do(1, "GET", fmt.Sprintf("%s?watch=1&resourceVersion=%d", widgetsPath, from), "")
	assert.Equal(t, []string{"ADDED b"}, kept.events(), "the other replica remembers")
}

func TestWatchCacheSize(t *testing.T) {
	w := newWorld(t, apiserver.Config{WatchCacheSize: 3})
	from := w.create("a")
	for _, name := range []string{"b", "c", "d"} {
		w.create(name)
	}
	assert.Equal(t, []string{"ADDED b", "ADDED c", "ADDED d"}, w.do(0, "GET", fmt.Sprintf("%s?watch=1&resourceVersion=%d", widgetsPath, from), "").events())
	w.create("e")
	assert.Equal(t, []string{"ERROR "}, w.do(0, "GET", fmt.Sprintf("%s?watch=1&resourceVersion=%d", widgetsPath, from), "").events())
}

func TestWithoutWatchCache(t *testing.T) {
	w := newWorld(t, apiserver.Config{DisableWatchCache: true})
	from := w.create("a")
	w.create("b")
	assert.Len(t, w.do(0, "GET", widgetsPath+"?resourceVersion=0&limit=1", "").names(t), 1, "limit counts without a cache")
	w.server.Compact(w.server.Revision())
	assert.Equal(t, []string{"ERROR "}, w.do(0, "GET", fmt.Sprintf("%s?watch=1&resourceVersion=%d", widgetsPath, from), "").events(), "compaction is felt at once")
}

func TestCompactionInterval(t *testing.T) {
	w := newWorld(t, apiserver.Config{CompactionInterval: time.Minute})
	from := w.create("a")
	w.create("b")
	exact := fmt.Sprintf("%s?resourceVersion=%d&resourceVersionMatch=Exact", widgetsPath, from)
	w.clock.pass(time.Minute)
	assert.Equal(t, 200, w.do(0, "GET", exact, "").code, "history of the last interval stays")
	w.clock.pass(time.Minute)
	assert.Equal(t, 410, w.do(0, "GET", exact, "").code)
}

func TestBookmarks(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	from := w.create("a")
	quiet := w.do(0, "GET", fmt.Sprintf("%s?watch=1&allowWatchBookmarks=true&resourceVersion=%d&timeoutSeconds=150", widgetsPath, from), "")
	w.clock.pass(61 * time.Second)
	assert.Empty(t, quiet.events(), "nothing has happened that could be told")
	require.Equal(t, 201, w.do(0, "POST", servicesPath, `{"metadata":{"name":"other"}}`).code)
	w.clock.pass(time.Minute)
	assert.Equal(t, []string{"BOOKMARK "}, quiet.events(), "one a minute")
	w.clock.pass(27 * time.Second)
	assert.Len(t, quiet.frames, 2, "and one two seconds before the end")
	assert.False(t, quiet.closed)
	w.clock.pass(2 * time.Second)
	assert.True(t, quiet.closed)
}

func TestCancelledWatch(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	u, err := url.Parse(widgetsPath + "?watch=1")
	require.NoError(t, err)
	r := &recorder{}
	cancel := w.server.Handle(0, &apiserver.Request{Method: "GET", URL: u, Header: http.Header{}}, r)
	cancel()
	cancel()
	w.create("a")
	w.clock.pass(2 * time.Hour)
	assert.Empty(t, r.events())
	assert.False(t, r.closed, "the client left; there is nobody to close for")
}

// TestSameAnswers runs the same requests twice and on a server that had one
// object more: uids and names depend on the object alone.
func TestSameAnswers(t *testing.T) {
	run := func(seed uint64, extra bool) (uid, name string) {
		w := newWorld(t, apiserver.Config{Seed: seed})
		if extra {
			w.create("other")
		}
		w.create("a")
		var o struct{ Metadata struct{ UID, Name string } }
		require.NoError(t, json.Unmarshal(w.do(0, "GET", widgetsPath+"/a", "").body, &o))
		uid = o.Metadata.UID
		r := w.do(0, "POST", servicesPath, `{"metadata":{"generateName":"g-"}}`)
		require.NoError(t, json.Unmarshal(r.body, &o))
		return uid, o.Metadata.Name
	}
	uid, name := run(1, false)
	uid2, name2 := run(1, true)
	assert.Equal(t, []string{uid, name}, []string{uid2, name2})
	uid3, name3 := run(2, false)
	assert.NotEqual(t, uid, uid3)
	assert.NotEqual(t, name, name3)
}

// TestServiceIPAddresses follows the IPAddress of a Service's cluster IP
// through creation and deletion.
func TestServiceIPAddresses(t *testing.T) {
	w := newWorld(t, apiserver.Config{ServiceIPAddresses: true})
	const services, addresses = "/api/v1/namespaces/default/services", "/apis/networking.k8s.io/v1/ipaddresses"
	r := w.do(0, "POST", services, `{"metadata":{"name":"a"},"spec":{"ports":[{"port":80}]}}`)
	require.Equal(t, 201, r.code, "%s", r.body)
	var svc struct{ Spec struct{ ClusterIP string } }
	require.NoError(t, json.Unmarshal(r.body, &svc))
	assert.Equal(t, []string{svc.Spec.ClusterIP}, w.do(0, "GET", addresses+"?labelSelector=ipaddress.kubernetes.io/managed-by%3Dipallocator.k8s.io", "").names(t))
	require.Equal(t, 201, w.do(0, "POST", services, `{"metadata":{"name":"headless"},"spec":{"clusterIP":"None"}}`).code)
	require.Equal(t, 200, w.do(0, "DELETE", services+"/a", "").code)
	assert.Empty(t, w.do(0, "GET", addresses, "").names(t))
}

func (w *world) send(method, path, contentType, body string) *recorder {
	u, err := url.Parse(path)
	require.NoError(w.t, err)
	r := &recorder{}
	w.server.Handle(0, &apiserver.Request{User: "tester", Method: method, URL: u, Body: []byte(body), Header: http.Header{"Content-Type": {contentType}}}, r)
	return r
}

func requestAs(t *testing.T, who user.Info, method, path, body string) *apiserver.Request {
	u, err := url.Parse(path)
	require.NoError(t, err)
	return &apiserver.Request{Identity: who, Method: method, URL: u, Body: []byte(body), Header: http.Header{"Content-Type": {jsonType}}}
}
