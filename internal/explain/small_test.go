//go:build !wasip1

package explain_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: stories of controllers that have nothing to do with the one that ships, and of
// records that are not whole. Method: a controller in the classic manner that copies
// ConfigMaps of namespace default into kube-public, with one mistake at a time; and
// records out of which something was taken.

const source, target = "default", "kube-public"

// copier reconciles each ConfigMap of the source namespace, by name, and tries again
// what fails.
func copier(reconcile func(ctx context.Context, client kubernetes.Interface, cached *corev1.ConfigMap, name string) error) func(context.Context, sim.Env) error {
	return func(ctx context.Context, env sim.Env) error {
		client := kubernetes.NewForConfigOrDie(env.REST)
		factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(source))
		informer := factory.Core().V1().ConfigMaps()
		queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
		enqueue := func(obj any) {
			key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj)
			if err == nil && !strings.Contains(key, "kube-root-ca") {
				queue.Add(key)
			}
		}
		if _, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: enqueue, UpdateFunc: func(_, obj any) { enqueue(obj) }, DeleteFunc: enqueue,
		}); err != nil {
			return err
		}
		factory.Start(ctx.Done())
		defer factory.Shutdown()
		if !cache.WaitForCacheSync(ctx.Done(), informer.Informer().HasSynced) {
			return nil
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				key, stop := queue.Get()
				if stop {
					return
				}
				_, name, _ := cache.SplitMetaNamespaceKey(key)
				cached, err := informer.Lister().ConfigMaps(source).Get(name)
				if err != nil {
					cached = nil
				}
				if err := reconcile(ctx, client, cached, name); err != nil {
					queue.AddRateLimited(key)
				} else {
					queue.Forget(key)
				}
				queue.Done(key)
			}
		}()
		<-ctx.Done()
		queue.ShutDown()
		<-done
		return nil
	}
}

func put(ctx context.Context, client kubernetes.Interface, namespace, name, value string) error {
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: map[string]string{"value": value}}
	_, err := client.CoreV1().ConfigMaps(namespace).Update(ctx, object, metav1.UpdateOptions{})
	if err != nil {
		_, err = client.CoreV1().ConfigMaps(namespace).Create(ctx, object, metav1.CreateOptions{})
	}
	return err
}

// forgetful does not look at errors.
func forgetful(ctx context.Context, client kubernetes.Interface, cached *corev1.ConfigMap, name string) error {
	if cached != nil {
		_ = put(ctx, client, target, name, cached.Data["value"])
	}
	return nil
}

// hasty takes an error for an absence.
func hasty(ctx context.Context, client kubernetes.Interface, _ *corev1.ConfigMap, name string) error {
	object, err := client.CoreV1().ConfigMaps(source).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return client.CoreV1().ConfigMaps(target).Delete(ctx, name, metav1.DeleteOptions{})
	}
	return put(ctx, client, target, name, object.Data["value"])
}

// lazy copies what it does not have, and never again.
func lazy(ctx context.Context, client kubernetes.Interface, cached *corev1.ConfigMap, name string) error {
	if _, err := client.CoreV1().ConfigMaps(target).Get(ctx, name, metav1.GetOptions{}); err == nil || cached == nil {
		return nil
	}
	return put(ctx, client, target, name, cached.Data["value"])
}

// premature notes that it has copied before it does.
func premature(ctx context.Context, client kubernetes.Interface, cached *corev1.ConfigMap, name string) error {
	if cached == nil || cached.Annotations["copied"] == cached.Data["value"] {
		return nil
	}
	marked := cached.DeepCopy()
	marked.Annotations = map[string]string{"copied": cached.Data["value"]}
	if _, err := client.CoreV1().ConfigMaps(source).Update(ctx, marked, metav1.UpdateOptions{}); err != nil {
		return err
	}
	return put(ctx, client, target, name, cached.Data["value"])
}

// offended gives a copy up when it cannot note that it will make it.
func offended(ctx context.Context, client kubernetes.Interface, cached *corev1.ConfigMap, name string) error {
	switch {
	case cached == nil:
		return nil
	case cached.Annotations["noted"] == cached.Data["value"]:
		return put(ctx, client, target, name, cached.Data["value"])
	}
	noted := cached.DeepCopy()
	noted.Annotations = map[string]string{"noted": cached.Data["value"]}
	_, err := client.CoreV1().ConfigMaps(source).Update(ctx, noted, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) {
		return client.CoreV1().ConfigMaps(target).Delete(ctx, name, metav1.DeleteOptions{})
	}
	return errors.Join(err, errors.New("noted, to be looked at again"))
}

