package bugs

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
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
		Cluster: "{apiVersion: v1, kind: ConfigMap, metadata: {name: addresses}}",
		Objects: apps("{text: a}", "a", "b", "c"),
		Laws:    []model.Property{model.Always("one-owner", "No address has two owners.", oneOwner)},
		Ignore:  []string{"apps.detection.example.com: status.address", "configmaps: data"},
	},
}

// outlivesItsLease gives every App an address of its own, out of the memory that the
// leader has built up, and goes on when the lease is lost. The mended one stops, and as
// even that may come too late for a write that is on its way, or for a cache that is
// behind, takes each address by a write that only one leader can make.
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
					_ = addresses(mended).run(leading, cfg)
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

// addresses gives them in order. What was the last one is remembered from when it began to
// lead, or stands in a ConfigMap.
func addresses(mended bool) loop {
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
		if mended {
			var err error
			if last, err = takeAddress(ctx, l); err != nil {
				return err
			}
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

// takeAddress takes the next number. Who reads what another has taken meanwhile fails with
// a conflict; a number of which it is unknown whether it was taken is given to nobody.
func takeAddress(ctx context.Context, l *live) (int, error) {
	var taken corev1.ConfigMap
	if err := l.Get(ctx, client.ObjectKey{Namespace: "default", Name: "addresses"}, &taken); err != nil {
		return 0, err
	}
	last := addressNumber(taken.Data["last"]) + 1
	taken.Data = map[string]string{"last": strconv.Itoa(last)}
	return last, l.Update(ctx, &taken)
}

// counting is the key by which a leader begins.
const counting = "!count"

// addressNumber is the last part of an address, or the number itself; 0 of none.
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
