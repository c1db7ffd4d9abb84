package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// What the faults of a watch and of its events do, part of TestEffects.

// stream watches ConfigMaps once, and tells how long it lasted and its events.
func stream(lived *time.Duration, events *[]watch.Event) func(context.Context, sim.Env) {
	return func(ctx context.Context, env sim.Env) {
		begin := time.Now()
		w, err := clientset(env).CoreV1().ConfigMaps("default").Watch(ctx, metav1.ListOptions{ResourceVersion: "0", AllowWatchBookmarks: true})
		if err != nil {
			return
		}
		for e := range w.ResultChan() {
			*events = append(*events, e)
		}
		*lived = time.Since(begin)
	}
}

func watchError(t *testing.T) {
	for _, c := range []struct {
		kind faults.Kind
		is   func(error) bool
	}{{faults.WatchError, apierrors.IsInternalError}, {faults.WatchExpired, apierrors.IsResourceExpired}} {
		var lived time.Duration
		var events []watch.Event
		sail(t, faults.Rule{Kind: c.kind, Delay: faults.Span{Min: 5 * time.Second, Max: 5 * time.Second}}, 1, stream(&lived, &events))
		require.NotEmpty(t, events, c.kind)
		last := events[len(events)-1]
		assert.Equal(t, watch.Error, last.Type)
		assert.True(t, c.is(apierrors.FromObject(last.Object)), "%s: %v", c.kind, last.Object)
		assert.InDelta(t, 5, lived.Seconds(), 0.1)
	}
}

func watchExpired(t *testing.T) {
	var told []seen
	record := sail(t, faults.Rule{Kind: faults.WatchExpired, Limit: 2, Delay: faults.Span{Min: 2500 * time.Millisecond, Max: 2500 * time.Millisecond}}, 1, informer(&told), creates(9))
	assert.Len(t, calls(record, "list", "configmaps"), 3, "each time the reflector lists again")
	assert.Equal(t, []string{"add c0", "add c1", "add c2", "add c3", "add c4", "add c5", "add c6", "add c7", "add c8"}, whats(told), "nothing is missed or told twice")
}

func watchDelayed(t *testing.T) {
	var told []seen
	sail(t, faults.Rule{Kind: faults.WatchDelayed, Delay: faults.Span{Min: 6 * time.Second, Max: 6 * time.Second}, Match: faults.Match{Name: "c1"}}, 1, informer(&told), creates(4))
	require.Equal(t, []string{"add c0", "add c1", "add c2", "add c3"}, whats(told), "late, but in order")
	assert.InDelta(t, 1, told[0].at.Seconds(), 0.2)
	for _, s := range told[1:] {
		assert.InDelta(t, 8, s.at.Seconds(), 0.2, "%s: what follows waits with it", s.what)
	}
}

func bookmarksWithheld(t *testing.T) {
	bookmarks := func(rule faults.Rule) int {
		var lived time.Duration
		var events []watch.Event
		sail(t, rule, 1, stream(&lived, &events), creates(2))
		n := 0
		for _, e := range events {
			if e.Type == watch.Bookmark {
				n++
			}
		}
		return n
	}
	latency := faults.Rule{Kind: faults.Latency, Delay: faults.Span{Min: time.Millisecond, Max: time.Millisecond}}
	assert.Equal(t, 2, bookmarks(latency), "one in a minute, if there is something to tell")
	assert.Equal(t, 1, bookmarks(faults.Rule{Kind: faults.BookmarksWithheld, Until: 119 * time.Second}), "the one that comes later")
}

func eventLost(t *testing.T) {
	var told []seen
	sail(t, faults.Rule{Kind: faults.EventLost, Match: faults.Match{Name: "c1"}}, 1, informer(&told), creates(3))
	assert.Equal(t, []string{"add c0", "add c2"}, whats(told))
}

func eventRepeated(t *testing.T) {
	var lived time.Duration
	var events []watch.Event
	sail(t, faults.Rule{Kind: faults.EventRepeated, Match: faults.Match{Name: "c1"}}, 1, stream(&lived, &events), creates(3))
	var names []string
	for _, e := range events {
		if c, ok := e.Object.(*corev1.ConfigMap); ok && e.Type == watch.Added && c.Name != "kube-root-ca.crt" {
			names = append(names, c.Name)
		}
	}
	assert.Equal(t, []string{"c0", "c1", "c1", "c2"}, names)
}

// The n-th call of a rule about events is the n-th event of each object in the watch.
func TestARuleAboutEventsCountsThemByObject(t *testing.T) {
	var lived time.Duration
	var events []watch.Event
	sail(t, faults.Rule{Kind: faults.EventLost, Match: faults.Match{Name: "[ab]", First: 2, Last: 2}}, 1, stream(&lived, &events), func(ctx context.Context, env sim.Env) {
		maps := clientset(env).CoreV1().ConfigMaps("default")
		for _, name := range []string{"a", "b"} {
			time.Sleep(5 * time.Second)
			_ = createConfigMap(ctx, env, name)
			_, _ = maps.Patch(ctx, name, types.MergePatchType, []byte(`{"data":{"k":"v"}}`), metav1.PatchOptions{})
			_ = maps.Delete(ctx, name, metav1.DeleteOptions{})
		}
	})
	var told []string
	for _, e := range events {
		if cm, ok := e.Object.(*corev1.ConfigMap); ok && len(cm.Name) == 1 {
			told = append(told, string(e.Type)+" "+cm.Name)
		}
	}
	assert.Equal(t, []string{"ADDED a", "DELETED a", "ADDED b", "DELETED b"}, told, "the change of each is lost")
}
