package apiserver_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// What a real kube-apiserver 1.37.1 answers to requests that no recorded case
// makes: these tests send one request each and look at how the answer is made.

func TestWatchWithNegativeTimeout(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	w.create("a")
	watch := w.do(0, "GET", widgetsPath+"?watch=1&resourceVersion=0&timeoutSeconds=-1", "")
	assert.Equal(t, 200, watch.code)
	assert.Empty(t, watch.events())
	assert.True(t, watch.closed)
}

func TestTooLargeRevisionWithoutCache(t *testing.T) {
	w := newWorld(t, apiserver.Config{DisableWatchCache: true})
	for _, path := range []string{"?resourceVersion=999999", "?resourceVersion=999999&resourceVersionMatch=Exact", "/a?resourceVersion=999999"} {
		r := w.do(0, "GET", widgetsPath+path, "")
		assert.Equal(t, 504, r.code, path)
		assert.Contains(t, string(r.body), "Too large resource version", path)
		assert.NotContains(t, r.header, "Retry-After", path)
		assert.NotContains(t, string(r.body), "retryAfterSeconds", path)
	}
}

func TestMethodsOnDocuments(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"} {
		for _, path := range []string{"/api", "/api/v1", "/apis/apps/v1", "/version"} {
			assert.Equal(t, 405, w.do(0, method, path, "").code, "%s %s: a route for GET only", method, path)
		}
		for _, path := range []string{"/", "/apis", "/apis/apps", "/healthz", "/readyz", "/livez", "/openapi/v2", "/openapi/v3"} {
			assert.Equal(t, 200, w.do(0, method, path, "").code, "%s %s: a handler that does not ask", method, path)
		}
	}
	assert.Equal(t, 404, w.do(0, "POST", "/nowhere", "").code)
}

func TestOddPaths(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	double := w.do(0, "GET", "http://server//api/v1/namespaces", "")
	assert.Equal(t, 404, double.code)
	assert.Equal(t, "404 page not found\n", string(double.body))
	for _, path := range []string{"/api/v1/namespaces/default/services/%2e%2e", widgetsPath + "/%2e%2e"} {
		for _, method := range []string{"GET", "DELETE"} {
			r := w.do(0, method, path, "")
			assert.Equal(t, 400, r.code, "%s %s", method, path)
			assert.Contains(t, string(r.body), `Name parameter invalid: \"..\": may not be '..'`)
		}
	}
}

func TestPretty(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	w.create("a")
	ask := func(path, accept, agent string) string {
		u, err := url.Parse(path)
		require.NoError(t, err)
		r := &recorder{}
		w.server.Handle(0, &apiserver.Request{Method: "GET", URL: u, Header: http.Header{"Accept": {accept}, "User-Agent": {agent}}}, r)
		return string(r.body)
	}
	for _, row := range []struct {
		path, accept, agent string
		pretty              bool
	}{
		{path: widgetsPath + "/a?pretty=true", pretty: true},
		{path: widgetsPath + "/a?pretty=1", pretty: true},
		{path: widgetsPath + "/a", accept: "application/json;pretty=1", pretty: true},
		{path: widgetsPath + "/a", agent: "curl/8.5.0", pretty: true},
		{path: widgetsPath + "/a", agent: "Mozilla/5.0 (X11)", pretty: true},
		{path: widgetsPath + "/a?pretty=false", agent: "curl/8.5.0"},
		{path: widgetsPath + "/a", agent: "kubectl/v1.37.1"},
		{path: widgetsPath, agent: "Wget/1.21", pretty: true},
		{path: widgetsPath + "/none", agent: "curl/8.5.0", pretty: true},
		{path: "/apis/apps/v1", agent: "curl/8.5.0", pretty: true},
		{path: "/apis/apps/v1"},
		{path: "/version", pretty: true},
	} {
		body := ask(row.path, row.accept, row.agent)
		var value any
		require.NoError(t, json.Unmarshal([]byte(body), &value), "%+v: %s", row, body)
		if row.pretty {
			assert.True(t, strings.HasPrefix(body, "{\n  \""), "%+v: %s", row, body)
			assert.True(t, strings.HasSuffix(body, "\n}"), "%+v: %s", row, body)
			continue
		}
		assert.Equal(t, 1, strings.Count(body, "\n"), "%+v: %s", row, body)
	}
	assert.True(t, strings.HasPrefix(ask(widgetsPath+"/a", "application/yaml", "curl/8.5.0"), "apiVersion:"), "only JSON is indented")
}

func TestOrderOfSubresources(t *testing.T) {
	var list struct{ Resources []struct{ Name string } }
	require.NoError(t, json.Unmarshal(newWorld(t, apiserver.Config{}).do(0, "GET", "/apis/apps/v1", "").body, &list))
	var names []string
	for _, r := range list.Resources {
		names = append(names, r.Name)
	}
	assert.IsIncreasing(t, names)
}
