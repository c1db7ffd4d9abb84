package sim_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/fakecloud"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: a server beside the API server is reached by name, suffers the same faults,
// and is judged by its final state. Method: a cloud that keeps load balancers; a
// client that makes one, under one fault of each kind; and a controller of Services
// that leaks balancers, beside its sibling that does not.

const cloudHost = fakecloud.Host

func TestFaultsOfAnotherServer(t *testing.T) {
	for _, c := range []struct {
		kind        faults.Kind
		code        int // 0: an error
		outcome     model.Outcome
		made        int
		explanation string
	}{
		{"", 201, model.OK, 1, "without a fault"},
		{faults.ConnectionRefused, 0, model.Failed, 0, "nobody listens"},
		{faults.ConnectionReset, 0, model.Unknown, 0, "it breaks before the server has read"},
		{faults.TooManyRequests, 429, model.Failed, 0, "not executed"},
		{faults.InternalError, 500, model.Unknown, 0, "a client cannot know that nothing was done"},
		{faults.ServiceUnavailable, 503, model.Failed, 0, "not executed"},
		{faults.GatewayTimeout, 504, model.Unknown, 0, "not executed, which nobody knows"},
		{faults.TimeoutApplied, 504, model.Unknown, 1, "executed, which nobody knows"},
		{faults.TimeoutDropped, 504, model.Unknown, 0, "not executed"},
		{faults.ResponseLost, 0, model.Unknown, 1, "executed, and the answer is lost"},
		{faults.SlowBody, 201, model.OK, 1, "late, and whole"},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			code := -1
			config := sim.Config{Seed: 1, Servers: []sim.HTTPServer{{Host: cloudHost, New: fakecloud.New}}, Processes: []sim.Process{{
				Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
					_, code, _ = fakecloud.Ask(ctx, env.HTTP, http.MethodPost, "/balancers", "default/web")
					<-ctx.Done()
					return nil
				},
			}}}
			if c.kind != "" {
				config.Faults = []faults.Rule{{ID: "r", Kind: c.kind, Delay: faults.Span{Min: time.Second, Max: time.Second}, Match: faults.Match{Resources: []string{cloudHost}, Verbs: []string{"write"}, Name: "/balancers"}}}
			}
			record := sim.Run(t, config)
			again := sim.Run(t, config)
			assert.Equal(t, record.Hash, again.Hash)
			assert.Equal(t, c.code, code, c.explanation)
			require.Len(t, record.History.Calls, 1)
			call := record.History.Calls[0]
			assert.Equal(t, []string{cloudHost, "create", cloudHost, "/balancers"}, []string{call.Host, call.Verb, call.Resource, call.Name})
			assert.Equal(t, c.outcome, call.Outcome)
			assert.Equal(t, "default/web", string(call.Request))
			assert.Len(t, record.History.ServerState(cloudHost), c.made, c.explanation)
		})
	}
}

func TestAPartitionIsFromTheServersItNames(t *testing.T) {
	for _, c := range []struct {
		rule       faults.Rule
		cloud, api bool
	}{
		{faults.Rule{Kind: faults.Partition, Match: faults.Match{Resources: []string{cloudHost}}}, false, true},
		{faults.Rule{Kind: faults.Partition}, true, false},
		{faults.Rule{Kind: faults.Pause}, false, false},
	} {
		c.rule.ID = "r"
		var cloudErr, apiErr error
		cloudLater := errors.New("never asked")
		sim.Run(t, sim.Config{Seed: 1, Faults: []faults.Rule{c.rule}, Servers: []sim.HTTPServer{{Host: cloudHost, New: fakecloud.New}}, Processes: []sim.Process{{
			Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
				within, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				_, _, cloudErr = fakecloud.Ask(within, env.HTTP, http.MethodGet, "/balancers", "")
				_, apiErr = kubernetes.NewForConfigOrDie(env.REST).CoreV1().Namespaces().Get(within, "default", metav1.GetOptions{})
				sim.Pause(ctx, 100*time.Second)
				_, _, cloudLater = fakecloud.Ask(ctx, &http.Client{Transport: env.REST.Transport}, http.MethodGet, "/balancers", "")
				<-ctx.Done()
				return nil
			},
		}}})
		assert.Equal(t, c.cloud, cloudErr == nil, "%s: %v", c.rule.Kind, cloudErr)
		assert.Equal(t, c.api, apiErr == nil, "%s: %v", c.rule.Kind, apiErr)
		assert.NoError(t, cloudLater, "links heal, and REST's transport reaches the cloud, too")
	}
}

