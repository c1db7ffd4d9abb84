package seatrial_test

import (
	"context"
	"testing"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: a manager as kubebuilder writes it can be put to sea: one kind reconciled,
// another owned, the mapper and the cache left as they are. Method: such a manager starts
// both informers at once, each asking the mapper under a lock; it passes, and in fair
// weather each run is the same as the one before.

func managed(ctx context.Context, cfg *rest.Config) error {
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Logger:     logr.Discard(),
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
		Metrics:    metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	site := &unstructured.Unstructured{}
	site.SetAPIVersion("example.com/v1")
	site.SetKind("Website")
	err = ctrl.NewControllerManagedBy(mgr).For(site).Owns(&corev1.ConfigMap{}).Complete(
		reconcile.Func(func(ctx context.Context, r reconcile.Request) (reconcile.Result, error) {
			site := site.DeepCopy()
			if err := mgr.GetClient().Get(ctx, r.NamespacedName, site); err != nil {
				return reconcile.Result{}, client.IgnoreNotFound(err)
			}
			page := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: r.Name}}
			_, err := ctrl.CreateOrUpdate(ctx, mgr.GetClient(), page, func() error {
				return ctrl.SetControllerReference(site, page, mgr.GetScheme())
			})
			return reconcile.Result{}, err
		}))
	if err != nil {
		return err
	}
	return mgr.Start(ctx)
}

func TestAManagerAsKubebuilderWritesIt(t *testing.T) {
	tr := seatrial.Trial{
		Name: "manager", Controller: managed,
		Cluster: seatrial.Files("testdata/website.crd.yaml"),
		Objects: seatrial.Files("testdata/websites.yaml"),
		Properties: []model.Property{model.Eventually("published", "Every website has its page.", func(s *model.State) error {
			if len(s.List("websites.example.com")) != len(s.List("configmaps")) {
				return assert.AnError
			}
			return nil
		})},
	}
	for seed := sim.Seed(1); seed <= 10; seed++ {
		result := seatrial.Run(t, tr, seed, seatrial.RunOptions{})
		require.Equal(t, model.VerdictPass, result.Verdict.Kind, "seed %d: %s", seed, result.Verdict.Message)
	}
	tr.Faults = []faults.Rule{} // after a restart, handlers get what is there in map order: docs/inside/determinism.md
	for seed := sim.Seed(1); seed <= 10; seed++ {
		once, again := seatrial.Run(t, tr, seed, seatrial.RunOptions{}), seatrial.Run(t, tr, seed, seatrial.RunOptions{})
		assert.Equal(t, once.Record.Hash, again.Record.Hash, "seed %d", seed)
	}
}
