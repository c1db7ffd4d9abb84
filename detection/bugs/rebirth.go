package bugs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/model"
)

// rebirths are about what has a name that something else has had, and about who comes
// after somebody else.
var rebirths = []Bug{
	{
		Name: "hadron-71", Class: "two leaders", Source: "https://github.com/hadron-project/hadron/issues/71",
		Story:      "A follower drops what it hears, and when it leads does not come back to it.",
		Controller: followersDrop, Replicas: 2,
		Objects: apps("{text: a}", "stream", "pipeline"),
	},
	{
		Name: "volcano-5773", Class: "expectations across re-creation", Source: "https://github.com/volcano-sh/volcano/pull/5773",
		Story:      "A clean-up that was put off for an App which has gone befalls the one that has its name now.",
		Controller: lateCleanUp,
		Objects:    apps("{text: a}", "train", "serve"),
	},
	{
		Name: "hami-dra-38", Class: "tombstones", Source: "https://github.com/Project-HAMi/HAMi-DRA/pull/38",
		Story:      "The device of an App whose end comes as a tombstone counts as taken until the next restart.",
		Controller: keepsDevices,
		Objects:    apps("{text: a}", "gpu", "npu"),
		Laws:       []model.Property{model.Eventually("has-device", "Every App has a device.", hasDevice)},
		Ignore:     []string{"apps.detection.example.com: status.address"},
	},
	{
		Name: "aibrix-1008", Class: "cross-namespace mix-up", Source: "https://github.com/vllm-project/aibrix/issues/1008",
		Story:      "What was written last is remembered by name alone, and an App of that name elsewhere is taken for served.",
		Controller: remembersByName,
		Steps: []Step{
			{At: 5 * time.Second, Apply: apps("{text: a}", "site")},
			{At: 15 * time.Second, Apply: elsewhere("{text: b}", "site")},
			{At: 25 * time.Second, Apply: apps("{text: b}", "site")},
		},
	},
	{
		Name: "occm-576", Class: leaked, Source: "https://github.com/kubernetes/cloud-provider-openstack/issues/576",
		Story:      "A load balancer of the name is there still, for an App that has gone: it is taken for another's, and nothing is made.",
		Controller: leavesToOthers,
		Objects:    apps("{text: a}", "lb", "web"),
		Ignore:     []string{"instances.detection.example.com: metadata.annotations"},
	},
}

// elsewhere are Apps of the account's namespace.
func elsewhere(spec string, name string) string {
	return fmt.Sprintf("{apiVersion: detection.example.com/v1, kind: App, metadata: {namespace: %s, name: %s}, spec: %s}\n", account, name, spec)
}

// followersDrop serves Apps as long as it leads. The mended one comes back to those of which
// it heard before.
func followersDrop(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		var leads atomic.Bool
		c := loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
			a := l.app(key)
			switch {
			case a == nil || a.DeletionTimestamp != nil:
				return nil
			case leads.Load():
				return ensure(ctx, l, l, a, configOf(a, map[string]string{"text": a.Spec.Text}))
			case mended:
				l.queue.AddAfter(key, 5*time.Second)
			}
			return nil
		}}
		leading, stop := context.WithCancel(ctx)
		served := make(chan error, 1)
		go func() { served <- c.run(leading, cfg) }()
		err := elect(ctx, cfg, &leads)
		stop()
		return errors.Join(err, <-served)
	}
}

// elect campaigns until ctx ends or the lease is lost.
func elect(ctx context.Context, cfg *rest.Config, leads *atomic.Bool) error {
	typed, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta: metav1.ObjectMeta{Namespace: "default", Name: "leader"}, Client: typed.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: cfg.UserAgent},
		},
		LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 2 * time.Second,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { leads.Store(true) },
			OnStoppedLeading: func() { leads.Store(false) },
		},
	})
	if err != nil {
		return err
	}
	elector.Run(ctx)
	if ctx.Err() == nil {
		return errors.New("leader election lost")
	}
	return nil
}

// lateCleanUp removes an App's machine three seconds after the App. The mended one looks
// whether there is an App of that name again.
func lateCleanUp(mended bool) Run {
	const put = "clean up "
	return loop{watches: []watch{{"apps", itself}}, first: sweeping, reconcile: func(ctx context.Context, l *live, key string) error {
		if key == sweeping {
			return sweep(ctx, l)
		}
		of, due := strings.CutPrefix(key, put)
		a := l.app(of)
		switch {
		case due && a != nil && mended:
			return nil
		case due:
			return client.IgnoreNotFound(l.Delete(ctx, machineOfKey(of)))
		case a == nil:
			l.queue.AddAfter(put+key, 3*time.Second)
			return nil
		}
		return employ(ctx, l, l, a, machineOf(a))
	}}.run
}

