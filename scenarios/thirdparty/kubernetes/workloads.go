package kubernetes

import (
	"time"

	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/kubernetes/pkg/controller/daemon"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/job"
	"k8s.io/kubernetes/pkg/controller/replicaset"
	"k8s.io/kubernetes/pkg/controller/replication"
	"k8s.io/kubernetes/pkg/controller/statefulset"
	"k8s.io/kubernetes/pkg/controller/ttlafterfinished"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/sim/cluster"
)

func kubelets(nodes int) *cluster.Kubelet { return &cluster.Kubelet{Nodes: nodes} }

// Deployment: roll-outs and recreations, scaled, and undone. One that is made anew before
// the ReplicaSets of the old one are gone finds its hash taken and takes another, as
// collisionCount is for.
func Deployment() seatrial.Trial {
	tr := trial(func(p parts) (controller, error) {
		return deployment.NewDeploymentController(p.ctx, p.Apps().V1().Deployments(), p.Apps().V1().ReplicaSets(), p.Core().V1().Pods(), p.client)
	}, "deployments", cluster.Options{ReplicaSets: &cluster.Controller{}, Kubelet: kubelets(1)})
	const collision = "the hash was still taken: collisionCount"
	tr.Known = []seatrial.Known{
		{Signature: "like-twin: deployments.apps *: metadata.annotations.deployment.kubernetes.io/revision is", Reason: collision},
		{Signature: "like-twin: deployments.apps *: status.collisionCount is", Reason: collision},
		{Signature: "like-twin: deployments.apps *: status.conditions[Progressing].message is", Reason: "docs/use/gallery.md, cosmetics"},
	}
	return tr
}

// ReplicaSet is scaled up and down.
func ReplicaSet() seatrial.Trial {
	return trial(func(p parts) (controller, error) {
		return replicaset.NewReplicaSetController(p.ctx, p.Apps().V1().ReplicaSets(), p.Core().V1().Pods(), p.client, replicaset.BurstReplicas), nil
	}, "replicasets", cluster.Options{Kubelet: kubelets(1)})
}

// ReplicationController is scaled down.
func ReplicationController() seatrial.Trial {
	return trial(func(p parts) (controller, error) {
		return replication.NewReplicationManager(p.ctx, p.Core().V1().Pods(), p.Core().V1().ReplicationControllers(), p.client, replication.BurstReplicas), nil
	}, "replicationcontrollers", cluster.Options{Kubelet: kubelets(1)})
}

// StatefulSet: in order with volumes, in parallel with a partition. Which claims are left
// when its policy is changed, it is scaled down and deleted within a second is for who is
// first; volumes follow the claims.
func StatefulSet() seatrial.Trial {
	tr := trial(func(p parts) (controller, error) {
		return statefulset.NewStatefulSetController(p.ctx, p.Core().V1().Pods(), p.Apps().V1().StatefulSets(),
			p.Core().V1().PersistentVolumeClaims(), p.Apps().V1().ControllerRevisions(), p.client), nil
	}, "statefulsets", cluster.Options{Kubelet: kubelets(1), Volumes: &cluster.Volumes{}})
	tr.Ignore = []string{"persistentvolumes"}
	tr.Known = []seatrial.Known{{Signature: "like-twin: persistentvolumeclaims */data-*: there are *, and in fair weather are *", Reason: "who is first, as above"}}
	return tr
}

// DaemonSet: updates one by one and with a surge, and a node selector that comes
// later.
func DaemonSet() seatrial.Trial {
	return trial(func(p parts) (controller, error) {
		return daemon.NewDaemonSetsController(p.ctx, p.Apps().V1().DaemonSets(), p.Apps().V1().ControllerRevisions(),
			p.Core().V1().Pods(), p.Core().V1().Nodes(), p.client, flowcontrol.NewBackOff(time.Second, 15*time.Minute))
	}, "daemonsets", cluster.Options{Kubelet: kubelets(3)})
}

func jobs(p parts) (controller, error) {
	return job.NewController(p.ctx, p.client, p.Core().V1().Pods(), p.Batch().V1().Jobs(), nil, nil)
}

// Job: with completions, indexed, suspended and resumed. "The same program may
// sometimes be started twice", says the Job documentation: how many pods there were
// is not promised, nor how many of them the Job counts: a controller that starts with a
// cache behind makes one more, and counts it.
func Job() seatrial.Trial {
	tr := trial(jobs, "jobs", cluster.Options{Kubelet: kubelets(1)})
	tr.Ignore = []string{"pods", "jobs.batch: status.failed", "jobs.batch: status.succeeded"}
	return tr
}

// TTLAfterFinished deletes Jobs that the Job controller, not under test, has
// finished.
func TTLAfterFinished() seatrial.Trial {
	return beside(trial(func(p parts) (controller, error) {
		return ttlafterfinished.New(p.ctx, p.Batch().V1().Jobs(), p.client), nil
	}, "finishing", cluster.Options{Kubelet: kubelets(1)}), "job-controller", jobs)
}
