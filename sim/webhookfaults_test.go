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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// Goal: rules that name the host of a webhook decide about the API server's calls of it, and
// failurePolicy about what comes of that; rules that do not name it leave them alone; a
// server of the world can be a webhook. Method: one creation under each kind of fault.

// reviews allows everything and counts what it is asked.
func reviews(asked *int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked++
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
		review.Request = nil
		_ = json.NewEncoder(w).Encode(review)
	})
}

const hookHost = "hook.example.com"

// createUnder installs the webhook, creates one ConfigMap at 5s under the rule, and tells
// what came of it, how long it took, and how often the webhook was asked.
func createUnder(t *testing.T, rule faults.Rule, policy admissionregistrationv1.FailurePolicyType, asServer bool) (err error, took time.Duration, asked int, record *sim.Record) {
	t.Helper()
	user := func(ctx context.Context, env sim.Env) error {
		client := kubernetes.NewForConfigOrDie(env.REST)
		sim.Pause(ctx, time.Second)
		if err := installHook(ctx, client, policy); err != nil {
			return err
		}
		sim.Pause(ctx, 4*time.Second)
		began := time.Now()
		_, err = client.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, metav1.CreateOptions{})
		took = time.Since(began)
		return nil
	}
	config := sim.Config{Seed: 7, KeepTrace: true, Processes: []sim.Process{{Name: "user", User: true, Run: user}}}
	if rule.Kind != "" {
		rule.ID = "rule"
		config.Faults = []faults.Rule{rule}
	}
	if asServer {
		config.Servers = []sim.HTTPServer{{Host: hookHost, New: func() http.Handler { return reviews(&asked) }}}
	} else {
		config.Processes = append(config.Processes, sim.Process{Name: "operator", Run: func(ctx context.Context, env sim.Env) error {
			env.Serve(hookHost, reviews(&asked))
			<-ctx.Done()
			return nil
		}})
	}
	record = sim.Run(t, config)
	return err, took, asked, record
}

func TestFaultsOnTheWayToAWebhook(t *testing.T) {
	named := faults.Match{Resources: []string{hookHost}}
	at := func(kind faults.Kind, change func(*faults.Rule)) faults.Rule {
		r := faults.Rule{Kind: kind, Match: named}
		change(&r)
		return r
	}
	same := func(*faults.Rule) {}
	for _, c := range []struct {
		name        string
		rule        faults.Rule
		want        string // of failurePolicy Fail; empty: it is created
		slow        bool   // it takes the time that the webhook has
		asked       int
		explanation string
	}{
		{"none", faults.Rule{}, "", false, 1, "an ordinary call"},
		{"refused", at(faults.ConnectionRefused, same), "connection refused", false, 0, "it is not there"},
		{"reset", at(faults.ConnectionReset, same), "connection reset by peer", false, 0, "it is not asked"},
		{"500", at(faults.InternalError, same), "Internal error occurred: failed calling webhook", false, 0, "something before it answers"},
		{"503", at(faults.ServiceUnavailable, same), "Internal error occurred: failed calling webhook", false, 0, "something before it answers"},
		{"429", at(faults.TooManyRequests, same), "Internal error occurred: failed calling webhook", false, 0, "something before it answers"},
		{"never asked", at(faults.TimeoutDropped, same), "context deadline exceeded", true, 0, "the API server gives up by itself"},
		{"black hole", at(faults.BlackHole, same), "context deadline exceeded", true, 0, "likewise"},
		{"never heard", at(faults.TimeoutApplied, same), "context deadline exceeded", true, 1, "what it does on being asked is done"},
		{"answer lost", at(faults.ResponseLost, same), "connection reset by peer", false, 1, "likewise"},
		{"slow", at(faults.Latency, func(r *faults.Rule) { r.Delay = faults.Span{Min: 5 * time.Second, Max: 5 * time.Second} }), "", false, 1, "within the time that it has, 10s"},
		{"too slow", at(faults.Latency, func(r *faults.Rule) { r.Delay = faults.Span{Min: 11 * time.Second, Max: 11 * time.Second} }), "context deadline exceeded", true, 0, "nobody waits when it arrives"},
		{"held", at(faults.Hold, func(r *faults.Rule) { r.Until = time.Minute }), "context deadline exceeded", true, 0, "until the window ends"},
		{"killed when asked", at(faults.Crash, func(r *faults.Rule) { r.When, r.RestartAfter = faults.BeforeCall, time.Second }), "connection reset by peer", false, 0, "the process that is asked"},
		{"killed when it has answered", at(faults.Crash, func(r *faults.Rule) { r.When, r.RestartAfter = faults.AfterCall, time.Second }), "connection reset by peer", false, 1, "likewise"},
		{"any resource", faults.Rule{Kind: faults.ConnectionRefused, Match: faults.Match{Resources: []string{"*"}}}, "", false, 1, "is of the API server's: webhooks are named"},
		{"another path", at(faults.ConnectionRefused, func(r *faults.Rule) { r.Name = "/mutate" }), "", false, 1, "the name is the path"},
		{"another process", at(faults.ConnectionRefused, func(r *faults.Rule) { r.Process = "else*" }), "", false, 1, "the process is the one that is asked"},
		{"the process", at(faults.ConnectionRefused, func(r *faults.Rule) { r.Process = "operator" }), "connection refused", false, 0, "the process is the one that is asked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err, took, asked, record := createUnder(t, c.rule, admissionregistrationv1.Fail, false)
			assert.Equal(t, c.asked, asked, c.explanation)
			if c.want == "" {
				assert.NoError(t, err, c.explanation)
			} else if assert.Error(t, err, c.explanation) {
				assert.Contains(t, err.Error(), c.want)
				assert.NotZero(t, record.Struck["rule"], "it is told that the rule fired")
			}
			assert.Equal(t, c.slow, took > 9*time.Second, "%s: it took %s", c.explanation, took)

			err, _, _, ignored := createUnder(t, c.rule, admissionregistrationv1.Ignore, false)
			assert.NoError(t, err, "failurePolicy Ignore lets it pass")
			_, _, _, again := createUnder(t, c.rule, admissionregistrationv1.Ignore, false)
			require.Equal(t, ignored.Hash, again.Hash)
		})
	}
}

func TestAServerOfTheWorldAsWebhook(t *testing.T) {
	err, _, asked, _ := createUnder(t, faults.Rule{}, admissionregistrationv1.Fail, true)
	assert.NoError(t, err)
	assert.Equal(t, 1, asked)
	err, _, asked, _ = createUnder(t, faults.Rule{Kind: faults.ResponseLost, Match: faults.Match{Resources: []string{hookHost}}}, admissionregistrationv1.Fail, true)
	assert.ErrorContains(t, err, "connection reset by peer")
	assert.Equal(t, 1, asked)
}
