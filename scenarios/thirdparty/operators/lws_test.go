package operators

import (
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	leaderworkerset "sigs.k8s.io/lws/api/leaderworkerset/v1"
	"sigs.k8s.io/lws/pkg/controllers"
	"sigs.k8s.io/lws/pkg/webhooks"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/scenarios/thirdparty/manager"
	"github.com/seatrial/seatrial/scenarios/thirdparty/standins"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/cluster"
)

// runLeaderWorkerSet is what main of lws does, but for certificates, probes and
// gang scheduling.
func runLeaderWorkerSet(ctx context.Context, env sim.Env) error {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(leaderworkerset.AddToScheme(scheme))
	o := manager.Options(scheme)
	o.WebhookServer = manager.Webhooks(env, "webhook-service.system.svc")
	mgr, err := ctrl.NewManager(env.REST, o)
	if err != nil {
		return err
	}
	if err := controllers.SetupIndexes(mgr.GetFieldIndexer()); err != nil {
		return err
	}
	if err := controllers.NewLeaderWorkerSetReconciler(mgr.GetClient(), scheme, mgr.GetEventRecorder("leaderworkerset")).SetupWithManager(mgr); err != nil {
		return err
	}
	if err := controllers.NewPodReconciler(mgr.GetClient(), scheme, mgr.GetEventRecorder("leaderworkerset"), nil).SetupWithManager(mgr); err != nil {
		return err
	}
	if err := webhooks.SetupLeaderWorkerSetWebhook(mgr); err != nil {
		return err
	}
	if err := webhooks.NewPodWebhook(nil).Setup(mgr); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

func TestLeaderWorkerSet(t *testing.T) {
	tr := seatrial.Trial{
		Processes: []seatrial.Process{{Name: "controller", Env: runLeaderWorkerSet, MayExit: seatrial.RestartsAreFine}},
		Objects:   seatrial.Files("testdata/leaderworkersets.yaml"),
		Cluster: seatrial.ModuleFiles("sigs.k8s.io/lws",
			"config/crd/bases/leaderworkerset.x-k8s.io_leaderworkersets.yaml", "config/webhook/manifests.yaml").And(seatrial.Files("testdata/system.yaml")),
	}
	// For some patches of Events the harness finds no order that explains them: why
	// is not known yet.
	tr.Except = []string{"store-linearizable"}
	standins.AddTo(&tr, cluster.Options{StatefulSets: &cluster.Controller{}, Kubelet: &cluster.Kubelet{Nodes: 1}})
	seatrial.Check(t, tr)
}
