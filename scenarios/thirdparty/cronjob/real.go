package cronjob

import (
	"context"
	"errors"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// loseOnce loses the answer to the first creation of a Job.
type loseOnce struct {
	next  http.RoundTripper
	calls atomic.Int32
}

// RoundTrip implements [http.RoundTripper].
func (l *loseOnce) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.next.RoundTrip(r)
	if err == nil && r.Method == http.MethodPost && r.URL.Path == "/apis/batch/v1/namespaces/default/jobs" && l.calls.Add(1) == 1 {
		_ = response.Body.Close()
		return nil, errors.New("connection reset by peer")
	}
	return response, err
}

// JobsOnRealServer is [LostAnswer] in real time, on the cluster that
// SEATRIAL_KUBECONFIG points at: how many Jobs a CronJob that is due every minute
// and forbids two at once has after it was due three times.
func JobsOnRealServer(t *testing.T) int {
	path := os.Getenv("SEATRIAL_KUBECONFIG")
	if path == "" {
		t.Skip("set SEATRIAL_KUBECONFIG to a kube-apiserver without kube-controller-manager")
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", path)
	require.NoError(t, err)
	client := clientset.NewForConfigOrDie(cfg)
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return &loseOnce{next: next} })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, cfg) }()
	pod := corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "backup", Image: "backup"}}}
	job := batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: pod}}
	c, err := client.BatchV1().CronJobs("default").Create(ctx, &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "backup-"},
		Spec: batchv1.CronJobSpec{
			Schedule: "* * * * *", ConcurrencyPolicy: batchv1.ForbidConcurrent, JobTemplate: batchv1.JobTemplateSpec{Spec: job},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(3*time.Minute + 20*time.Second)))
	jobs, err := client.BatchV1().Jobs("default").List(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	of := 0
	for i := range jobs.Items {
		if metav1.IsControlledBy(&jobs.Items[i], c) {
			of++
		}
	}
	require.NoError(t, client.BatchV1().CronJobs("default").Delete(ctx, c.Name, metav1.DeleteOptions{}))
	cancel()
	require.NoError(t, <-ended)
	return of
}
