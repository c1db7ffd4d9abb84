package trial_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/scenarios/trial"
)

// Goal: a controller that does what no run can bear is told what, who and what to
// do instead. Method: each in turn, and what Check says. Those that stop virtual
// time end their process: they are in sim's tests.

func leaves(ctx context.Context, _ *rest.Config) error {
	go func() { <-make(chan struct{}) }()
	<-ctx.Done()
	return nil
}

func ignoresItsContext(context.Context, *rest.Config) error {
	select {}
}

func readsTheWallClock(ctx context.Context, cfg *rest.Config) error {
	program, err := os.Stat(os.Args[0]) // a system call: when it was built
	if err != nil {
		return err
	}
	note := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "note"},
		Data:       map[string]string{"built": program.ModTime().UTC().Format(time.RFC3339)},
	}
	client := kubernetes.NewForConfigOrDie(cfg)
	for ctx.Err() == nil {
		_, _ = client.CoreV1().ConfigMaps("default").Create(ctx, note, metav1.CreateOptions{})
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute):
		}
	}
	return nil
}

func givesUp(context.Context, *rest.Config) error { return errors.New("no API server") }

func TestMisfitsAreNamedWithAdvice(t *testing.T) {
	for _, c := range []struct {
		misfit                 string
		run                    func(context.Context, *rest.Config) error
		property, said, advice string
	}{
		{"leaves a goroutine", leaves, "no-goroutine-leak", "1 started by github.com/seatrial/seatrial/scenarios/trial_test.leaves, waiting in github.com/seatrial/seatrial/scenarios/trial_test.leaves.func1 (chan receive)",
			"return when the context ends; shut down work queues, event broadcasters and informer factories"},
		{"ignores its context", ignoresItsContext, "no-goroutine-leak", "controller-1 did not return within 2m0s after its context ended",
			"return when the context ends"},
		{"reads the wall clock", readsTheWallClock, "no-wall-clock", "data.built of configmaps default/note is 20",
			"take the time from time.Now"},
		{"gives up", givesUp, "no-exit", "no API server",
			"return from the controller's function only when its context has ended"},
	} {
		t.Run(c.misfit, func(t *testing.T) {
			tr := trial.Trial{Name: "misfit", Controller: c.run, Settle: time.Minute}.WithDefaults()
			text := trial.Try(t, &tr, 1)
			assert.Contains(t, text, "misfit violated "+c.property)
			assert.Contains(t, text, c.said)
			assert.Contains(t, text, "advice: "+c.advice)
		})
	}
}
