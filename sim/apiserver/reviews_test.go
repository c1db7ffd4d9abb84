package apiserver_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// Questions about users are answered by the roles that are stored; tokens are
// those of service accounts that exist; subresources change what is theirs and
// nothing else.

func TestReviewsAndTokens(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	rbac := "/apis/rbac.authorization.k8s.io/v1/"
	require.Equal(t, 201, w.do(0, "POST", rbac+"clusterrolebindings", `{"metadata":{"name":"b"},"roleRef":{"kind":"ClusterRole","name":"r"},"subjects":[{"kind":"ServiceAccount","name":"sa","namespace":"default"}]}`).code)
	require.Equal(t, 201, w.do(0, "POST", rbac+"clusterroles", `{"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}`).code)
	ask := func(verb string) *recorder {
		return w.do(0, "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", `{"spec":{"user":"system:serviceaccount:default:sa","resourceAttributes":{"verb":"`+verb+`","resource":"pods","namespace":"x"}}}`)
	}
	assert.Contains(t, string(ask("get").body), `"status":{"allowed":true}`)
	assert.Contains(t, string(ask("list").body), `"status":{"allowed":false}`)
	assert.Contains(t, string(w.do(0, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", `{"spec":{"resourceAttributes":{"verb":"*","resource":"*"}}}`).body), `"allowed":true`)
	nothing := w.do(0, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", `{"spec":{}}`)
	assert.Equal(t, 422, nothing.code)
	assert.Equal(t, 405, w.do(0, "GET", "/apis/authorization.k8s.io/v1/subjectaccessreviews", "").code)

	require.Equal(t, 201, w.do(0, "POST", "/api/v1/namespaces/default/serviceaccounts", `{"metadata":{"name":"sa"}}`).code)
	issued := w.do(0, "POST", "/api/v1/namespaces/default/serviceaccounts/sa/token", `{"spec":{"expirationSeconds":600}}`)
	require.Equal(t, 201, issued.code, "%s", issued.body)
	var token struct{ Status struct{ Token string } }
	require.NoError(t, json.Unmarshal(issued.body, &token))
	check := func() string {
		return string(w.do(0, "POST", "/apis/authentication.k8s.io/v1/tokenreviews", `{"spec":{"token":"`+token.Status.Token+`"}}`).body)
	}
	assert.Contains(t, check(), `"authenticated":true,"user":{"username":"system:serviceaccount:default:sa"`)
	who, ok := w.server.Authenticate(token.Status.Token)
	require.True(t, ok)
	got := &recorder{}
	w.server.Handle(0, requestAs(t, who, "POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", `{"spec":{"namespace":"default"}}`), got)
	assert.Contains(t, string(got.body), `{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}`)
	w.clock.pass(601 * time.Second)
	assert.NotContains(t, check(), `"authenticated":true`, "it has expired")
	_, ok = w.server.Authenticate(token.Status.Token[:len(token.Status.Token)-2] + "xx")
	assert.False(t, ok, "the signature counts")
}

func TestPodSubresources(t *testing.T) {
	const pods = "/api/v1/namespaces/default/pods"
	w := newWorld(t, apiserver.Config{PodLog: func(namespace, pod, container string) string { return namespace + " " + pod + " " + container }})
	require.Equal(t, 201, w.do(0, "POST", pods, `{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"1"},"limits":{"cpu":"2"}}}]}}`).code)
	const strategic = "application/strategic-merge-patch+json"
	r := w.patch(pods+"/p/ephemeralcontainers", strategic, `{"spec":{"nodeName":"elsewhere","ephemeralContainers":[{"name":"debug","image":"busybox"}]}}`)
	require.Equal(t, 200, r.code, "%s", r.body)
	assert.Contains(t, string(r.body), `"ephemeralContainers":[{"name":"debug"`)
	assert.NotContains(t, string(r.body), "elsewhere")
	assert.Equal(t, 422, w.patch(pods+"/p/ephemeralcontainers", mergeType, `{"spec":{"ephemeralContainers":[]}}`).code, "they cannot be taken away")
	r = w.patch(pods+"/p/resize", strategic, `{"spec":{"containers":[{"name":"c","image":"other","resources":{"requests":{"cpu":"1500m"}}}]}}`)
	require.Equal(t, 200, r.code, "%s", r.body)
	assert.Contains(t, string(r.body), `"cpu":"1500m"`)
	assert.NotContains(t, string(r.body), "other")
	assert.Equal(t, 422, w.patch(pods+"/p", strategic, `{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}]}}`).code, "elsewhere resources are fixed")
	assert.Equal(t, "default p c", string(w.do(0, "GET", pods+"/p/log?container=c", "").body))
}
