package seatrial_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/fakecloud"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: a server beside the API server is part of a trial: faults are drawn for what is
// asked of it, a law sees its final state, and a mistake is told before the run. Method:
// a controller that keeps a load balancer in a cloud for each Service, which leaks one
// when an answer is lost, beside its mended sibling; the same seeds.

const cloud = fakecloud.Host

func newCloud() http.Handler { return fakecloud.New() }

const (
	balancerID = "example.com/balancer"
	finalizer  = "example.com/balancer"
)

// keeper keeps a balancer for each Service. The one that leaks lets the cloud choose the
// ID, and writes it into the Service afterwards; the mended one chooses it itself, so
// that asking twice makes one.
type keeper struct{ leaks bool }

func (k keeper) run(ctx context.Context, cfg *rest.Config) error {
	services := kubernetes.NewForConfigOrDie(cfg).CoreV1().Services("default")
	client := &http.Client{Transport: cfg.Transport}
	for sim.Pause(ctx, 3*time.Second) {
		list, err := services.List(ctx, metav1.ListOptions{})
		if err != nil {
			continue // the next pass will do
		}
		for i := range list.Items {
			s := &list.Items[i]
			if s.DeletionTimestamp != nil {
				if slices.Contains(s.Finalizers, finalizer) && k.remove(ctx, client, s) == nil {
					s.Finalizers = nil
					_, _ = services.Update(ctx, s, metav1.UpdateOptions{})
				}
				continue
			}
			if !slices.Contains(s.Finalizers, finalizer) {
				s.Finalizers = append(s.Finalizers, finalizer)
				if s, err = services.Update(ctx, s, metav1.UpdateOptions{}); err != nil {
					continue
				}
			}
			if s.Annotations[balancerID] != "" {
				continue
			}
			if id, err := k.make(ctx, client, s); err == nil {
				metav1.SetMetaDataAnnotation(&s.ObjectMeta, balancerID, id)
				_, _ = services.Update(ctx, s, metav1.UpdateOptions{})
			}
		}
	}
	return nil
}

func (k keeper) make(ctx context.Context, client *http.Client, s *corev1.Service) (id string, err error) {
	if k.leaks {
		return askCloud(ctx, client, http.MethodPost, "/balancers", s.Name)
	}
	return askCloud(ctx, client, http.MethodPut, "/balancers/"+string(s.UID), s.Name)
}

func (k keeper) remove(ctx context.Context, client *http.Client, s *corev1.Service) error {
	id := string(s.UID)
	if k.leaks {
		id = s.Annotations[balancerID]
	}
	_, err := askCloud(ctx, client, http.MethodDelete, "/balancers/"+id, "")
	return err
}

// askCloud is [fakecloud.Ask] with an error where the cloud refuses.
func askCloud(ctx context.Context, client *http.Client, method, path, purpose string) (id string, err error) {
	id, code, err := fakecloud.Ask(ctx, client, method, path, purpose)
	if err == nil && code >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %d", method, path, code)
	}
	return id, err
}

// noneLeaked is the law: in the end each Service that is there has one balancer in the
// cloud, and there is no other.
var noneLeaked = seatrial.Property{
	Name: "no-leaked-balancer", Sentence: "Each Service has one load balancer, and there is no other.", Class: model.ClassLiveness,
	Check: func(h *seatrial.History) model.Result {
		var want []string
		for _, o := range h.End().List("services") {
			if s, ok := o.(*corev1.Service); ok && s.Namespace == "default" {
				want = append(want, s.Name)
			}
		}
		slices.Sort(want)
		if has, ok := h.ServerState(cloud).([]string); !ok || !slices.Equal(has, want) {
			return model.Breach(fmt.Sprintf("the cloud has balancers for %v, and there are Services %v", has, want), model.Culprit{At: h.Ended})
		}
		return model.Holds()
	},
}

func cloudTrial(leaks bool) seatrial.Trial {
	service := `{apiVersion: v1, kind: Service, metadata: {name: %s}, spec: {ports: [{port: 80}]}}`
	return seatrial.Trial{
		Controller: keeper{leaks}.run,
		Servers:    []seatrial.HTTPServer{seatrial.Server(cloud, newCloud)},
		Objects:    seatrial.YAML(fmt.Sprintf(service, "a")).And(seatrial.YAML(fmt.Sprintf(service, "b"))),
		Properties: []seatrial.Property{noneLeaked},
		Rename:     []string{"services: metadata.annotations.example.com/balancer"}, // the cloud chooses it
		Settle:     5 * time.Minute,
	}
}

func TestALeakedBalancerIsFound(t *testing.T) {
	leaked, aimed := 0, 0
	for seed := sim.Seed(1); seed <= 60; seed++ {
		found := seatrial.Run(t, cloudTrial(true), seed, seatrial.RunOptions{})
		if found.Verdict.Property == noneLeaked.Name {
			leaked++
		}
		for i := range found.Plan.Faults {
			if slices.Contains(found.Plan.Faults[i].Resources, cloud) {
				aimed++
			}
		}
		mended := seatrial.Run(t, cloudTrial(false), seed, seatrial.RunOptions{})
		require.Equal(t, model.VerdictPass, mended.Verdict.Kind, "seed %d: %s: %s", seed, mended.Verdict.Property, mended.Verdict.Message)
	}
	assert.Greater(t, leaked, 0, "seeds that leak")
	assert.Greater(t, aimed, 5, "faults aimed at the cloud")
	t.Logf("%d of 60 seeds leak, %d faults were aimed at the cloud", leaked, aimed)
}

func TestServersThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		servers []seatrial.HTTPServer
		rule    faults.Rule
		want    string
	}{
		"two of one name": {[]seatrial.HTTPServer{seatrial.Server(cloud, newCloud), seatrial.Server(cloud, newCloud)}, faults.Rule{}, `servers[1]: there are two servers "cloud.example.com" (want a name of its own for each)`},
		"no handler":      {[]seatrial.HTTPServer{{Host: cloud}}, faults.Rule{}, `servers[0]: nothing makes the server "cloud.example.com"`},
		"a port":          {[]seatrial.HTTPServer{seatrial.Server(cloud+":443", newCloud)}, faults.Rule{}, `servers[0]: "cloud.example.com:443" is not the name of a host`},
		"the API server":  {[]seatrial.HTTPServer{seatrial.Server("kubernetes.default.svc", newCloud)}, faults.Rule{}, `servers[0]: the host "kubernetes.default.svc" is the API server's`},
		"no such host": {[]seatrial.HTTPServer{seatrial.Server(cloud, newCloud)}, faults.Rule{
			ID: "r", Kind: faults.Partition, Match: faults.Match{Resources: []string{"clod.example.com"}}, Until: time.Minute,
		}, `faults[0].resources[0]: this world has no resource "clod.example.com"`},
	} {
		t.Run(name, func(t *testing.T) {
			tr := cloudTrial(false)
			tr.Servers = c.servers
			if c.rule.Kind != "" {
				tr.Faults = []faults.Rule{c.rule}
			}
			_, err := tr.Subject()
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}
