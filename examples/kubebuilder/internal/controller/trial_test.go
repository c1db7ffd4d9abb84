package controller

import (
	"context"
	"testing"

	"github.com/seatrial/seatrial"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	webappv1 "example.com/examples/kubebuilder/api/v1"
)

func run(ctx context.Context, cfg *rest.Config) error {
	if err := webappv1.AddToScheme(scheme.Scheme); err != nil {
		return err
	}
	again := true
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme:     scheme.Scheme,
		Metrics:    server.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: &again},
		NewCache:   newCache,
	})
	if err != nil {
		return err
	}
	if err := (&GuestbookReconciler{Client: mgr.GetClient(), Scheme: mgr.GetScheme()}).SetupWithManager(mgr); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// controller-runtime 0.25 spins for ever when it is stopped before its caches have synced.
type ungated struct{ cache.Cache }

func (ungated) WaitForCacheSync(context.Context) bool { return true }

func newCache(cfg *rest.Config, o cache.Options) (cache.Cache, error) {
	c, err := cache.New(cfg, o)
	return ungated{c}, err
}

var trial = seatrial.Trial{
	Controller: run,
	Cluster:    seatrial.Files("../../config/crd/bases/*.yaml"),
	Objects:    seatrial.Files("../../config/samples/*_guestbook.yaml"),
}

func TestTrial(t *testing.T) { seatrial.Check(t, trial) }

func TestEveryCall(t *testing.T) { seatrial.CheckEveryCall(t, trial) }
