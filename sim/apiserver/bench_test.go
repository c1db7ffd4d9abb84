package apiserver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
)

// The cost of one request where the simulation pays it, at Server.Handle, with
// 10 to 10,000 objects stored: it must not grow with them, except for lists.
// Beside it the same through client-go, and controller-runtime's fake client.

// stoppedClock never moves and never calls back.
type stoppedClock struct{}

func (stoppedClock) Now() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

func (stoppedClock) AfterFunc(time.Duration, func()) func() { return func() {} }

// sink counts what it is sent.
type sink struct {
	code   int
	body   []byte
	frames int
}

func (s *sink) Respond(code int, _ http.Header, body []byte, _ bool) { s.code, s.body = code, body }
func (s *sink) Send(apiserver.Frame)                                 { s.frames++ }
func (s *sink) Close()                                               {}

func newServer(tb testing.TB, config apiserver.Config) *apiserver.Server {
	tb.Helper()
	config.Kinds = registry.New(kinds.Options{})
	if config.Clock == nil {
		config.Clock = stoppedClock{}
	}
	s, err := apiserver.New(config)
	require.NoError(tb, err)
	require.NoError(tb, s.InstallCRDs(widgetsCRD(tb)))
	return s
}

func send(tb testing.TB, s *apiserver.Server, method, path, contentType string, body []byte) *sink {
	u, err := url.Parse(path)
	require.NoError(tb, err)
	w := &sink{}
	s.Handle(0, &apiserver.Request{User: "bench", Method: method, URL: u, Body: body, Header: http.Header{
		"Content-Type": {contentType}, "Accept": {"application/json"}, "User-Agent": {"bench"},
	}}, w)
	return w
}

const (
	widgetsPath  = "/apis/sim.example.com/v1/namespaces/default/widgets"
	servicesPath = "/api/v1/namespaces/default/configmaps"
	jsonType     = "application/json"
	mergeType    = "application/merge-patch+json"
)

func fill(tb testing.TB, s *apiserver.Server, n int) {
	for i := range n {
		w := send(tb, s, "POST", widgetsPath, jsonType, fmt.Appendf(nil, `{"apiVersion":"sim.example.com/v1","kind":"Widget","metadata":{"name":"w%05d","labels":{"i":"%d"}},"spec":{"size":1}}`, i, i%10))
		require.Equal(tb, 201, w.code, string(w.body))
		w = send(tb, s, "POST", servicesPath, jsonType, fmt.Appendf(nil, `{"metadata":{"name":"c%05d"},"data":{"a":"b"}}`, i))
		require.Equal(tb, 201, w.code, string(w.body))
	}
}

func BenchmarkHandle(b *testing.B) {
	for _, stored := range []int{10, 1000, 10000} {
		s := newServer(b, apiserver.Config{})
		fill(b, s, stored)
		run := func(name, method, contentType string, code int, request func(i int) (path string, body []byte)) {
			b.Run(fmt.Sprintf("%s/stored=%d", name, stored), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					path, body := request(i)
					w := send(b, s, method, path, contentType, body)
					if w.code != code {
						b.Fatalf("%d %s", w.code, w.body)
					}
				}
			})
		}
		run("get-custom", "GET", "", 200, func(int) (string, []byte) { return widgetsPath + "/w00003", nil })
		run("get-builtin", "GET", "", 200, func(int) (string, []byte) { return servicesPath + "/c00003", nil })
		run("list", "GET", "", 200, func(int) (string, []byte) { return widgetsPath, nil })
		created := s.Revision()
		run("create-custom", "POST", jsonType, 201, func(i int) (string, []byte) {
			created++
			return widgetsPath, fmt.Appendf(nil, `{"apiVersion":"sim.example.com/v1","kind":"Widget","metadata":{"name":"n%d"},"spec":{"size":1}}`, created)
		})
		run("create-builtin", "POST", jsonType, 201, func(i int) (string, []byte) {
			created++
			return servicesPath, fmt.Appendf(nil, `{"metadata":{"name":"n%d"},"data":{"a":"b"}}`, created)
		})
		run("update-status", "PUT", jsonType, 200, func(i int) (string, []byte) {
			var o struct {
				Metadata struct{ ResourceVersion string }
			}
			require.NoError(b, json.Unmarshal(send(b, s, "GET", widgetsPath+"/w00004", "", nil).body, &o))
			return widgetsPath + "/w00004/status", fmt.Appendf(nil, `{"apiVersion":"sim.example.com/v1","kind":"Widget","metadata":{"name":"w00004","resourceVersion":%q},"spec":{"size":1},"status":{"phase":"p%d"}}`, o.Metadata.ResourceVersion, i)
		})
		run("patch-custom", "PATCH", mergeType, 200, func(i int) (string, []byte) {
			return widgetsPath + "/w00005", fmt.Appendf(nil, `{"spec":{"size":%d}}`, i%100)
		})
		run("patch-builtin", "PATCH", mergeType, 200, func(i int) (string, []byte) {
			return servicesPath + "/c00005", fmt.Appendf(nil, `{"data":{"a":"%d"}}`, i)
		})
		run("apply-custom", "PATCH", "application/apply-patch+yaml", 200, func(i int) (string, []byte) {
			return widgetsPath + "/w00006?fieldManager=m&force=true", fmt.Appendf(nil, `{"apiVersion":"sim.example.com/v1","kind":"Widget","metadata":{"name":"w00006"},"spec":{"size":%d}}`, i%100)
		})
	}
}

