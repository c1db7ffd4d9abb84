package kubernetes

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/faults"
)

// Goal: what docs/findings tells shows, by the least that it takes. Method: one
// object, one failed call, and the message of the verdict.

func TestAnExpiredTokenStaysAfterOneFailure(t *testing.T) {
	tr := TokenCleaner()
	tr.Known = nil
	tr.Objects = seatrial.Manifests{}
	tr.Steps = []seatrial.Step{seatrial.Apply(10*time.Second, seatrial.YAML(`
apiVersion: v1
kind: Secret
metadata: {name: bootstrap-token-abcdef, namespace: kube-system}
type: bootstrap.kubernetes.io/token
stringData: {token-id: abcdef, token-secret: 0123456789abcdef, usage-bootstrap-signing: "true", expiration: "2000-01-01T00:01:30Z"}`))}
	tr.Faults = []faults.Rule{{ID: "once", Kind: faults.InternalError, Limit: 1, Match: faults.Match{
		Verbs: []string{"delete"}, Resources: []string{"secrets"},
	}}}
	result := seatrial.Run(t, tr, 1, seatrial.RunOptions{})
	assert.Equal(t, "secrets kube-system/bootstrap-token-abcdef: there is one, and in fair weather is none", result.Verdict.Message)
}

func TestClusterInfoStaysUnsignedAfterOneFailure(t *testing.T) {
	tr := BootstrapSigner()
	tr.Known = nil
	tr.Objects = seatrial.Manifests{}
	tr.Steps = []seatrial.Step{
		seatrial.Apply(10*time.Second, seatrial.YAML(`
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-info, namespace: kube-public}
data: {kubeconfig: "one"}`)),
		seatrial.Apply(20*time.Second, seatrial.YAML(`
apiVersion: v1
kind: Secret
metadata: {name: bootstrap-token-fedcba, namespace: kube-system}
type: bootstrap.kubernetes.io/token
stringData: {token-id: fedcba, token-secret: 0123456789abcdef, usage-bootstrap-signing: "true"}`)),
	}
	tr.Faults = []faults.Rule{{ID: "once", Kind: faults.InternalError, Limit: 1, Match: faults.Match{
		Verbs: []string{"update"}, Resources: []string{"configmaps"},
	}}}
	result := seatrial.Run(t, tr, 1, seatrial.RunOptions{})
	assert.Equal(t, "like-twin", result.Verdict.Property)
	assert.Contains(t, result.Verdict.Message, "configmaps kube-public/cluster-info: data.jws-kubeconfig-fedcba is not there")
}

// The slices of a controller that has been started anew and found nothing to do are
// not in its tracker, and the deletion of what the tracker does not know is passed over.
func TestADeletedSliceStaysAwayAfterARestart(t *testing.T) {
	tr := EndpointSlice()
	tr.Ignore = []string{"endpointslices.discovery.k8s.io: metadata.annotations"}
	tr.Objects = seatrial.Manifests{}
	tr.Steps = []seatrial.Step{
		seatrial.Apply(10*time.Second, seatrial.YAML(`
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}`)),
		seatrial.Do(90*time.Second, "delete the slices", func(ctx context.Context, cfg *rest.Config) error {
			client, err := clientset.NewForConfig(cfg)
			if err != nil {
				return err
			}
			return client.DiscoveryV1().EndpointSlices("default").DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
		}),
	}
	tr.Faults = []faults.Rule{{ID: "restart", Kind: faults.Crash, From: time.Minute, Match: faults.Match{Process: "controller"}}}
	result := seatrial.Run(t, tr, 1, seatrial.RunOptions{})
	assert.Equal(t, "endpointslices.discovery.k8s.io default/web-*: there is none, and in fair weather is one", result.Verdict.Message)
}
