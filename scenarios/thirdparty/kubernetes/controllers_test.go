package kubernetes

import (
	"testing"

	"github.com/seatrial/seatrial"
)

// Goal: Kubernetes' own controllers, put to sea. Method: what users may do with
// what each looks after, and the generic properties. docs/use/gallery.md has what was
// found.

func TestDeployment(t *testing.T)              { seatrial.Check(t, Deployment()) }
func TestReplicaSet(t *testing.T)              { seatrial.Check(t, ReplicaSet()) }
func TestReplicationController(t *testing.T)   { seatrial.Check(t, ReplicationController()) }
func TestStatefulSet(t *testing.T)             { seatrial.Check(t, StatefulSet()) }
func TestDaemonSet(t *testing.T)               { seatrial.Check(t, DaemonSet()) }
func TestJob(t *testing.T)                     { seatrial.Check(t, Job()) }
func TestTTLAfterFinished(t *testing.T)        { seatrial.Check(t, TTLAfterFinished()) }
func TestEndpoints(t *testing.T)               { seatrial.Check(t, Endpoints()) }
func TestEndpointSliceMirroring(t *testing.T)  { seatrial.Check(t, EndpointSliceMirroring()) }
func TestTTL(t *testing.T)                     { seatrial.Check(t, TTL()) }
func TestNodeIPAM(t *testing.T)                { seatrial.Check(t, NodeIPAM()) }
func TestTaintEviction(t *testing.T)           { seatrial.Check(t, TaintEviction()) }
func TestEphemeralVolume(t *testing.T)         { seatrial.Check(t, EphemeralVolume()) }
func TestServiceAccount(t *testing.T)          { seatrial.Check(t, ServiceAccount()) }
func TestServiceAccountToken(t *testing.T)     { seatrial.Check(t, ServiceAccountToken()) }
func TestRootCAPublisher(t *testing.T)         { seatrial.Check(t, RootCAPublisher()) }
func TestClusterRoleAggregation(t *testing.T)  { seatrial.Check(t, ClusterRoleAggregation()) }
func TestBootstrapSigner(t *testing.T)         { seatrial.Check(t, BootstrapSigner()) }
func TestTokenCleaner(t *testing.T)            { seatrial.Check(t, TokenCleaner()) }
func TestDisruption(t *testing.T)              { seatrial.Check(t, Disruption()) }
func TestHorizontalPodAutoscaler(t *testing.T) { seatrial.Check(t, HorizontalPodAutoscaler()) }
func TestGarbageCollector(t *testing.T)        { seatrial.Check(t, GarbageCollector()) }
