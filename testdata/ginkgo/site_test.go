// Package ginkgo_test holds trials in specs of Ginkgo.
//
// Goal: a spec holds a trial as a test does: its seeds run in worker processes, which come
// to that spec and to no other, and what fails fails the spec. Method: a controller that
// makes a Secret of a ConfigMap, in a spec that passes and, when the environment asks for
// it, in one whose controller gives up when a call fails. The names of the specs begin
// alike, and that of the second has what regular expressions take for more than text.
package ginkgo_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial"
)

func TestSites(t *testing.T) { ginkgo.RunSpecs(t, "Sites") }

var _ = ginkgo.Describe("A site", func() {
	ginkgo.It("has its secret", func() {
		seatrial.Check(ginkgo.GinkgoT(), trial(controller{}))
	})
	ginkgo.It("has its secret (or not)", func() {
		if os.Getenv("GIVE_UP") == "" {
			ginkgo.Skip("its controller gives up")
		}
		seatrial.Check(ginkgo.GinkgoT(), trial(controller{givesUp: true}))
	})
})

func trial(c controller) seatrial.Trial {
	return seatrial.Trial{
		Controller: c.run, Safety: 30 * time.Second, Settle: 2 * time.Minute,
		Objects: seatrial.YAML(`{apiVersion: v1, kind: ConfigMap, metadata: {name: site, namespace: default}, data: {a: b}}`),
	}
}

type controller struct{ givesUp bool }

func (c controller) run(ctx context.Context, cfg *rest.Config) error {
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	for {
		if err := copySite(ctx, client); err != nil && c.givesUp {
			<-ctx.Done()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(5 * time.Second):
		}
	}
}

func copySite(ctx context.Context, client kubernetes.Interface) error {
	site, err := client.CoreV1().ConfigMaps("default").Get(ctx, "site", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Secrets("default").Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "site"}, StringData: site.Data,
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
