package bugs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/model"
)

const orderAssumed = "order of list assumed"

var orders = []Bug{
	{
		Name: "keycloak-19725", Class: orderAssumed, Source: "https://github.com/keycloak/keycloak/issues/19725",
		Story:      "Variables are written in the order in which they came to be known, which is another one after a restart: all pods are replaced.",
		Controller: inOrderOfArrival,
		Objects:    apps("{text: a}", "kc-proxy", "kc-cache", "kc-health"),
	},
	{
		Name: "etcd-operator-193", Class: orderAssumed, Source: "https://github.com/etcd-io/etcd-operator/issues/193",
		Story:      "The members that are there are taken to be the first ones: when one in the middle is missing, the number shrinks for good.",
		Controller: countsMembers,
		Objects:    apps("{replicas: 3}", "etcd", "store"),
		Steps:      []Step{{At: 75 * time.Second, Name: "delete pod etcd-1", Do: deletePod("etcd-1")}},
		Laws:       []model.Property{model.Eventually("all-members", "An App has each of its members.", allMembers)},
	},
}

// inOrderOfArrival writes one template for all Apps; the mended one sorts.
func inOrderOfArrival(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		var mu sync.Mutex
		var arrived []string
		return loop{
			watches: []watch{{"apps", all}},
			handle: func(_ *live, _ string, old, new any) {
				mu.Lock()
				defer mu.Unlock()
				if old == nil {
					arrived = append(arrived, asApp(new).Name)
				}
			},
			reconcile: func(ctx context.Context, l *live, _ string) error {
				var names []string
				for _, a := range l.allApps() {
					names = append(names, a.Name)
				}
				mu.Lock()
				position := func(name string) int { return slices.Index(arrived, name) }
				if !mended {
					slices.SortFunc(names, func(a, b string) int { return position(a) - position(b) })
				}
				mu.Unlock()
				cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "template"}}
				want := map[string]string{"variables": strings.Join(names, " ")}
				err := l.Get(ctx, client.ObjectKeyFromObject(cm), cm)
				switch {
				case client.IgnoreNotFound(err) != nil || err == nil && cm.Data["variables"] == want["variables"]:
					return err
				case err != nil:
					cm.Data = want
					return l.Create(ctx, cm)
				}
				cm.Data = want
				return l.Update(ctx, cm)
			},
		}.run(ctx, cfg)
	}
}

// countsMembers makes the members that follow on those that it has counted; the mended
// one makes each that is not there.
func countsMembers(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}, {"pods", owner}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil {
			return nil
		}
		first := len(listed(l, "pods", func(pod *corev1.Pod) bool { return metav1.IsControlledBy(pod, a) }))
		if mended {
			first = 0
		}
		for i := first; i < a.Spec.Replicas; i++ {
			if err := l.ensure(ctx, a, podOf(a, fmt.Sprintf("%s-%d", a.Name, i))); err != nil {
				return err
			}
		}
		return nil
	}}.run
}

// allMembers is what users of the operator expect.
func allMembers(s *model.State) error {
	for _, a := range model.Objects[*App](s, "apps.detection.example.com") {
		for i := range a.Spec.Replicas {
			if name := fmt.Sprintf("%s-%d", a.Name, i); a.DeletionTimestamp == nil && s.Get("pods", a.Namespace, name) == nil {
				return fmt.Errorf("the member %s is missing", name)
			}
		}
	}
	return nil
}

// deletePod deletes a pod and does not wait until it has gone.
func deletePod(name string) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		c, err := newClient(cfg)
		if err != nil {
			return err
		}
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: name}}
		return client.IgnoreNotFound(c.Delete(ctx, pod))
	}
}
