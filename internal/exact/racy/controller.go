package racy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/seatrial/seatrial/sim"
)

// ports is the pool from which ConfigMaps are given a number each. Every access
// is guarded, so the race detector is content; look and take are two accesses
// all the same.
type ports struct {
	mu    sync.Mutex
	taken map[int]string
}

// free is the lowest number that nobody has.
func (p *ports) free() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for port := 8000; ; port++ {
		if p.taken[port] == "" {
			return port
		}
	}
}

func (p *ports) take(port int, owner string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken[port] = owner
}

// Run gives each ConfigMap of the default namespace a port of its own, or means
// to. Workers share the pool; none of them calls the API server between look
// and take.
func Run(workers int) func(ctx context.Context, env sim.Env) error {
	return func(ctx context.Context, env sim.Env) error {
		client := kubernetes.NewForConfigOrDie(env.REST).CoreV1().ConfigMaps("default")
		list, err := client.List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		pool := &ports{taken: make(map[int]string)}
		queue := make(chan *corev1.ConfigMap, len(list.Items))
		for i := range list.Items {
			queue <- &list.Items[i]
		}
		close(queue)
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for cm := range queue {
					port := pool.free()
					pool.take(port, cm.Name)
					cm.Data = map[string]string{"port": fmt.Sprint(port)}
					if _, err := client.Update(ctx, cm, metav1.UpdateOptions{}); err != nil {
						env.Log.Error(err, "update", "configmap", cm.Name)
					}
				}
			})
		}
		wg.Wait()
		<-ctx.Done()
		return nil
	}
}

// Shared returns the ports that more than one ConfigMap was given, in order.
func Shared(record *sim.Record) []string {
	owners := make(map[string]map[string]bool)
	for _, commit := range record.History.Commits {
		cm, ok := commit.New.(*corev1.ConfigMap)
		if !ok || cm.Data["port"] == "" {
			continue
		}
		port := cm.Data["port"]
		if owners[port] == nil {
			owners[port] = make(map[string]bool)
		}
		owners[port][cm.Name] = true
	}
	maps.DeleteFunc(owners, func(_ string, by map[string]bool) bool { return len(by) < 2 })
	return slices.Sorted(maps.Keys(owners))
}