// user writes a, b and c, a again a minute later.
func user(ctx context.Context, env sim.Env) error {
	client := kubernetes.NewForConfigOrDie(env.REST)
	for _, w := range []struct {
		at          time.Duration
		name, value string
	}{{10 * time.Second, "a", "1"}, {time.Second, "b", "1"}, {time.Second, "c", "1"}, {48 * time.Second, "a", "2"}} {
		select {
		case <-time.After(w.at):
		case <-ctx.Done():
			return nil
		}
		if err := put(ctx, client, source, w.name, w.value); err != nil {
			return err
		}
	}
	return nil
}

func value(s *model.State, namespace, name string) string {
	object, ok := s.Get("configmaps", namespace, name).(*corev1.ConfigMap)
	if !ok {
		return ""
	}
	return object.Data["value"]
}

func copied(s *model.State) error {
	for _, name := range []string{"a", "b", "c"} {
		if is, was := value(s, target, name), value(s, source, name); is != was {
			return errors.New(source + "/" + name + " has " + was + ", and its copy " + is)
		}
	}
	return nil
}

func neverRemoved(t model.Transition) error {
	if t.New == nil && t.Namespace == target && value(t.Before, source, t.Name) != "" {
		return errors.New("the copy " + target + "/" + t.Name + " was removed, and " + source + "/" + t.Name + " is there")
	}
	return nil
}

func judged(t *testing.T, run func(context.Context, sim.Env) error, rules ...faults.Rule) (*sim.Record, model.Verdict) {
	t.Helper()
	r := sim.Run(t, sim.Config{
		Seed: 3, Faults: rules, Safety: 100 * time.Second, Settle: 60 * time.Second, KeepTrace: true,
		Processes: []sim.Process{{Name: "copier", Run: run}, {Name: "user", User: true, Run: user}},
	})
	return r, model.Judge(&r.History, []model.Property{
		model.Eventually("copied", "", copied), model.EveryChange("never-removed", "", neverRemoved),
	})
}

func fails(id string, kind faults.Kind, verb, namespace, name string) faults.Rule {
	return faults.Rule{ID: id, Kind: kind, Match: faults.Match{Verbs: []string{verb}, Resources: []string{"configmaps"}, Namespace: namespace, Name: name}, Limit: 1}
}

// noise strikes what has nothing to do with what goes wrong.
var noise = []faults.Rule{
	{ID: "noise-slow", Kind: faults.Latency, Delay: faults.Span{Min: 10 * time.Millisecond, Max: 90 * time.Millisecond}, Probability: 0.5},
	{ID: "noise-watch", Kind: faults.WatchClosed, Delay: faults.Span{Min: 5 * time.Second, Max: 5 * time.Second}, Limit: 2},
	fails("noise-c", faults.InternalError, "create", target, "c"),
}

func TestStoriesOfSmallControllers(t *testing.T) {
	again := func(r faults.Rule) faults.Rule { r.From = 50 * time.Second; return r }
	for _, c := range []struct {
		name    string
		run     func(context.Context, sim.Env) error
		rules   []faults.Rule
		blamed  []string
		says    []string
		explain string
	}{
		{"forgets errors", copier(forgetful), append([]faults.Rule{fails("lost", faults.ServiceUnavailable, "create", target, "b")}, noise[:2]...), []string{"lost"},
			[]string{"copier was told 503 for create configmaps kube-public/b (service-unavailable)", "did nothing more about it"}, "the one call about b that failed"},
		{"takes errors for absence", copier(hasty), append([]faults.Rule{again(fails("look-up", faults.InternalError, "get", source, "a"))}, noise...), []string{"look-up"},
			[]string{"copier was told 500 for get configmaps default/a (internal-error)", "later removed configmaps kube-public/a"}, "the answer right before the deletion"},
		{"ignores updates", copier(lazy), noise, nil,
			[]string{`user changed data.value from "1" to "2" of configmaps default/a`, "copier was told of it", "what had to follow did not"}, "no fault is to blame"},
		{"notes too early", copier(premature), append([]faults.Rule{{ID: "bang", Kind: faults.Crash, When: faults.AfterCall, RestartAfter: time.Second,
			Match: faults.Match{Verbs: []string{"update"}, Resources: []string{"configmaps"}, Namespace: source, Name: "b"}, Limit: 1}}, noise...), []string{"bang"},
			[]string{"copier was killed", "update configmaps default/b"}, "killed between the two writes"},
		{"takes a conflict for a refusal", copier(offended), append([]faults.Rule{{ID: "late", Kind: faults.WatchDelayed, From: 50 * time.Second,
			Match: faults.Match{Process: "copier", Resources: []string{"configmaps"}, Name: "a"}, Delay: faults.Span{Min: time.Second, Max: time.Second}}}, noise...), []string{"late"},
			[]string{"copier had not seen in its cache (watch-delayed) that", "was told 409 for update configmaps default/a", "and at once removed configmaps kube-public/a"}, "the conflict, and why there was one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			record, verdict := judged(t, c.run, c.rules...)
			require.Contains(t, []model.VerdictKind{model.VerdictSafety, model.VerdictLiveness}, verdict.Kind)
			s := explain.Of(record, verdict)
			t.Log(s.Text())
			for _, words := range c.says {
				assert.Contains(t, s.Sentence, words, c.explain)
			}
			rules := s.Rules()
			if c.blamed == nil {
				assert.Empty(t, rules, c.explain)
				return
			}
			require.NotEmpty(t, rules)
			assert.Equal(t, c.blamed[0], rules[len(rules)-1], c.explain)
		})
	}
}

