package sim_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// label is the controller under test: it labels every ConfigMap it sees.
func label(ctx context.Context, env sim.Env) error {
	client := kubernetes.NewForConfigOrDie(env.REST)
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace("default"))
	defer factory.Shutdown()
	informer := factory.Core().V1().ConfigMaps().Informer()
	set := func(obj any) {
		patch := []byte(`{"metadata":{"labels":{"seen":"true"}}}`)
		for cm := obj.(*corev1.ConfigMap); cm.Labels["seen"] == "" && ctx.Err() == nil; time.Sleep(time.Second) {
			_, err := client.CoreV1().ConfigMaps("default").Patch(ctx, cm.Name, types.MergePatchType, patch, metav1.PatchOptions{})
			if err == nil {
				return
			}
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: set}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	<-ctx.Done()
	return nil
}

// create is the user: ten ConfigMaps, one every five seconds.
func create(ctx context.Context, env sim.Env) error {
	client := kubernetes.NewForConfigOrDie(env.REST)
	for i := range 10 {
		time.Sleep(5 * time.Second)
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("c%d", i)}}
		if _, err := client.CoreV1().ConfigMaps("default").Create(ctx, cm, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func ExampleRun() {
	t := new(testing.T) // in a test: its own
	record := sim.Run(t, sim.Config{
		Seed: 1,
		Faults: []faults.Rule{
			{ID: "lost", Kind: faults.ResponseLost, Probability: 0.3, Match: faults.Match{Verbs: []string{"patch"}}},
			{ID: "closed", Kind: faults.WatchClosed, Probability: 0.5, Delay: faults.Span{Min: time.Second, Max: 20 * time.Second}},
			{ID: "killed", Kind: faults.Crash, From: 23 * time.Second, RestartAfter: 4 * time.Second},
		},
		Processes: []sim.Process{
			{Name: "labeller", Run: label},
			{Name: "user", User: true, Run: create},
		},
	})

	labelled := map[string]bool{}
	for _, commit := range record.History.Commits {
		if cm, ok := commit.New.(*corev1.ConfigMap); ok && cm.Labels["seen"] == "true" {
			labelled[cm.Name] = true
		}
	}
	verdict := model.Judge(&record.History, model.Generic())
	fmt.Printf("%d of 10 labelled in %s of virtual time: %s %s\n", len(labelled), record.Virtual, verdict.Kind, verdict.Message)
	// Output: 10 of 10 labelled in 4m0s of virtual time: pass
}
