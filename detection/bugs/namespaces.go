package bugs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/model"
)

const mixUp = "cross-namespace mix-up"

const (
	twoNamespaces = "{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: b}}\n---\n"
	settings      = "{apiVersion: v1, kind: Secret, metadata: {namespace: a, name: settings}, stringData: {of: a}}\n---\n{apiVersion: v1, kind: Secret, metadata: {namespace: b, name: settings}, stringData: {of: b}}"
)

var namespaces = []Bug{
	{
		Name: "upgrade-manager-159", Class: mixUp, Source: "https://github.com/keikoproj/upgrade-manager/issues/159",
		Story:      "Which upgrades are under way is known by name: that of another namespace is taken for one that somebody sees to.",
		Controller: underWayByName, Cluster: twoNamespaces,
		Steps: []Step{{At: 5 * time.Second, Apply: inNamespaces("default-pool")}, {At: 15 * time.Second, Apply: inNamespaces("extra-pool")}, {At: 25 * time.Second, Apply: inNamespaces("spot-pool")}},
	},
	{
		Name: "virtual-kubelet-196", Class: mixUp, Source: "https://github.com/virtual-kubelet/virtual-kubelet/issues/196",
		Story:      "Secrets are indexed by name: an App gets what another namespace's Secret of that name holds, whichever was seen last.",
		Controller: indexedByName, Cluster: twoNamespaces + settings,
		Steps: []Step{
			{At: 5 * time.Second, Apply: inNamespaces("kubelet")},
			{At: 20 * time.Second, Apply: "{apiVersion: v1, kind: Secret, metadata: {namespace: a, name: settings, labels: {seen: twice}}}"},
		},
		Laws: []model.Property{model.Eventually("own-settings", "An App has the settings of its own namespace.", ownSettings)},
	},
}

// inNamespaces are Apps of one name, in two namespaces.
func inNamespaces(name string) string {
	one := "{apiVersion: detection.example.com/v1, kind: App, metadata: {namespace: a, name: " + name + "}, spec: {uses: settings}}"
	return one + "\n---\n" + strings.Replace(one, "namespace: a", "namespace: b", 1)
}

// underWayByName has two workers, and leaves an App alone that the other has in hand.
func underWayByName(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		var underWay sync.Map
		return loop{workers: 2, watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
			a := l.app(key)
			if a == nil || a.DeletionTimestamp != nil {
				return nil
			}
			name := a.Name
			if mended {
				name = key
			}
			if _, taken := underWay.LoadOrStore(name, true); taken {
				return nil
			}
			defer underWay.Delete(name)
			return l.ensure(ctx, a, configOf(a, map[string]string{"text": a.Spec.Uses}))
		}}.run(ctx, cfg)
	}
}

// indexedByName keeps what Secrets hold in a map of its own.
func indexedByName(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		var index sync.Map
		key := func(namespace, name string) string {
			if mended {
				return namespace + "/" + name
			}
			return name
		}
		return loop{
			watches: []watch{{"secrets", func(o metav1.Object) string { return o.GetNamespace() + "/kubelet" }}, {"apps", itself}},
			handle: func(_ *live, _ string, _, new any) {
				if s, ok := new.(*corev1.Secret); ok {
					index.Store(key(s.Namespace, s.Name), string(s.Data["of"]))
				}
			},
			reconcile: func(ctx context.Context, l *live, k string) error {
				a := l.app(k)
				if a == nil || a.DeletionTimestamp != nil {
					return nil
				}
				of, _ := index.Load(key(a.Namespace, a.Spec.Uses))
				text, _ := of.(string)
				cm := configOf(a, map[string]string{"of": text})
				if err := l.ensure(ctx, a, cm); err != nil || cm.Data["of"] == text {
					return err
				}
				cm.Data = map[string]string{"of": text}
				return l.Update(ctx, cm)
			},
		}.run(ctx, cfg)
	}
}

func ownSettings(s *model.State) error {
	for _, cm := range model.Objects[*corev1.ConfigMap](s, "configmaps") {
		if cm.Name == "kubelet" && cm.Data["of"] != cm.Namespace {
			return fmt.Errorf("%s/%s has the settings of %q", cm.Namespace, cm.Name, cm.Data["of"])
		}
	}
	return nil
}
