//go:build linux && amd64

package program_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/program"
)

// Goal: a volume is there before the program is, and follows its object as in a pod: all
// files at once, within a minute, and soon after the start. Method: a user who makes the Secret late and changes it;
// a program that reads one of its files and counts the names in the folder.
func TestVolumesFollowTheirObject(t *testing.T) {
	user := sim.Process{Name: "user", User: true, Run: func(ctx context.Context, env sim.Env) error {
		secrets := kubernetes.NewForConfigOrDie(env.REST).CoreV1().Secrets("system")
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "certs"}, Data: map[string][]byte{"tls.crt": []byte("first"), "tls.key": nil}}
		sim.Pause(ctx, 5500*time.Millisecond)
		if _, err := secrets.Create(ctx, s, metav1.CreateOptions{}); err != nil {
			return err
		}
		sim.Pause(ctx, time.Second)
		s.Data = map[string][]byte{"tls.crt": []byte("early"), "tls.key": nil}
		if _, err := secrets.Update(ctx, s, metav1.UpdateOptions{}); err != nil {
			return err
		}
		sim.Pause(ctx, 10*time.Second)
		s.Data = map[string][]byte{"tls.crt": []byte("second"), "ca.crt": nil, "more": nil}
		_, err := secrets.Update(ctx, s, metav1.UpdateOptions{})
		return err
	}}
	p := small(t, "reads-a-volume", program.Options{Namespace: "system", Volumes: []program.Volume{
		{Secret: "certs", Path: "/certs"}, {ConfigMap: "none", Path: "/etc/none", Optional: true},
	}})
	for range 2 {
		r := sim.Run(t, sim.Config{
			Seed: 1, Processes: []sim.Process{p, user}, KeepTrace: true, Safety: 110 * time.Second, Settle: time.Second,
			Server: sim.Server{Namespaces: []string{"system"}},
		})
		assert.Equal(t, []string{
			"seatrial: the program is not started before certs is there",
			"0s first <nil> 4", "30s early <nil> 4", "1m0s second <nil> 5", "1m30s second <nil> 5",
		}, lines(r, "p-1"))
		assert.Empty(t, r.History.Problems)
	}
}
