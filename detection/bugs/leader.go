package bugs

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/model"
)

var leaders = []Bug{
	{
		Name: "cilium-42920", Class: "two leaders", Source: "https://github.com/cilium/cilium/pull/42920",
		Story:      "Who has lost the lease goes on as if it led, with the networks that it remembers: two nodes get the same one.",
		Controller: outlivesItsLease, Replicas: 2,
		Objects: apps("{text: a}", "a", "b", "c"),
		Laws:    []model.Property{model.Always("one-owner", "No address has two owners.", oneOwner)},
		Ignore:  []string{"apps.detection.example.com: status.address"},
	},
}

// outlivesItsLease gives every App an address of its own, out of the memory that the
// leader has built up. When the lease is lost the mended one stops, and the other does
// not.
func outlivesItsLease(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		typed, err := kubernetes.NewForConfig(cfg)
		if err != nil {
			return err
		}
		lock := &resourcelock.LeaseLock{
			LeaseMeta: metav1.ObjectMeta{Namespace: "default", Name: "addresses"}, Client: typed.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: cfg.UserAgent},
		}
		done, leads := make(chan struct{}), false
		elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: lock, LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 2 * time.Second,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(leading context.Context) {
					defer close(done)
					if leads = true; !mended {
						leading = ctx
					}
					_ = addresses().run(leading, cfg)
				},
				OnStoppedLeading: func() {},
			},
		})
		if err != nil {
			return err
		}
		elector.Run(ctx)
		if leads {
			<-done
		}
		if ctx.Err() == nil {
			return fmt.Errorf("leader election lost")
		}
		return nil
	}
}

// addresses gives them in order, and knows the last one from when it began to lead.
func addresses() loop {
	last := 0
	return loop{watches: []watch{{"apps", itself}}, first: counting, reconcile: func(ctx context.Context, l *live, key string) error {
		if last == 0 {
			for _, a := range l.allApps() {
				last = max(last, addressNumber(a.Status.Address))
			}
			last++
		}
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil || a.Status.Address != "" {
			return nil
		}
		a.Status.Address = fmt.Sprintf("10.1.0.%d", last)
		err := l.Status().Update(ctx, a)
		// An address that may have been given is not given again.
		if !apierrors.IsConflict(err) {
			last++
		}
		return client.IgnoreNotFound(err)
	}}
}

// counting is the key by which a leader begins.
const counting = "!count"

// addressNumber is the last part of an address, 0 of none.
func addressNumber(address string) int {
	n, err := strconv.Atoi(address[strings.LastIndex(address, ".")+1:])
	if err != nil {
		return 0
	}
	return n
}

// oneOwner is a law of every entry that gives addresses away.
func oneOwner(s *model.State) error {
	owners := map[string]string{}
	for _, a := range model.Objects[*App](s, "apps.detection.example.com") {
		if other := owners[a.Status.Address]; other != "" && a.Status.Address != "" {
			return fmt.Errorf("%s belongs to %s and %s", a.Status.Address, other, a.Name)
		}
		owners[a.Status.Address] = a.Name
	}
	return nil
}
