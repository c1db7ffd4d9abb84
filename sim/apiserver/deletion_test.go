package apiserver_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// What becomes of dependents, step by step on a clock that the test moves: a
// foreground deletion has a state in between, in which others can act, and a
// Job that is deleted without a word leaves its pods.

const configMaps = "/api/v1/namespaces/default/configmaps"

func uidOf(t *testing.T, r *recorder) string {
	t.Helper()
	var o struct{ Metadata struct{ UID string } }
	require.NoError(t, json.Unmarshal(r.body, &o), "%s", r.body)
	require.NotEmpty(t, o.Metadata.UID, "%s", r.body)
	return o.Metadata.UID
}

func dependent(name, owner, uid string) string {
	return fmt.Sprintf(`{"metadata":{"name":%q,"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":%q,"uid":%q,"controller":true,"blockOwnerDeletion":true}]}}`, name, owner, uid)
}

func TestForegroundDeletionTakesTime(t *testing.T) {
	const foreground = `{"propagationPolicy":"Foreground"}`
	w := newWorld(t, apiserver.Config{GarbageCollector: true})
	uid := uidOf(t, w.do(0, "POST", configMaps, `{"metadata":{"name":"owner"}}`))
	require.Equal(t, 201, w.do(0, "POST", configMaps, dependent("first", "owner", uid)).code)

	require.Equal(t, 200, w.do(0, "DELETE", configMaps+"/owner", foreground).code)
	between := w.do(0, "GET", configMaps+"/owner", "")
	assert.Contains(t, string(between.body), "foregroundDeletion")
	assert.Equal(t, 200, w.do(0, "GET", configMaps+"/first", "").code, "nobody has looked yet")

	w.clock.pass(110 * time.Millisecond)
	assert.Equal(t, 404, w.do(0, "GET", configMaps+"/first", "").code)
	assert.Equal(t, 200, w.do(0, "GET", configMaps+"/owner", "").code, "the owner goes only when its dependents are seen to be gone")

	// Whoever makes another one now holds the owner.
	require.Equal(t, 201, w.do(0, "POST", configMaps, dependent("second", "owner", uid)).code)
	w.clock.pass(110 * time.Millisecond)
	assert.Equal(t, 200, w.do(0, "GET", configMaps+"/owner", "").code)
	w.clock.pass(time.Second)
	assert.Equal(t, 404, w.do(0, "GET", configMaps+"/second", "").code)
	assert.Equal(t, 404, w.do(0, "GET", configMaps+"/owner", "").code)
}

func TestCircleOfOwners(t *testing.T) {
	w := newWorld(t, apiserver.Config{GarbageCollector: true})
	a := uidOf(t, w.do(0, "POST", configMaps, `{"metadata":{"name":"a"}}`))
	b := uidOf(t, w.do(0, "POST", configMaps, dependent("b", "a", a)))
	require.Equal(t, 200, w.do(0, "PUT", configMaps+"/a", dependent("a", "b", b)).code)
	require.Equal(t, 200, w.do(0, "DELETE", configMaps+"/a", `{"propagationPolicy":"Foreground"}`).code)
	w.clock.pass(10 * time.Second)
	assert.Equal(t, 404, w.do(0, "GET", configMaps+"/a", "").code)
	assert.Equal(t, 404, w.do(0, "GET", configMaps+"/b", "").code)
}