func BenchmarkWatchEvent(b *testing.B) {
	for _, watchers := range []int{1, 100} {
		b.Run(fmt.Sprintf("watchers=%d", watchers), func(b *testing.B) {
			s := newServer(b, apiserver.Config{})
			fill(b, s, 10)
			var sinks []*sink
			for range watchers {
				sinks = append(sinks, send(b, s, "GET", widgetsPath+"?watch=1", "", nil))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				send(b, s, "PATCH", widgetsPath+"/w00005", mergeType, fmt.Appendf(nil, `{"spec":{"size":%d}}`, i%100))
			}
			require.Positive(b, sinks[watchers-1].frames)
		})
	}
}

// loop is the same create, get, update and delete for every kind of client.
func loop(b *testing.B, c client.Client) {
	b.ReportAllocs()
	for b.Loop() {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "x"}, Data: map[string]string{"a": "b"}}
		require.NoError(b, c.Create(b.Context(), cm))
		require.NoError(b, c.Get(b.Context(), client.ObjectKeyFromObject(cm), cm))
		cm.Data["a"] = "c"
		require.NoError(b, c.Update(b.Context(), cm))
		require.NoError(b, c.Delete(b.Context(), cm))
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(4*b.N), "µs/call")
}

func BenchmarkClients(b *testing.B) {
	b.Run("simulated", func(b *testing.B) {
		host := newHost(b, apiserver.Config{})
		c, err := client.New(&rest.Config{Host: "http://apiserver", Transport: host.Transport(0), QPS: -1}, client.Options{})
		require.NoError(b, err)
		loop(b, c)
	})
	b.Run("fake", func(b *testing.B) {
		loop(b, fake.NewClientBuilder().Build())
	})
	b.Run("typed-get-protobuf", func(b *testing.B) {
		host := newHost(b, apiserver.Config{})
		c, err := kubernetes.NewForConfig(&rest.Config{
			Host: "http://apiserver", Transport: host.Transport(0), QPS: -1,
			ContentConfig: rest.ContentConfig{ContentType: runtime.ContentTypeProtobuf},
		})
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			_, err := c.CoreV1().Namespaces().Get(b.Context(), "default", metav1.GetOptions{})
			require.NoError(b, err)
		}
	})
}

// BenchmarkNew is what every seed pays: a server with one definition installed.
func BenchmarkNew(b *testing.B) {
	crd := widgetsCRD(b)
	b.ReportAllocs()
	for b.Loop() {
		s, err := apiserver.New(apiserver.Config{Clock: stoppedClock{}, Kinds: registry.New(kinds.Options{})})
		require.NoError(b, err)
		require.NoError(b, s.InstallCRDs(crd))
	}
}
