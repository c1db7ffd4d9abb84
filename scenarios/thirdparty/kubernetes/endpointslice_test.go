package kubernetes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/faults"
)

// The annotation with the time of the last change is left out: see
// TestEndpointSliceForgetsItsTriggerTime.
func TestEndpointSlice(t *testing.T) {
	tr := EndpointSlice()
	tr.Ignore = []string{"endpointslices.discovery.k8s.io: metadata.annotations"}
	tr.Known = []seatrial.Known{{Signature: "like-twin: endpointslices.discovery.k*: there is none, and in fair weather is one", Reason: "docs/findings/003"}}
	seatrial.Check(t, tr)
}

// One failed creation is enough for the EndpointSlice to stay without the
// annotation from which the network programming latency is measured: the
// tracker takes the time for exported before the write has succeeded, and the
// retry finds nothing new to export.
func TestEndpointSliceForgetsItsTriggerTime(t *testing.T) {
	tr := EndpointSlice()
	tr.Objects = seatrial.Manifests{}
	tr.Steps = []seatrial.Step{seatrial.Apply(10*time.Second, seatrial.YAML(`
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}`))}
	tr.Faults = []faults.Rule{{ID: "once", Kind: faults.InternalError, Limit: 1, Match: faults.Match{
		Verbs: []string{"create"}, Resources: []string{"endpointslices"},
	}}}
	result := seatrial.Run(t, tr, 1, seatrial.RunOptions{})
	assert.Equal(t, "like-twin", result.Verdict.Property)
	assert.Equal(t, `endpointslices.discovery.k8s.io default/web-*: metadata.annotations.endpoints.kubernetes.io/last-change-trigger-time is not there, and in fair weather "<time>"`, result.Verdict.Message)
}
