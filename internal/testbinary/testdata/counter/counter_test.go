package counter_test

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial"
)

// A controller that looks every few seconds whether there is a ConfigMap "site", and
// makes Secret "site" of it. One of the two gives up when a call fails.

type counter struct{ givesUp bool }

func (c counter) run(ctx context.Context, cfg *rest.Config) error {
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	for ; ctx.Err() == nil; sleep(ctx, 5*time.Second) {
		if err := c.once(ctx, client); err != nil && c.givesUp {
			<-ctx.Done()
		}
	}
	return nil
}

func (c counter) once(ctx context.Context, client kubernetes.Interface) error {
	config, err := client.CoreV1().ConfigMaps("default").Get(ctx, "site", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Secrets("default").Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "site"}, StringData: config.Data,
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func trial(c counter) seatrial.Trial {
	return seatrial.Trial{
		Controller: c.run, Settle: 2 * time.Minute,
		Objects: seatrial.YAML(`
apiVersion: v1
kind: ConfigMap
metadata: {name: site, namespace: default}
data: {a: b}
`),
	}
}

func TestSound(t *testing.T) { seatrial.Check(t, trial(counter{})) }

func TestGivesUp(t *testing.T) { seatrial.Check(t, trial(counter{givesUp: true})) }

func TestTable(t *testing.T) {
	for _, name := range []string{"sound", "gives up"} {
		t.Run(name, func(t *testing.T) { seatrial.Check(t, trial(counter{givesUp: name != "sound"})) })
	}
}

func TestOrdinary(t *testing.T) {}
