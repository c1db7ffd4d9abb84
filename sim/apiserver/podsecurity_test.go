package apiserver_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// The labels of a namespace decide about the pods in it, and warn of templates; the
// checks themselves are Kubernetes' own. Compared with the rules of the plugin.

const restrictedPod = `{"securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},"containers":[{"name":"c","image":"i","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}]}`

func TestPodSecurity(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	namespace := func(name, labels string) *recorder {
		return w.do(0, "POST", "/api/v1/namespaces", `{"metadata":{"name":"`+name+`","labels":`+labels+`}}`)
	}
	pod := func(in, name, spec string) *recorder {
		return w.do(0, "POST", "/api/v1/namespaces/"+in+"/pods", `{"metadata":{"name":"`+name+`"},"spec":`+spec+`}`)
	}
	warnings := func(r *recorder) string { return strings.Join(r.header.Values("Warning"), "\n") }
	const plain, hostNetwork = `{"containers":[{"name":"c","image":"i"}]}`, `{"hostNetwork":true,"containers":[{"name":"c","image":"i"}]}`

	require.Equal(t, 201, namespace("strict", `{"pod-security.kubernetes.io/enforce":"restricted"}`).code)
	require.Equal(t, 201, namespace("base", `{"pod-security.kubernetes.io/enforce":"baseline","pod-security.kubernetes.io/warn":"restricted"}`).code)

	r := pod("strict", "p", plain)
	require.Equal(t, 403, r.code, "%s", r.body)
	assert.Contains(t, string(r.body), `pods \"p\" is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false)`)
	r = pod("strict", "p", restrictedPod)
	assert.Equal(t, 201, r.code, "%s", r.body)
	assert.Empty(t, warnings(r))

	r = pod("base", "p", plain)
	assert.Equal(t, 201, r.code, "%s", r.body)
	assert.Contains(t, warnings(r), `would violate PodSecurity \"restricted:latest\"`)
	assert.Equal(t, 403, pod("base", "q", hostNetwork).code)
	assert.Equal(t, 201, pod("default", "q", hostNetwork).code, "a namespace without labels is privileged")

	r = w.do(0, "POST", "/apis/apps/v1/namespaces/base/deployments", `{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":`+hostNetwork+`}}}`)
	assert.Equal(t, 201, r.code, "a template is warned of only: %s", r.body)
	assert.Contains(t, warnings(r), `host namespaces (hostNetwork=true)`)

	r = w.patch("/api/v1/namespaces/base/pods/p", mergeType, `{"metadata":{"labels":{"a":"b"}}}`)
	assert.Equal(t, 200, r.code)
	assert.Empty(t, warnings(r), "nothing changed that the checks look at")
}

func TestPodSecurityLabels(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	r := w.do(0, "POST", "/api/v1/namespaces", `{"metadata":{"name":"n","labels":{"pod-security.kubernetes.io/enforce":"strict"}}}`)
	require.Equal(t, 422, r.code, "%s", r.body)
	assert.Contains(t, string(r.body), `metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"strict\": must be one of privileged, baseline, restricted`)

	require.Equal(t, 201, w.do(0, "POST", "/api/v1/namespaces/default/pods", `{"metadata":{"name":"p"},"spec":{"hostNetwork":true,"containers":[{"name":"c","image":"i"}]}}`).code)
	r = w.patch("/api/v1/namespaces/default", mergeType, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline"}}}`)
	assert.Equal(t, 200, r.code, "%s", r.body)
	assert.Equal(t, []string{
		`299 - "existing pods in namespace \"default\" violate the new PodSecurity enforce level \"baseline:latest\""`,
		`299 - "p: host namespaces"`,
	}, r.header.Values("Warning"), "pods that are there stay, and are told")
}
