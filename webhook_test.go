package seatrial_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
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

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
	programs "github.com/seatrial/seatrial/sim/program"
)

// Goal: the classic deadlock of an operator with a webhook is found: after a crash it has to
// write something that its own webhook must allow, which it does not serve yet. Method: an
// operator that does so, and one that serves first; seeds, and one crash.

const guardHost = "guard.example.com"

// guard answers reviews: everything is allowed.
func guard(w http.ResponseWriter, r *http.Request) {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	review.Response, review.Request = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}, nil
	_ = json.NewEncoder(w).Encode(review)
}

// guardOperator notes each of its starts in a ConfigMap, installs a webhook for ConfigMaps, and
// then labels those that it finds. It serves the webhook first, or when it has started up.
func guardOperator(serveFirst bool) func(context.Context, sim.Env) error {
	return func(ctx context.Context, env sim.Env) error {
		client := kubernetes.NewForConfigOrDie(env.REST)
		if serveFirst {
			env.Serve(guardHost, http.HandlerFunc(guard))
		}
		for startUp(ctx, client, env.Incarnation) != nil && sim.Pause(ctx, 5*time.Second) {
		}
		if !serveFirst {
			env.Serve(guardHost, http.HandlerFunc(guard))
		}
		for sim.Pause(ctx, 5*time.Second) {
			list, err := client.CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{LabelSelector: "!seen"})
			if err != nil {
				continue
			}
			for i := range list.Items {
				metav1.SetMetaDataLabel(&list.Items[i].ObjectMeta, "seen", "yes")
				_, _ = client.CoreV1().ConfigMaps("default").Update(ctx, &list.Items[i], metav1.UpdateOptions{}) // the next pass will do
			}
		}
		return nil
	}
}

func startUp(ctx context.Context, client kubernetes.Interface, incarnation int) error {
	state := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "operator", Labels: map[string]string{"seen": "yes"}},
		Data:       map[string]string{"starts": fmt.Sprint(incarnation)},
	}
	_, err := client.CoreV1().ConfigMaps("default").Create(ctx, state, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = client.CoreV1().ConfigMaps("default").Update(ctx, state, metav1.UpdateOptions{})
	}
	if err != nil {
		return err
	}
	hook := &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "guard"},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: guardHost, AdmissionReviewVersions: []string{"v1"}, SideEffects: ptr.To(admissionregistrationv1.SideEffectClassNone),
			ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: ptr.To("https://" + guardHost + "/check")},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.OperationAll},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			}},
		}},
	}
	_, err = client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, hook, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func guardTrial(serveFirst bool) seatrial.Trial {
	return seatrial.Trial{
		Processes: []seatrial.Process{{Name: "operator", Env: guardOperator(serveFirst)}},
		Objects:   seatrial.YAML(`{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}`),
		Ignore:    []string{"configmaps: data.starts"},
		Settle:    5 * time.Minute,
	}
}

func TestTheDeadlockOfAWebhookIsFound(t *testing.T) {
	crash := faults.Rule{ID: "crash", Kind: faults.Crash, From: 3 * time.Second, RestartAfter: time.Second}
	for _, serveFirst := range []bool{false, true} {
		tr := guardTrial(serveFirst)
		tr.Faults = []faults.Rule{crash}
		r := seatrial.Run(t, tr, 1, seatrial.RunOptions{})
		if serveFirst {
			assert.Equal(t, model.VerdictPass, r.Verdict.Kind, "%s: %s", r.Verdict.Property, r.Verdict.Message)
			continue
		}
		assert.NotEqual(t, model.VerdictPass, r.Verdict.Kind, "a crash is enough")
	}
	for seed := sim.Seed(1); seed <= 10; seed++ {
		r := seatrial.Run(t, guardTrial(true), seed, seatrial.RunOptions{})
		assert.Equal(t, model.VerdictPass, r.Verdict.Kind, "seed %d: %s: %s", seed, r.Verdict.Property, r.Verdict.Message)
	}
}

// A trial whose manifests configure a webhook has faults drawn for it, and may name its host
// in a rule.
func TestFaultsAreDrawnForWebhooks(t *testing.T) {
	tr := guardTrial(true)
	tr.Objects = tr.Objects.And(seatrial.YAML(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: later}
webhooks:
- name: guard.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig: {url: "https://guard.example.com/check"}
  rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [secrets]}]
`))
	subject, err := tr.Subject()
	require.NoError(t, err)
	kinds := map[faults.Kind]bool{}
	for seed := sim.Seed(1); seed <= 40; seed++ {
		plan, failed := swarm.Draw(t, subject, seed, scenarios.Extras{}, seatrial.RunOptions{})
		require.Nil(t, failed)
		require.NoError(t, plan.Validate(), "seed %d", seed)
		for _, r := range plan.Faults {
			if strings.HasPrefix(r.ID, "webhook-") {
				assert.Equal(t, []string{guardHost}, r.Resources)
				kinds[r.Kind] = true
			}
		}
	}
	assert.Greater(t, len(kinds), 3)

	tr.Faults = []faults.Rule{{ID: "x", Kind: faults.TimeoutDropped, Match: faults.Match{Resources: []string{"guardian.example.com"}}}}
	_, err = tr.Subject()
	assert.ErrorContains(t, err, `this world has no resource "guardian.example.com"`)
	tr.Faults[0].Resources = []string{"hook.system.svc"}
	_, err = tr.Subject()
	assert.NoError(t, err, "any Service may be that of a webhook")

	read, err := seatrial.ReadFile("testdata/webhook.yaml")
	require.NoError(t, err)
	read.Processes = tr.Processes
	_, err = read.Subject()
	assert.NoError(t, err, "as docs/use/faults.md shows it")
	assert.Equal(t, []string{"guard.system.svc"}, read.Faults[0].Resources)
}

func TestOneHostForEachWebhook(t *testing.T) {
	serving := func(name string) seatrial.Process {
		p := seatrial.Program("./no/such/package")
		p.Name = name
		p.Binary.Options.Webhooks = append(p.Binary.Options.Webhooks, programs.Webhook{Service: "system/hook", Port: 9443})
		return p
	}
	tr := seatrial.Trial{Processes: []seatrial.Process{serving("manager"), serving("other")}}
	_, err := tr.Subject()
	assert.ErrorContains(t, err, "processes: other: webhooks: process manager has the host hook.system.svc already (want each host once)")
	tr = seatrial.Trial{
		Processes: []seatrial.Process{serving("manager")},
		Servers:   []seatrial.HTTPServer{seatrial.Server("hook.system.svc", func() http.Handler { return http.NotFoundHandler() })},
	}
	_, err = tr.Subject()
	assert.ErrorContains(t, err, "processes: manager: webhooks: a server of the trial has the host hook.system.svc already (want each host once)")
}