func TestDeletedJobLeavesItsPods(t *testing.T) {
	const jobs, pods = "/apis/batch/v1/namespaces/default/jobs", "/api/v1/namespaces/default/pods"
	const template = `{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}`
	for _, test := range []struct {
		name, options string
		warns         bool
		pod           int
	}{
		{"without options", "", true, 200},
		{"in the background", `{"propagationPolicy":"Background"}`, false, 404},
		{"orphaning", `{"propagationPolicy":"Orphan"}`, false, 200},
		{"with the old field", `{"orphanDependents":false}`, false, 404},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, apiserver.Config{GarbageCollector: true})
			uid := uidOf(t, w.do(0, "POST", jobs, `{"metadata":{"name":"j"},"spec":{"template":`+template+`}}`))
			pod := strings.Replace(template, `{"spec"`, fmt.Sprintf(`{"metadata":{"name":"p","ownerReferences":[{"apiVersion":"batch/v1","kind":"Job","name":"j","uid":%q}]},"spec"`, uid), 1)
			require.Equal(t, 201, w.do(0, "POST", pods, pod).code)
			deleted := w.do(0, "DELETE", jobs+"/j", test.options)
			require.Less(t, deleted.code, 300, "%s", deleted.body)
			if test.warns {
				assert.Contains(t, deleted.header.Get("Warning"), "child pods are preserved by default when jobs are deleted")
			} else {
				assert.Empty(t, deleted.header.Get("Warning"))
			}
			w.clock.pass(time.Second)
			assert.Equal(t, 404, w.do(0, "GET", jobs+"/j", "").code)
			assert.Equal(t, test.pod, w.do(0, "GET", pods+"/p", "").code)
		})
	}
}

// A namespace takes its Jobs' pods along, whatever Jobs do by default.
func TestNamespaceTakesJobsAndPods(t *testing.T) {
	w := newWorld(t, apiserver.Config{GarbageCollector: true, NamespaceController: true})
	require.Equal(t, 201, w.do(0, "POST", "/api/v1/namespaces", `{"metadata":{"name":"n"}}`).code)
	require.Equal(t, 201, w.do(0, "POST", "/apis/batch/v1/namespaces/n/jobs", `{"metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}`).code)
	require.Equal(t, 200, w.do(0, "DELETE", "/api/v1/namespaces/n", "").code)
	w.clock.pass(10 * time.Second)
	assert.Equal(t, 404, w.do(0, "GET", "/api/v1/namespaces/n", "").code)
}

// A patch that copies the object into itself doubles it with every operation.
func TestPatchThatCopiesItself(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	big := strings.Repeat("x", 100_000)
	require.Equal(t, 201, w.do(0, "POST", configMaps, `{"metadata":{"name":"a"},"data":{"k":"`+big+`"}}`).code)
	ops := []string{}
	for i := range 60 {
		ops = append(ops, fmt.Sprintf(`{"op":"copy","from":"/data","path":"/data/c%d"}`, i))
	}
	r := w.patch(configMaps+"/a", "application/json-patch+json", "["+strings.Join(ops, ",")+"]")
	assert.Equal(t, 422, r.code)

	many := make([]string, 10_001)
	for i := range many {
		many[i] = `{"op":"test","path":"/kind","value":"ConfigMap"}`
	}
	r = w.patch(configMaps+"/a", "application/json-patch+json", "["+strings.Join(many, ",")+"]")
	assert.Equal(t, 413, r.code)
	assert.Contains(t, string(r.body), "The allowed maximum operations in a JSON patch is 10000, got 10001")
}

func (w *world) patch(path, contentType, body string) *recorder {
	return w.send("PATCH", path, contentType, body)
}

// A dependent that has dependents of its own is looked at although one of those
// goes before its turn has come.
func TestAnOrphanWhoseDependentGoesIsCollected(t *testing.T) {
	w := newWorld(t, apiserver.Config{GarbageCollector: true})
	a := uidOf(t, w.do(0, "POST", configMaps, `{"metadata":{"name":"a"}}`))
	b := uidOf(t, w.do(0, "POST", configMaps, dependent("b", "a", a)))
	require.Equal(t, 201, w.do(0, "POST", configMaps, dependent("c", "b", b)).code)
	w.clock.pass(time.Second)
	require.Equal(t, 200, w.do(0, "DELETE", configMaps+"/a", "").code)
	w.clock.pass(50 * time.Millisecond)
	require.Equal(t, 200, w.do(0, "DELETE", configMaps+"/c", "").code)
	w.clock.pass(time.Second)
	assert.Equal(t, 404, w.do(0, "GET", configMaps+"/b", "").code)
}