func TestRecordsThatAreNotWhole(t *testing.T) {
	record, verdict := judged(t, copier(hasty), again50(fails("look-up", faults.InternalError, "get", source, "a")))
	require.Equal(t, model.VerdictSafety, verdict.Kind)

	t.Run("nothing to explain", func(t *testing.T) {
		assert.Zero(t, explain.Of(nil, verdict))
		assert.Zero(t, explain.Of(record, model.Verdict{Kind: model.VerdictPass}))
		assert.Zero(t, explain.Of(record, model.Verdict{Kind: model.VerdictInconclusive, Property: "x", Message: "not checked"}))
		empty := explain.Story{}
		assert.Empty(t, empty.Text())
	})
	t.Run("without a trace", func(t *testing.T) {
		bare := *record
		bare.Events = nil
		s := explain.Of(&bare, verdict)
		assert.NotEmpty(t, s.Sentence)
		assert.Empty(t, s.Rules(), "faults are told by the trace alone")
	})
	t.Run("cut off in the middle", func(t *testing.T) {
		short := *record
		short.Events = record.Events[:len(record.Events)/2]
		short.History.Calls = record.History.Calls[len(record.History.Calls)/2:]
		short.History.Watches = nil
		assert.NotPanics(t, func() { explain.Of(&short, verdict) })
		short.History.Calls, short.History.Commits = nil, nil
		s := explain.Of(&short, verdict)
		require.Len(t, s.Steps, 1, "what broke is known all the same")
		assert.Contains(t, s.Steps[0].Text, "never-removed")
	})
	t.Run("a culprit that is in no record", func(t *testing.T) {
		v := verdict
		v.Culprit = model.Culprit{At: time.Second, Text: "the end of the run"}
		s := explain.Of(record, v)
		require.Len(t, s.Steps, 1)
		assert.Equal(t, v.Message, s.Sentence)
	})
}

func again50(r faults.Rule) faults.Rule { r.From = 50 * time.Second; return r }

// A panic and an early end are told with what the process was handed last.
func TestAnEndIsExplainedByWhatCameBefore(t *testing.T) {
	dies := copier(func(ctx context.Context, client kubernetes.Interface, _ *corev1.ConfigMap, name string) error {
		if _, err := client.CoreV1().ConfigMaps(source).Get(ctx, name, metav1.GetOptions{}); err != nil {
			return err
		}
		return nil
	})
	run := func(ctx context.Context, env sim.Env) error {
		if _, err := kubernetes.NewForConfigOrDie(env.REST).CoreV1().Namespaces().List(ctx, metav1.ListOptions{}); err != nil {
			return err
		}
		return dies(ctx, env)
	}
	r := sim.Run(t, sim.Config{
		Seed: 1, KeepTrace: true, Safety: 20 * time.Second, Settle: 40 * time.Second,
		Faults:    []faults.Rule{{ID: "down", Kind: faults.ServiceUnavailable, Match: faults.Match{Verbs: []string{"list"}, Resources: []string{"namespaces"}}, Limit: 1}},
		Processes: []sim.Process{{Name: "copier", Run: run}},
	})
	v := model.Judge(&r.History, model.Generic())
	require.Equal(t, "no-exit", v.Property)
	s := explain.Of(r, v)
	assert.Contains(t, s.Sentence, "copier was told 503 for list namespaces (service-unavailable)")
	assert.Equal(t, []string{"down"}, s.Rules())
}
