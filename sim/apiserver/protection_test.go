package apiserver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// What is in use is not taken away: a claim stays while a pod with a node has it, a volume
// while its status says that it is bound, each by a finalizer that admission gives and
// kube-controller-manager takes. Method: a claim and a volume that are deleted, on a clock
// that the test moves, with that part of kube-controller-manager and without.

const (
	claimPath  = "/api/v1/namespaces/default/persistentvolumeclaims"
	volumePath = "/api/v1/persistentvolumes"
	claim      = `{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}`
	volume     = `{"metadata":{"name":"disk"},"spec":{"accessModes":["ReadWriteOnce"],"capacity":{"storage":"1Gi"},"hostPath":{"path":"/x"}}}`
	podOfClaim = `{"metadata":{"name":"web"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}],"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]}}`
)

func TestAClaimInUseStays(t *testing.T) {
	w := newWorld(t, apiserver.Config{ClaimProtection: true})
	made := w.do(0, "POST", claimPath, claim)
	require.Equal(t, 201, made.code, "%s", made.body)
	assert.Contains(t, string(made.body), "kubernetes.io/pvc-protection")
	require.Equal(t, 201, w.do(0, "POST", "/api/v1/namespaces/default/pods", podOfClaim).code)

	require.Equal(t, 200, w.do(0, "DELETE", claimPath+"/data", "").code)
	w.clock.pass(time.Minute)
	assert.Equal(t, 200, w.do(0, "GET", claimPath+"/data", "").code, "a pod has it")

	require.Equal(t, 200, w.do(0, "DELETE", "/api/v1/namespaces/default/pods/web", `{"gracePeriodSeconds":0}`).code)
	assert.Equal(t, 200, w.do(0, "GET", claimPath+"/data", "").code, "nobody has looked yet")
	w.clock.pass(time.Second)
	assert.Equal(t, 404, w.do(0, "GET", claimPath+"/data", "").code)
}

func TestAClaimThatNoNodeSawGoes(t *testing.T) {
	w := newWorld(t, apiserver.Config{ClaimProtection: true})
	require.Equal(t, 201, w.do(0, "POST", claimPath, claim).code)
	require.Equal(t, 201, w.do(0, "POST", "/api/v1/namespaces/default/pods", `{"metadata":{"name":"web"},"spec":{"containers":[{"name":"c","image":"i"}],"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]}}`).code)
	require.Equal(t, 200, w.do(0, "DELETE", claimPath+"/data", "").code)
	w.clock.pass(time.Second)
	assert.Equal(t, 404, w.do(0, "GET", claimPath+"/data", "").code)
}

func TestABoundVolumeStays(t *testing.T) {
	w := newWorld(t, apiserver.Config{VolumeProtection: true})
	made := w.do(0, "POST", volumePath, volume)
	require.Equal(t, 201, made.code, "%s", made.body)
	assert.Contains(t, string(made.body), "kubernetes.io/pv-protection")
	require.Equal(t, 200, w.patch(volumePath+"/disk/status", mergeType, `{"status":{"phase":"Bound"}}`).code)
	require.Equal(t, 200, w.do(0, "DELETE", volumePath+"/disk", "").code)
	w.clock.pass(time.Minute)
	assert.Equal(t, 200, w.do(0, "GET", volumePath+"/disk", "").code, "it is bound")
	require.Equal(t, 200, w.patch(volumePath+"/disk/status", mergeType, `{"status":{"phase":"Released"}}`).code)
	w.clock.pass(time.Second)
	assert.Equal(t, 404, w.do(0, "GET", volumePath+"/disk", "").code)
}

func TestProtectionThatWasTakenAwayComesBack(t *testing.T) {
	w := newWorld(t, apiserver.Config{ClaimProtection: true})
	require.Equal(t, 201, w.do(0, "POST", claimPath, claim).code)
	gone := w.patch(claimPath+"/data", mergeType, `{"metadata":{"finalizers":null}}`)
	require.Equal(t, 200, gone.code, "%s", gone.body)
	require.NotContains(t, string(gone.body), "pvc-protection")
	w.clock.pass(time.Second)
	assert.Contains(t, string(w.do(0, "GET", claimPath+"/data", "").body), "pvc-protection")
}

func TestWithoutItsControllerAClaimNeverGoes(t *testing.T) {
	w := newWorld(t, apiserver.Config{VolumeProtection: true})
	require.Equal(t, 201, w.do(0, "POST", claimPath, claim).code)
	require.Equal(t, 200, w.do(0, "DELETE", claimPath+"/data", "").code)
	w.clock.pass(time.Hour)
	assert.Equal(t, 200, w.do(0, "GET", claimPath+"/data", "").code)
}
