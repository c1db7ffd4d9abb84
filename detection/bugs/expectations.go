package bugs

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var expectations = []Bug{
	{
		Name: "kubernetes-69376", Class: "expectations across re-creation", Source: "https://github.com/kubernetes/kubernetes/issues/69376",
		Story:      "Pods that are expected for an App which has gone are waited for when there is one of its name again.",
		Controller: expectsByName,
		Steps:      recreated("set", "rack", "web"),
	},
}

// pending are pods that were made and not yet seen, by App.
type pending struct {
	mu     sync.Mutex
	expect map[string]map[string]bool
}

func (p *pending) add(of, pod string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.expect[of] == nil {
		p.expect[of] = map[string]bool{}
	}
	p.expect[of][pod] = true
}

func (p *pending) seen(pod string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pods := range p.expect {
		delete(pods, pod)
	}
}

func (p *pending) any(of string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.expect[of]) > 0
}

func (p *pending) forget(of string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.expect, of)
}

// expectsByName waits until it has seen what it made before it looks again. The key of
// what is expected is the App's name; the mended one's is the uid.
func expectsByName(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		p := &pending{expect: map[string]map[string]bool{}}
		return loop{
			watches: []watch{{"apps", itself}, {"pods", owner}},
			handle: func(_ *live, resource string, old, new any) {
				if tombstone, ok := old.(cache.DeletedFinalStateUnknown); ok {
					old = tombstone.Obj
				}
				if resource != "pods" {
					return
				}
				for _, o := range []any{old, new} {
					if pod, ok := o.(*corev1.Pod); ok {
						p.seen(pod.Namespace + "/" + pod.Name)
					}
				}
			},
			reconcile: func(ctx context.Context, l *live, key string) error {
				a := l.app(key)
				if a == nil {
					p.forget(key)
					return nil
				}
				of := key
				if mended {
					of = string(a.UID)
				}
				if a.DeletionTimestamp != nil || p.any(of) {
					return nil
				}
				return p.scale(ctx, l, a, of)
			},
		}.run(ctx, cfg)
	}
}

func (p *pending) scale(ctx context.Context, l *live, a *App, of string) error {
	mine := listed(l, "pods", func(pod *corev1.Pod) bool { return metav1.IsControlledBy(pod, a) })
	for i := len(mine); i < a.Spec.Replicas; i++ {
		pod := podOf(a, fmt.Sprintf("%s-%d-%.8s", a.Name, i, a.UID))
		p.add(of, pod.Namespace+"/"+pod.Name)
		if err := l.Create(ctx, pod); client.IgnoreAlreadyExists(err) != nil {
			p.seen(pod.Namespace + "/" + pod.Name)
			return fmt.Errorf("a pod for %s: %w", types.NamespacedName{Namespace: a.Namespace, Name: a.Name}, err)
		}
	}
	return nil
}