func TestAnUnknownHostHasNoAddress(t *testing.T) {
	var err error
	sim.Run(t, sim.Config{Seed: 1, Processes: []sim.Process{{Name: "subject", Run: func(ctx context.Context, env sim.Env) error {
		_, err = env.HTTP.Get("http://elsewhere.example.com/")
		<-ctx.Done()
		return nil
	}}}})
	var dns *net.DNSError
	require.ErrorAs(t, err, &dns)
	assert.True(t, dns.IsNotFound)
	assert.Panics(t, func() {
		sim.Run(new(testing.T), sim.Config{Servers: []sim.HTTPServer{{Host: cloudHost, New: fakecloud.New}, {Host: cloudHost, New: fakecloud.New}}})
	}, "two servers of one name")
}

// balancers is a controller that keeps a load balancer in the cloud for each
// Service of type LoadBalancer. The leaking one makes it, and then writes its ID
// into the Service; when an answer is lost it makes another. The mended one makes
// the one of a name of its own choosing, which it can do twice.
func balancers(leaks bool) func(context.Context, sim.Env) error {
	return func(ctx context.Context, env sim.Env) error {
		services := kubernetes.NewForConfigOrDie(env.REST).CoreV1().Services("default")
		for sim.Pause(ctx, 3*time.Second) {
			list, err := services.List(ctx, metav1.ListOptions{})
			if err != nil {
				continue
			}
			for i := range list.Items {
				service := &list.Items[i]
				if service.Spec.Type != corev1.ServiceTypeLoadBalancer || service.Annotations["cloud/id"] != "" {
					continue
				}
				method, path := http.MethodPut, "/balancers/"+service.Name
				if leaks {
					method, path = http.MethodPost, "/balancers"
				}
				id, code, err := fakecloud.Ask(ctx, env.HTTP, method, path, "default/"+service.Name)
				if err != nil || code >= 300 {
					continue
				}
				metav1.SetMetaDataAnnotation(&service.ObjectMeta, "cloud/id", id)
				services.Update(ctx, service, metav1.UpdateOptions{})
			}
		}
		return nil
	}
}

// noLeakedBalancer is the law: when the world has come to rest, each Service has one
// balancer in the cloud, and there is no other.
func noLeakedBalancer() model.Property {
	return model.Property{
		Name: "no-leaked-balancer", Sentence: "Each Service has one load balancer, and there is no other.", Class: model.ClassLiveness,
		Check: func(h *model.History) model.Result {
			has, ok := h.ServerState(cloudHost).([]string)
			if want := []string{"default/a", "default/b", "default/c"}; !ok || !slices.Equal(has, want) {
				return model.Breach(fmt.Sprintf("the cloud has balancers for %v, and there are %v", has, want), model.Culprit{})
			}
			return model.Holds()
		},
	}
}

func TestALeakedBalancerIsFound(t *testing.T) {
	judge := func(seed sim.Seed, leaks bool) model.Verdict {
		user := func(ctx context.Context, env sim.Env) error {
			for _, name := range []string{"a", "b", "c"} {
				_, err := kubernetes.NewForConfigOrDie(env.REST).CoreV1().Services("default").Create(ctx, &corev1.Service{
					ObjectMeta: metav1.ObjectMeta{Name: name},
					Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Ports: []corev1.ServicePort{{Port: 80}}},
				}, metav1.CreateOptions{})
				if err != nil && !apierrors.IsAlreadyExists(err) {
					return err
				}
				sim.Pause(ctx, 10*time.Second)
			}
			return nil
		}
		record := sim.Run(t, sim.Config{
			Seed: seed, Servers: []sim.HTTPServer{{Host: cloudHost, New: fakecloud.New}},
			Faults: []faults.Rule{
				{ID: "lost", Kind: faults.ResponseLost, Probability: 0.1, Match: faults.Match{Resources: []string{cloudHost}}},
				{ID: "late", Kind: faults.TimeoutApplied, Probability: 0.1, Match: faults.Match{Resources: []string{cloudHost}}},
				{ID: "busy", Kind: faults.TooManyRequests, Probability: 0.1},
			},
			Processes: []sim.Process{{Name: "balancers", Run: balancers(leaks)}, {Name: "user", User: true, Run: user}},
		})
		return model.Judge(&record.History, append(model.Generic(), noLeakedBalancer()))
	}
	found := 0
	for seed := sim.Seed(1); seed <= 30; seed++ {
		if verdict := judge(seed, true); verdict.Kind != model.VerdictPass {
			assert.Equal(t, "no-leaked-balancer", verdict.Property)
			found++
		}
		verdict := judge(seed, false)
		assert.Equal(t, model.VerdictPass, verdict.Kind, "seed %d: %+v", seed, verdict)
	}
	assert.Greater(t, found, 5, "the leak is found in many of 30 seeds")
}
