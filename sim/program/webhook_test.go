//go:build linux && amd64

package program_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/program"
)

// admitted runs the program that admits and a user who makes ConfigMaps, one every ten
// seconds from second 5 on, and returns what the user was told of each: "" for nothing.
func admitted(t *testing.T, args []string, names []string, rules ...faults.Rule) ([]string, *sim.Record) {
	t.Helper()
	var told []string
	user := sim.Process{Name: "user", User: true, Start: 5 * time.Second, Run: func(ctx context.Context, env sim.Env) error {
		maps := kubernetes.NewForConfigOrDie(env.REST).CoreV1().ConfigMaps("default")
		for i, name := range names {
			_, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
			told = append(told, "")
			if err != nil {
				told[i] = err.Error()
			}
			sim.Pause(ctx, 10*time.Second)
		}
		return nil
	}}
	p := small(t, "admits", program.Options{Args: args, Webhooks: []program.Webhook{{Service: "default/hook", Port: 9443}}})
	r := sim.Run(t, sim.Config{
		Seed: 1, Faults: rules, KeepTrace: true, Safety: time.Minute, Settle: time.Minute, Processes: []sim.Process{p, user},
	})
	require.Len(t, told, len(names))
	return told, r
}

// Goal: the API server calls the webhook that a program serves, over TLS, and what hinders
// the call does in the world what it does in a cluster. Method: a program that makes its
// certificate at start, and a user; without faults, while it is down, cut off or stopped,
// and with a certificate that the configuration does not know.
func TestWebhooksOfPrograms(t *testing.T) {
	const calling = `failed calling webhook "hook.example.com": failed to call webhook: Post "https://hook.default.svc:443/?timeout=5s": `
	names := []string{"good-1", "bad-1", "good-2", "good-3"}
	from, until := 23*time.Second, 33*time.Second // good-2 is made in between
	for _, c := range []struct {
		name, args string
		rules      []faults.Rule
		want       []string
	}{
		{name: "fair", want: []string{"", "no bad names", "", ""}},
		{name: "down", rules: []faults.Rule{{Kind: faults.Crash, From: from, RestartAfter: until - from}}, want: []string{"", "no bad names", calling + "connect: connection refused", ""}},
		{name: "cut off", rules: []faults.Rule{{Kind: faults.Partition, From: from, Until: until}}, want: []string{"", "no bad names", calling + "connect: connection refused", ""}},
		{name: "stopped", rules: []faults.Rule{{Kind: faults.Pause, From: from, Until: until}}, want: []string{"", "no bad names", calling + "context deadline exceeded", ""}},
		{name: "another authority", args: "other-ca", want: []string{
			calling + "tls: failed to verify certificate: x509: certificate signed by unknown authority", "x509", "x509", "x509",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range c.rules {
				c.rules[i].ID, c.rules[i].Match.Process = "f", "p"
			}
			told, r := admitted(t, []string{c.args}, names, c.rules...)
			for i, want := range c.want {
				if want == "" {
					assert.Empty(t, told[i], names[i])
				} else {
					assert.Contains(t, told[i], want, names[i])
				}
			}
			again, other := admitted(t, []string{c.args}, names, c.rules...)
			assert.Equal(t, told, again)
			assert.Equal(t, r.Hash, other.Hash)
			assert.Equal(t, r.Log, other.Log)
		})
	}
}
