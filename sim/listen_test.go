package sim_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: webhooks that a process serves are asked over the simulated network,
// fail while it is down, and change nothing about determinism; a process with a
// service account may do what it was given. Method: an operator with a webhook,
// a crash in the middle, and a user who creates an object every second.

// operator serves a webhook that refuses config maps called "no".
func operator(ctx context.Context, env sim.Env) error {
	env.Serve("hook.example.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: review.Request.Name != "no"}
		review.Request = nil
		_ = json.NewEncoder(w).Encode(review)
	}))
	<-ctx.Done()
	return nil
}

func installHook(ctx context.Context, client kubernetes.Interface, policy admissionregistrationv1.FailurePolicyType) error {
	_, err := client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "hook"},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "hook.example.com", AdmissionReviewVersions: []string{"v1"}, FailurePolicy: &policy,
			SideEffects:  ptr.To(admissionregistrationv1.SideEffectClassNone),
			ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: ptr.To("https://hook.example.com/check")},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			}},
		}},
	}, metav1.CreateOptions{})
	return err
}

func TestWebhookWhileItsProcessIsDown(t *testing.T) {
	for _, policy := range []admissionregistrationv1.FailurePolicyType{admissionregistrationv1.Fail, admissionregistrationv1.Ignore} {
		t.Run(string(policy), func(t *testing.T) {
			run := func() (*sim.Record, map[string]int32) {
				codes := map[string]int32{}
				user := func(ctx context.Context, env sim.Env) error {
					client := kubernetes.NewForConfigOrDie(env.REST)
					sim.Pause(ctx, time.Second)
					if err := installHook(ctx, client, policy); err != nil {
						return err
					}
					for _, name := range []string{"before", "no", "down", "after"} {
						sim.Pause(ctx, 5*time.Second)
						_, err := client.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
						if status, ok := err.(apierrors.APIStatus); ok {
							codes[name] = status.Status().Code
						} else if err != nil {
							return err
						}
					}
					return nil
				}
				crash := faults.Rule{ID: "crash", Kind: faults.Crash, Match: faults.Match{Process: "operator"}, From: 14 * time.Second, RestartAfter: 4 * time.Second}
				return sim.Run(t, sim.Config{Seed: 7, KeepTrace: true, Faults: []faults.Rule{crash}, Processes: []sim.Process{
					{Name: "operator", Run: operator}, {Name: "user", User: true, Run: user},
				}}), codes
			}
			record, codes := run()
			want := map[string]int32{"no": 400}
			if policy == admissionregistrationv1.Fail {
				want["down"] = 500
			}
			assert.Equal(t, want, codes)
			again, _ := run()
			assert.Equal(t, record.Hash, again.Hash)
			commits := 0
			for _, c := range record.History.Commits {
				if c.Resource == "configmaps" {
					commits++
					assert.Equal(t, "user", c.Process, "a commit after a webhook is still the caller's")
				}
			}
			assert.Equal(t, 4-len(want), commits)
		})
	}
}

func TestServiceAccountOfAProcess(t *testing.T) {
	var forbidden, allowed error
	record := sim.Run(t, sim.Config{Seed: 1, Processes: []sim.Process{{
		Name: "subject", ServiceAccount: "default/limited",
		Run: func(ctx context.Context, env sim.Env) error {
			client := kubernetes.NewForConfigOrDie(env.REST)
			_, forbidden = client.CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
			_, allowed = client.Discovery().ServerVersion()
			<-ctx.Done()
			return nil
		},
	}}})
	require.NotEmpty(t, record.History.Calls)
	assert.True(t, apierrors.IsForbidden(forbidden), "%v", forbidden)
	assert.ErrorContains(t, forbidden, `User "system:serviceaccount:default:limited" cannot list resource "configmaps"`)
	assert.NoError(t, allowed)
	verdict := model.Judge(&record.History, model.Generic())
	assert.Equal(t, "permitted", verdict.Property, "what its roles lack is told")
}