// keepsDevices gives each App one of two devices, and takes it back when the App goes. The
// mended one takes it back as well when it learns of that from a list.
func keepsDevices(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		d := &devices{of: map[string]string{}}
		return loop{
			watches: []watch{{"apps", itself}},
			handle: func(_ *live, _ string, old, new any) {
				if tombstone, ok := old.(cache.DeletedFinalStateUnknown); ok && mended {
					old = tombstone.Obj
				}
				was, ok := old.(*unstructured.Unstructured)
				if !ok {
					return
				}
				if is, ok := new.(*unstructured.Unstructured); !ok || is.GetUID() != was.GetUID() && mended {
					d.free(string(was.GetUID()))
				}
			},
			reconcile: func(ctx context.Context, l *live, key string) error {
				a := l.app(key)
				if a == nil || a.DeletionTimestamp != nil {
					return nil
				}
				device, err := d.take(string(a.UID), a.Status.Address)
				if err != nil || a.Status.Address == device {
					return err
				}
				a.Status.Address = device
				return client.IgnoreNotFound(l.Status().Update(ctx, a))
			},
		}.run(ctx, cfg)
	}
}

// devices are two, each with the uid of the App that has it.
type devices struct {
	mu sync.Mutex
	of map[string]string
}

// take is the device of an App: that which it has, or said to have, or one that is free.
func (d *devices) take(uid, has string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, device := range []string{has, "device-1", "device-2"} {
		if device != "" && d.of[device] == uid {
			return device, nil
		}
	}
	for _, device := range []string{has, "device-1", "device-2"} {
		if device != "" && d.of[device] == "" {
			d.of[device] = uid
			return device, nil
		}
	}
	return "", errors.New("no device is free")
}

func (d *devices) free(uid string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, device := range []string{"device-1", "device-2"} {
		if d.of[device] == uid {
			delete(d.of, device)
		}
	}
}

func hasDevice(s *model.State) error {
	for _, a := range model.Objects[*App](s, "apps.detection.example.com") {
		if a.Status.Address == "" {
			return fmt.Errorf("%s/%s has none", a.Namespace, a.Name)
		}
	}
	return nil
}

// remembersByName writes what has changed since it was written last. The mended one
// remembers that by namespace and name.
func remembersByName(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		written := map[string]string{}
		return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
			a := l.app(key)
			if a == nil || a.DeletionTimestamp != nil {
				return nil
			}
			by := a.Name
			if mended {
				by = key + string(a.UID)
			}
			if written[by] == a.Spec.Text {
				return nil
			}
			if err := write(ctx, l, a); err != nil {
				return err
			}
			written[by] = a.Spec.Text
			return nil
		}}.run(ctx, cfg)
	}
}

// write makes an App's ConfigMap say what the App says.
func write(ctx context.Context, l *live, a *App) error {
	wanted := configOf(a, map[string]string{"text": a.Spec.Text})
	var there corev1.ConfigMap
	err := l.Get(ctx, client.ObjectKeyFromObject(wanted), &there)
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	if err != nil {
		return l.Create(ctx, wanted)
	}
	if !metav1.IsControlledBy(&there, a) {
		return fmt.Errorf("%s is still that of a former App", a.Name)
	}
	there.Data = wanted.Data
	return l.Update(ctx, &there)
}

// madeFor is the annotation of a machine with the uid of its App.
const madeFor = "detection.example.com/made-for"

// leavesToOthers makes an App's machine, unless there is one of its name that was made for
// another. The mended one knows that this can only have been for a former App of that name.
func leavesToOthers(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}}, first: sweeping, reconcile: func(ctx context.Context, l *live, key string) error {
		if key == sweeping {
			return sweep(ctx, l)
		}
		a := l.app(key)
		if a == nil {
			return client.IgnoreNotFound(l.Delete(ctx, machineOfKey(key)))
		}
		machine := machineOf(a)
		machine.Annotations = map[string]string{madeFor: string(a.UID)}
		there := new(Instance)
		err := l.Get(ctx, client.ObjectKeyFromObject(machine), there)
		switch {
		case apierrors.IsNotFound(err):
			err = employ(ctx, l, l, a, machine)
		case err == nil && there.Annotations[madeFor] != string(a.UID):
			if !mended {
				return nil
			}
			there.Annotations[madeFor] = string(a.UID)
			err = l.Update(ctx, there)
		}
		if err != nil || a.Status.Phase == "Served" {
			return err
		}
		a.Status.Phase = "Served"
		return client.IgnoreNotFound(l.Status().Update(ctx, a))
	}}.run
}
