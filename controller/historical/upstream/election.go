package upstream

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"

	"github.com/seatrial/seatrial/controller"
)

const leaseName = "submariner-globalnet-lock"

// campaign stands for election, serves while elected, and stands again.
func (c *Controller) campaign(ctx context.Context) error {
	ctx = klog.NewContext(ctx, c.log)

	for ctx.Err() == nil {
		if err := c.term(ctx); err != nil {
			return err
		}

		if !sleep(ctx, controller.DefaultRetryPeriod) {
			break
		}
	}

	return nil
}

// term is one election and the time in office after it.
func (c *Controller) term(ctx context.Context) error {
	race, concede := context.WithCancel(ctx)
	defer concede()

	served := make(chan error, 1)

	elector, err := c.elector(leaderelection.LeaderCallbacks{
		OnStartedLeading: func(leading context.Context) {
			served <- c.serve(leading, ctx)

			concede()
		},
		OnStoppedLeading: func() {},
	})
	if err != nil {
		return err
	}

	elector.Run(race)

	if ctx.Err() != nil {
		return nil // whatever is still served ends with the process
	}

	return <-served
}

func (c *Controller) elector(callbacks leaderelection.LeaderCallbacks) (*leaderelection.LeaderElector, error) {
	o := c.options
	cfg := rest.CopyConfig(c.cfg)
	cfg.Timeout = orDefault(o.RenewDeadline, controller.DefaultRenewDeadline) / 2

	leases, err := coordinationv1client.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("build the client for leader election: %w", err)
	}

	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: o.LeaderElectionNamespace, Name: leaseName},
			Client:     leases,
			LockConfig: resourcelock.ResourceLockConfig{Identity: o.Identity},
		},
		LeaseDuration: orDefault(o.LeaseDuration, controller.DefaultLeaseDuration),
		RenewDeadline: orDefault(o.RenewDeadline, controller.DefaultRenewDeadline),
		RetryPeriod:   orDefault(o.RetryPeriod, controller.DefaultRetryPeriod),
		Callbacks:     callbacks,
		Name:          leaseName,
	})
	if err != nil {
		return nil, fmt.Errorf("build the leader elector: %w", err)
	}

	return elector, nil
}

func orDefault[T comparable](value, def T) T {
	var zero T
	if value == zero {
		return def
	}

	return value
}
