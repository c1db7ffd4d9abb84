// Program manager is a controller as kubebuilder scaffolds it: flags, a signal
// handler, metrics, probes, leader election. It gives each ConfigMap labelled
// want=secret a Secret of its name, with the same v.
package main

import (
	"context"
	"flag"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

type reconciler struct {
	client.Client
	forget bool // a planted bug: what changes later is not carried over
	once   bool // another: what failed is not tried again
}

// Reconcile brings one Secret in line with its ConfigMap.
func (r *reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	result, err := r.reconcile(ctx, req)
	if r.once {
		err = nil
	}
	return result, err
}

func (r *reconciler) reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var cm corev1.ConfigMap
	if err := r.Get(ctx, req.NamespacedName, &cm); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if cm.Labels["want"] != "secret" || cm.DeletionTimestamp != nil {
		return ctrl.Result{}, nil
	}
	var s corev1.Secret
	err := r.Get(ctx, req.NamespacedName, &s)
	if apierrors.IsNotFound(err) {
		s = corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: cm.Namespace, Name: cm.Name,
				OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(&cm, corev1.SchemeGroupVersion.WithKind("ConfigMap"))},
			},
			StringData: map[string]string{"v": cm.Data["v"]},
		}
		return ctrl.Result{}, r.Create(ctx, &s)
	}
	if err != nil || r.forget || string(s.Data["v"]) == cm.Data["v"] {
		return ctrl.Result{}, err
	}
	s.Data = map[string][]byte{"v": []byte(cm.Data["v"])}
	return ctrl.Result{}, r.Update(ctx, &s)
}

func main() {
	metrics := flag.String("metrics-bind-address", ":8080", "")
	probes := flag.String("health-probe-bind-address", ":8081", "")
	elect := flag.Bool("leader-elect", false, "")
	forget := flag.Bool("forget", false, "a planted bug")
	once := flag.Bool("once", false, "another planted bug")
	flag.Parse()
	ctrl.SetLogger(klog.NewKlogr())
	scheme := runtime.NewScheme()
	must(clientgoscheme.AddToScheme(scheme))
	grace := 10 * time.Second
	mgr, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: *metrics}, HealthProbeBindAddress: *probes,
		LeaderElection: *elect, LeaderElectionID: "manager.example.com", GracefulShutdownTimeout: &grace,
	})
	must(err)
	must(ctrl.NewControllerManagedBy(mgr).For(&corev1.ConfigMap{}).Owns(&corev1.Secret{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 10}).Complete(&reconciler{mgr.GetClient(), *forget, *once}))
	must(mgr.AddHealthzCheck("healthz", healthz.Ping))
	must(mgr.AddReadyzCheck("readyz", healthz.Ping))
	must(mgr.Start(ctrl.SetupSignalHandler()))
}

func must(err error) {
	if err != nil {
		ctrl.Log.Error(err, "the manager ends")
		os.Exit(1)
	}
}
