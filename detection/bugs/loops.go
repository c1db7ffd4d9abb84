package bugs

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/model"
)

var loops = []Bug{
	{
		Name: "kfp-625", Class: "hot loop", Source: "https://github.com/sky-uk/kfp-operator/issues/625",
		Story:      "Each reconciliation dates its condition anew, which is a change, which is reconciled.",
		Controller: datesAnew,
		Objects:    apps("{text: a}", "run", "schedule"),
	},
	{
		Name: "spicedb-405", Class: "hot loop", Source: "https://github.com/authzed/spicedb-operator/issues/405",
		Story:      "One controller labels a Secret, another takes every label off that is not its own.",
		Controller: labels, Peer: func(bool) Run { return strips },
		Cluster: authority,
		Objects: apps("{uses: authority}", "tuples"),
	},
	{
		Name: "openstack-docs-2", Class: "condition flapping", Source: "https://github.com/openstack-k8s-operators/dev-docs/pull/2",
		Story:      "Each reconciliation begins by calling the App not ready, whatever it was: an error in between is an outage for all who look.",
		Controller: flaps,
		Objects:    apps("{text: a}", "nova", "glance"),
		Steps:      []Step{{At: 70 * time.Second, Apply: "{apiVersion: v1, kind: ConfigMap, metadata: {name: nova, labels: {touched: \"yes\"}}}"}},
		Laws:       []model.Property{model.EveryChange("stays-ready", "An App that is ready stays so.", staysReady)},
	},
	{
		Name: "kubernetes-30629", Class: "unbounded retries", Source: "https://github.com/kubernetes/kubernetes/issues/30629",
		Story:      "What failed is tried again at once.",
		Controller: triesAtOnce,
		Objects:    apps("{text: a}", "daemon", "quota"),
	},
}

func datesAnew(mended bool) Run {
	return managed{reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || a.DeletionTimestamp != nil {
			return again(err)
		}
		ready := metav1.Condition{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Reconciled", LastTransitionTime: metav1.Now()}
		if !mended {
			a.Status.Conditions = []metav1.Condition{ready}
			// Times are written to the second: a loop that is faster than that rests, and is
			// woken by the original's resync.
			return ctrl.Result{RequeueAfter: 10 * time.Second}, m.Status().Update(ctx, a)
		}
		if meta.SetStatusCondition(&a.Status.Conditions, ready) {
			err = m.Status().Update(ctx, a)
		}
		return again(err)
	}}.run
}

// labels marks the Secret that an App uses; the mended one leaves a Secret alone that it
// has marked once.
func labels(mended bool) Run {
	marked := func(s *corev1.Secret) bool {
		if mended {
			return s.Annotations["adopted"] == "yes"
		}
		return s.Labels["adopted"] == "yes"
	}
	return loop{watches: []watch{{"apps", all}, {"secrets", all}}, reconcile: func(ctx context.Context, l *live, _ string) error {
		for _, a := range l.allApps() {
			s, there := cached[*corev1.Secret](l, "secrets", a.Namespace+"/"+a.Spec.Uses)
			if !there || marked(s) {
				continue
			}
			mark := map[string]string{"adopted": "yes"}
			if mended {
				s.Annotations = mark
			} else {
				s.Labels = mark
			}
			if err := l.Update(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}}.run
}

// strips is the other controller, which has its own idea of a Secret's labels and sees to
// it every ten seconds.
func strips(ctx context.Context, cfg *rest.Config) error {
	c, err := newClient(cfg)
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(10 * time.Second):
		}
		var s corev1.Secret
		if err := c.Get(ctx, client.ObjectKey{Namespace: "default", Name: "authority"}, &s); err != nil || len(s.Labels) == 0 {
			continue
		}
		s.Labels = nil
		// What fails is tried again in the next round.
		_ = c.Update(ctx, &s)
	}
}

func flaps(mended bool) Run {
	return managed{owns: []client.Object{&corev1.ConfigMap{}}, specOnly: true, reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || a.DeletionTimestamp != nil {
			return again(err)
		}
		condition := metav1.Condition{Type: "Ready", Status: metav1.ConditionUnknown, Reason: "Reconciling"}
		if !mended || len(a.Status.Conditions) == 0 {
			if meta.SetStatusCondition(&a.Status.Conditions, condition) {
				if err := m.Status().Update(ctx, a); err != nil {
					return again(err)
				}
			}
		}
		if err := m.ensure(ctx, a, configOf(a, map[string]string{"text": a.Spec.Text})); err != nil {
			return again(err)
		}
		condition.Status, condition.Reason = metav1.ConditionTrue, "Reconciled"
		if meta.SetStatusCondition(&a.Status.Conditions, condition) {
			err = m.Status().Update(ctx, a)
		}
		return again(err)
	}}.run
}

func staysReady(t model.Transition) error {
	if t.Old == nil || t.New == nil || t.Resource != "apps" {
		return nil
	}
	was, is := asApp(t.Old), asApp(t.New)
	if meta.IsStatusConditionTrue(was.Status.Conditions, "Ready") && !meta.IsStatusConditionTrue(is.Status.Conditions, "Ready") {
		return fmt.Errorf("%s was ready and is %s", is.Name, is.Status.Conditions[0].Status)
	}
	return nil
}

func triesAtOnce(mended bool) Run {
	c := loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil {
			return nil
		}
		return l.ensure(ctx, a, configOf(a, map[string]string{"text": a.Spec.Text}))
	}}
	if !mended {
		c.failed = func(queue workqueue.TypedRateLimitingInterface[string], key string, _ error) { queue.Add(key) }
	}
	return c.run
}
