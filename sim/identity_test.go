package sim

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// What a request is called must be what the real server's parser, given all of the
// request, takes it for. Each row is parsed by both.
func TestARequestIsNamedAsTheServerReadsIt(t *testing.T) {
	for _, r := range []struct{ method, url, want, explanation string }{
		{"GET", "/api/v1/namespaces/shop/services?limit=500&resourceVersion=0", "list services shop/", "a list"},
		{"GET", "/api/v1/services?watch=true&timeoutSeconds=407&allowWatchBookmarks=true&resourceVersion=12", "watch services", "a watch"},
		{"GET", "/api/v1/services?watch=1", "watch services", "any true value"},
		{"GET", "/api/v1/services?watch=false", "list services", "said, but false"},
		{"GET", "/api/v1/services?watch", "watch services", "named without a value"},
		{"GET", "/api/v1/namespaces/shop/pods?fieldSelector=metadata.name%3Dweb&watch=true", "watch pods shop/web", "one object, by its name"},
		{"GET", "/api/v1/namespaces/shop/pods?fieldSelector=spec.nodeName%3Dn1", "list pods shop/", "a selector that names nothing"},
		{"GET", "/api/v1/namespaces/shop/services/web", "get services shop/web", "one object"},
		{"PUT", "/api/v1/namespaces/shop/services/web/status", "update services/status shop/web", "a subresource"},
		{"DELETE", "/api/v1/namespaces/shop/pods?labelSelector=a%3Db", "deletecollection pods shop/", "no name: all of them"},
		{"GET", "/api/v1/namespaces/shop", "get namespaces shop", "a namespace does not live in itself"},
		{"GET", "/version", "get /version", "no resource"},
	} {
		request := httptest.NewRequest(r.method, r.url, nil)
		got := parseRequest(request, nil)
		assert.Equal(t, r.want, got.identity(), r.explanation)
		whole, err := infoFactory.NewRequestInfo(request)
		require.NoError(t, err)
		assert.Equal(t, whole.Verb, got.verb, r.url)
		if whole.IsResourceRequest {
			assert.Equal(t, whole.Name, got.name, r.url)
		}
	}
}

// A creation is named by what its body says, wherever in it that stands.
func TestACreationIsNamedByItsBody(t *testing.T) {
	service := corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: map[string]string{"name": "other"}}}
	raw, err := service.Marshal()
	require.NoError(t, err)
	protobuf, err := (&runtime.Unknown{Raw: raw}).Marshal()
	require.NoError(t, err)
	for _, r := range []struct{ mediaType, body, want, explanation string }{
		{"application/json", `{"kind":"Service","metadata":{"labels":{"name":"other"},"name":"web"},"spec":{}}`, "web", "not the label of that name"},
		{"application/json", `{"spec":{"metadata":{"name":"other"}},"metadata":{"name":"web"}}`, "web", "not the metadata of a part"},
		{"application/json", `{"metadata":{"generateName":"web-"}}`, "web-*", "named by the server"},
		{"application/json", `{"metadata":{"name":"web","generateName":"w-"}}`, "web", "a name wins"},
		{"application/json", `{"kind":"Service"}`, "", "nameless"},
		{"application/json", `{"metadata":{"name":7}}`, "", "a name that is none"},
		{"application/json", `{"kind":`, "", "broken off"},
		{"application/json", `[]`, "", "no object"},
		{runtime.ContentTypeProtobuf, "k8s\x00" + string(protobuf), "web", "protobuf"},
		{runtime.ContentTypeProtobuf, `{"metadata":{"name":"web"}}`, "", "said to be protobuf"},
	} {
		request := httptest.NewRequest(http.MethodPost, "/api/v1/namespaces/shop/services", bytes.NewReader(nil))
		request.Header.Set("Content-Type", r.mediaType)
		assert.Equal(t, r.want, parseRequest(request, []byte(r.body)).name, r.explanation)
	}
}
