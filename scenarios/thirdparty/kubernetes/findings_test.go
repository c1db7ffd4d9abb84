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

// The controller is told late that an account is gone, and of a Secret for the one that
// was made anew at once: the Secret gets a token of the old account, and goes with it.
func TestAFreshTokenSecretIsDeleted(t *testing.T) {
	tr := ServiceAccountToken()
	tr.Known = nil
	tr.Objects = seatrial.Manifests{}
	robot := seatrial.YAML("{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot}}")
	tr.Steps = []seatrial.Step{
		seatrial.Apply(5*time.Second, robot),
		seatrial.Delete(40*time.Second, robot),
		seatrial.Apply(45*time.Second, robot),
		seatrial.Apply(49*time.Second, seatrial.YAML(`
apiVersion: v1
kind: Secret
metadata: {name: robot-token, annotations: {kubernetes.io/service-account.name: robot}}
type: kubernetes.io/service-account-token`)),
	}
	tr.Faults = []faults.Rule{{
		ID: "late", Kind: faults.WatchDelayed, From: 40 * time.Second, Until: 41 * time.Second,
		Delay: faults.Span{Min: 10 * time.Second, Max: 10 * time.Second}, Match: faults.Match{Process: "controller", Resources: []string{"serviceaccounts"}},
	}}
	result := seatrial.Run(t, tr, 1, seatrial.RunOptions{})
	assert.Equal(t, "secrets default/robot-token: there is none, and in fair weather is one", result.Verdict.Message)
}

// A node that is deleted and made anew while the watch is down is an update to the
// informer, and what the old one had is not given back.
func TestCIDRsOfReplacedNodesLeak(t *testing.T) {
	tr := NodeIPAM()
	tr.Known = nil
	tr.Objects = seatrial.Manifests{}
	node := func(name string) seatrial.Manifests {
		return seatrial.YAML("{apiVersion: v1, kind: Node, metadata: {name: " + name + "}}")
	}
	tr.Steps = append(seatrial.ApplyEach(5*time.Second, node("a").And(node("b"), node("c"), node("d"))),
		seatrial.Delete(22*time.Second, node("d")), seatrial.Apply(24*time.Second, node("d")))
	match := faults.Match{Process: "controller", Resources: []string{"nodes"}}
	again := match
	again.Verbs = []string{"watch", "list"}
	tr.Faults = []faults.Rule{
		{ID: "ends", Kind: faults.WatchClosed, Until: 20 * time.Second, Delay: faults.Span{Min: 20 * time.Second, Max: 20 * time.Second}, Match: match},
		{ID: "fails", Kind: faults.InternalError, From: 15 * time.Second, Until: 35 * time.Second, Match: again},
	}
	result := seatrial.Run(t, tr, 1, seatrial.RunOptions{})
	assert.Equal(t, "node d has none", result.Verdict.Message)
}

// An apply that arrives after the role was deleted makes it anew, without its selectors.
func TestADeletedClusterRoleComesBack(t *testing.T) {
	tr := ClusterRoleAggregation()
	tr.Known = nil
	tr.Objects = seatrial.Manifests{}
	all := seatrial.YAML(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: all}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: all}}]}
rules: []`)
	tr.Steps = []seatrial.Step{
		seatrial.Apply(5*time.Second, seatrial.YAML(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: pods, labels: {to: all}}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]`)),
		seatrial.Apply(10*time.Second, all),
		seatrial.Delete(12*time.Second, all),
	}
	tr.Faults = []faults.Rule{{ID: "held", Kind: faults.Hold, From: 10 * time.Second, Until: 14 * time.Second, Match: faults.Match{
		Verbs: []string{"patch"}, Resources: []string{"clusterroles"}, Process: "controller",
	}}}
	result := seatrial.Run(t, tr, 1, seatrial.RunOptions{})
	assert.Equal(t, "clusterroles.rbac.authorization.k8s.io all: there is one, and in fair weather is none", result.Verdict.Message)
}

// Five tries within 50 ms, and the pod is forgotten.
func TestAPodStaysOnATaintedNode(t *testing.T) {
	tr := TaintEviction()
	tr.Known = nil
	tr.Objects = seatrial.Manifests{}
	tr.Steps = []seatrial.Step{
		seatrial.Apply(5*time.Second, seatrial.YAML("{apiVersion: v1, kind: Node, metadata: {name: old}, spec: {taints: [{key: gone, effect: NoExecute}]}}")),
		seatrial.Apply(20*time.Second, seatrial.YAML("{apiVersion: v1, kind: Pod, metadata: {name: weak}, spec: {nodeName: old, terminationGracePeriodSeconds: 0, containers: [{name: a, image: a}]}}")),
	}
	tr.Faults = []faults.Rule{{ID: "second", Kind: faults.InternalError, From: 20 * time.Second, Until: 21 * time.Second, Match: faults.Match{
		Process: "controller", Verbs: []string{"get"}, Resources: []string{"pods"},
	}}}
	result := seatrial.Run(t, tr, 1, seatrial.RunOptions{})
	assert.Equal(t, "pods default/weak: there is one, and in fair weather is none", result.Verdict.Message)
}
