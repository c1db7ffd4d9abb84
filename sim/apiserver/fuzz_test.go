package apiserver_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// Whatever a client sends, the server answers once, does not panic and keeps
// its log: commits are numbered without gaps, each starts from the state the
// one before left, and together they are what is stored. The fuzzer picks
// methods, paths, headers and bodies from tables and cuts bodies short.

var (
	fuzzMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "GET", "PATCH", "OPTIONS"}
	fuzzPaths   = []string{
		"/api/v1/namespaces/default/services", "/apis/sim.example.com/v1/namespaces/default/widgets", "/api/v1/namespaces/default/configmaps",
		"/apis/sim.example.com/v1alpha1/namespaces/default/widgets", "/api/v1/namespaces", "/api/v1/namespaces/default/pods",
		"/apis/coordination.k8s.io/v1/namespaces/default/leases", "/apis/networking.k8s.io/v1/ipaddresses", "/apis/events.k8s.io/v1/namespaces/default/events",
		"/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "/api/v1/namespaces/default/secrets", "/apis/apps/v1/namespaces/default/deployments",
		"/api", "/apis", "/openapi/v3", "/api/v1/watch/namespaces/default/services", "/apis/sim.example.com/v1/widgets", "/x",
	}
	fuzzNames   = []string{"", "/a", "/b", "/a/status", "/a/scale", "/a/eviction", "/a/finalize", "/a/b/c", "/192.0.2.1", "/widgets.sim.example.com", "/%2e%2e", "/a/binding", "/default", "/"}
	fuzzQueries = []string{
		"", "watch=1", "watch=1&resourceVersion=1", "limit=1", "resourceVersion=0", "resourceVersion=99999", "fieldManager=m&force=true", "fieldManager=m", "dryRun=All",
		"fieldValidation=Strict", "labelSelector=a%3Db", "fieldSelector=metadata.name%3Da", "propagationPolicy=Foreground", "propagationPolicy=Orphan", "continue=abc",
		"watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", "limit=2&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiJhIn0",
		"resourceVersion=3&resourceVersionMatch=Exact", "gracePeriodSeconds=0", "includeObject=Object", "resourceVersion=x", "limit=-1&timeoutSeconds=x",
	}
	fuzzTypes   = []string{"application/json", "application/merge-patch+json", "application/json-patch+json", "application/apply-patch+yaml", "application/strategic-merge-patch+json", "application/yaml", "application/vnd.kubernetes.protobuf", "", "text/plain"}
	fuzzAccepts = []string{"application/json", "application/vnd.kubernetes.protobuf", "application/json;as=Table;v=v1;g=meta.k8s.io", "application/yaml", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", "", "text/html", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}
	fuzzBodies  = []string{
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":80}]}}`,
		`{"apiVersion":"sim.example.com/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"size":1}}`,
		`{"apiVersion":"sim.example.com/v1","kind":"Widget","metadata":{"name":"b","finalizers":["x.io/f"],"labels":{"a":"b"}},"spec":{"size":2,"rules":[{"name":"r"}]},"status":{"phase":"x"}}`,
		`{"metadata":{"name":"a","finalizers":["x.io/f"]},"data":{"k":"v"}}`, `{"metadata":{"generateName":"g-"}}`, `{"metadata":{"finalizers":null,"labels":{"x":"1"}}}`,
		`[{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]`, `[{"op":"remove","path":"/spec"}]`, `{"spec":null}`, `{"spec":{"size":"x","ports":{}}}`, ``, `null`, `[]`, `"x"`, `{"a":`,
		`{"spec":{"replicas":3}}`, `{"status":{"phase":"y","loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}`, `{"metadata":{"name":"q1"}}`, `{"metadata":{"name":"192.0.2.1"},"spec":{"parentRef":{"resource":"services","name":"a"}}}`,
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}}`, `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"u"}]}}`,
		`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"foos.x.io"},"spec":{"group":"x.io","scope":"Namespaced","names":{"plural":"foos","kind":"Foo"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`,
		`{"metadata":{"managedFields":[{"manager":"z","operation":"Apply","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{}}}]}}`, `{"metadata":{"managedFields":[{}]}}`, `{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Orphan"}`,
		`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"a"}}`, `{"metadata":{"name":"a"},"spec":{"holderIdentity":"me"}}`, `{"metadata":{"name":"default"},"spec":{"finalizers":[]}}`, "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n",
		`{"metadata":{"resourceVersion":"3"}}`, `{"spec":{"$patch":"replace","selector":{"$patch":"delete"}}}`, `{"$patch":"delete"}`, `{"spec":{"ports":[{"$patch":"delete","port":80}]}}`, `{"metadata":{"$deleteFromPrimitiveList/finalizers":["x.io/f"]}}`,
	}
)

// fuzzClock runs callbacks when the fuzzer says that time passes.
type fuzzClock struct {
	now     time.Time
	waiting []*timer
}

type timer struct {
	at        time.Time
	f         func()
	cancelled bool
}

func (c *fuzzClock) Now() time.Time { return c.now }

func (c *fuzzClock) AfterFunc(d time.Duration, f func()) func() {
	t := &timer{at: c.now.Add(d), f: f}
	c.waiting = append(c.waiting, t)
	return func() { t.cancelled = true }
}

func (c *fuzzClock) pass(d time.Duration) {
	end := c.now.Add(d)
	for {
		var next *timer
		for _, t := range c.waiting {
			if !t.cancelled && !t.at.After(end) && (next == nil || t.at.Before(next.at)) {
				next = t
			}
		}
		if next == nil {
			c.now = end
			return
		}
		c.now, next.cancelled = next.at, true
		next.f()
	}
}

// onceWriter fails the test on a second answer, and on frames before the first.
type onceWriter struct {
	tb      testing.TB
	sum     hash.Hash
	request string
	answers int
	closed  bool
}

func (w *onceWriter) Respond(code int, h http.Header, body []byte, stream bool) {
	w.answers++
	fmt.Fprintf(w.sum, "%d %v %s\n", code, h, body)
	assert.Equal(w.tb, 1, w.answers, w.request)
	assert.False(w.tb, stream && len(body) > 0, w.request)
	assert.True(w.tb, code >= 200 && code < 600, w.request)
}

func (w *onceWriter) Send(f apiserver.Frame) {
	w.sum.Write(f.Data)
	assert.Equal(w.tb, 1, w.answers, w.request)
	assert.False(w.tb, w.closed, w.request)
	assert.NotEmpty(w.tb, f.Data, w.request)
}

func (w *onceWriter) Close() {
	assert.False(w.tb, w.closed, w.request)
	w.closed = true
}

// ledger rebuilds the store from its commits.
type ledger struct {
	tb       testing.TB
	revision uint64
	objects  map[string]runtime.Object
}

func (l *ledger) commit(c apiserver.Commit) {
	if l.revision != 0 {
		assert.Equal(l.tb, l.revision+1, c.Revision)
	}
	l.revision = c.Revision
	key := c.Resource.GroupResource().String() + "|" + c.Namespace + "|" + c.Name
	assert.True(l.tb, l.objects[key] == c.Old, "commit %d of %s starts from another state", c.Revision, key)
	if c.New == nil {
		delete(l.objects, key)
		return
	}
	m, err := meta.Accessor(c.New)
	require.NoError(l.tb, err)
	assert.Equal(l.tb, strconv.FormatUint(c.Revision, 10), m.GetResourceVersion())
	assert.Equal(l.tb, c.UID, m.GetUID())
	l.objects[key] = c.New
}

func (l *ledger) check(s *apiserver.Server) {
	stored := 0
	for _, gr := range s.Resources() {
		for _, o := range s.Objects(gr) {
			m, err := meta.Accessor(o)
			require.NoError(l.tb, err)
			key := gr.String() + "|" + m.GetNamespace() + "|" + m.GetName()
			assert.True(l.tb, l.objects[key] == o, "%s is not as committed", key)
			stored++
		}
	}
	assert.Len(l.tb, l.objects, stored)
	assert.Equal(l.tb, l.revision, s.Revision())
}

func pick(table []string, b byte) string { return table[int(b)%len(table)] }

// fuzzHandle returns a hash of all that the server said.
func fuzzHandle(t *testing.T, data []byte) string {
	sum := sha256.New()
	clock := &fuzzClock{now: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
	l := &ledger{tb: t, objects: map[string]runtime.Object{}}
	s := newServer(t, apiserver.Config{
		Clock: clock, OnCommit: l.commit, Replicas: 2, WatchList: len(data)%2 == 0, ManagedFields: len(data)%3 == 0,
		GarbageCollector: true, NamespaceController: true, ServiceIPAddresses: true,
	})
	var cancels []func()
	for len(data) >= 8 {
		op := data[:8]
		data = data[8:]
		path := pick(fuzzPaths, op[1]) + pick(fuzzNames, op[2])
		u, err := url.Parse(path + "?" + pick(fuzzQueries, op[3]))
		if err != nil {
			continue
		}
		body := pick(fuzzBodies, op[5])
		if op[7]&0x0f == 0 {
			body = body[:len(body)*int(op[7]>>4)/16]
		}
		r := &apiserver.Request{ID: 1, User: "fuzz", Method: pick(fuzzMethods, op[0]), URL: u, Body: []byte(body), Header: http.Header{}}
		for name, value := range map[string]string{"Content-Type": pick(fuzzTypes, op[4]), "Accept": pick(fuzzAccepts, op[6])} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := &onceWriter{tb: t, sum: sum, request: r.Method + " " + u.String() + " " + body}
		cancels = append(cancels, s.Handle(int(op[6]>>7), r, w))
		switch op[7] >> 5 {
		case 0:
			clock.pass(time.Second)
		case 1:
			s.SetLag(int(op[6]>>7), schema.GroupResource{}, time.Duration(op[6]%3)*time.Second-1)
		case 2:
			s.Compact(s.Revision())
		case 3:
			cancels[0]()
			cancels = cancels[1:]
		case 4:
			s.ForgetWatchHistory(0, schema.GroupResource{})
		}
	}
	clock.pass(2 * time.Hour)
	l.check(s)
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// fuzzSeeds are the sequences that every test run tries.
func fuzzSeeds(n int) [][]byte {
	x := uint32(1)
	var out [][]byte
	for range n {
		seed := make([]byte, 8*30)
		for i := range seed {
			x = x*1664525 + 1013904223
			seed[i] = byte(x >> 24)
		}
		out = append(out, seed)
	}
	return out
}

func FuzzHandle(f *testing.F) {
	for _, seed := range fuzzSeeds(40) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzHandle(t, data) })
}

// TestSameBytes sends random requests to two servers: they must say the same,
// to the byte, or something depends on the order of a map.
func TestSameBytes(t *testing.T) {
	for i, seed := range fuzzSeeds(60) {
		require.Equal(t, fuzzHandle(t, seed), fuzzHandle(t, seed), "sequence %d", i)
	}
}

// FuzzBody decodes what nobody would write by hand.
func FuzzBody(f *testing.F) {
	for i, b := range fuzzBodies {
		f.Add(byte(i), byte(i), []byte(b))
	}
	f.Fuzz(func(t *testing.T, path, contentType byte, body []byte) {
		s := newServer(t, apiserver.Config{})
		fill(t, s, 1)
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			for _, name := range []string{"", "/w00000", "/w00000/status", "/w00000/scale"} {
				w := send(t, s, method, pick(fuzzPaths, path)+name+"?fieldManager=m", pick(fuzzTypes, contentType), body)
				if w.code >= 400 && w.code != 404 {
					var status map[string]any
					require.NoError(t, json.Unmarshal(w.body, &status), "%s", w.body)
					require.True(t, reflect.DeepEqual(status["kind"], "Status") || strings.HasPrefix(string(w.body), "{"))
				}
			}
		}
	})
}
