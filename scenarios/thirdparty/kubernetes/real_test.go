package kubernetes

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// Goal: a finding is no artifact of the simulation. Method: the same controller
// and the same fault against a real kube-apiserver, in real time; the cluster is
// the one that SEATRIAL_KUBECONFIG points at.

// failOnce answers the first creation of an EndpointSlice with 500.
type failOnce struct {
	next  http.RoundTripper
	calls atomic.Int32
}

// RoundTrip implements [http.RoundTripper].
func (f *failOnce) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || r.URL.Path != "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices" || f.calls.Add(1) > 1 {
		return f.next.RoundTrip(r)
	}
	status := `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"InternalError","code":500,"message":"etcdserver: leader changed"}`
	return &http.Response{
		Status: "500 Internal Server Error", StatusCode: http.StatusInternalServerError, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader([]byte(status))), Request: r,
	}, nil
}

func TestEndpointSliceForgetsItsTriggerTimeOnARealServer(t *testing.T) {
	path := os.Getenv("SEATRIAL_KUBECONFIG")
	if path == "" {
		t.Skip("set SEATRIAL_KUBECONFIG to a kube-apiserver without kube-controller-manager")
	}
	for name, fails := range map[string]bool{"with-a-failure": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			cfg, err := clientcmd.BuildConfigFromFlags("", path)
			require.NoError(t, err)
			client := clientset.NewForConfigOrDie(cfg)
			fault := new(failOnce)
			if fails {
				cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { fault.next = next; return fault })
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- program(endpointSlices)(ctx, cfg) }()
			service := &corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Name: name},
				Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}}},
			}
			_, err = client.CoreV1().Services("default").Create(ctx, service, metav1.CreateOptions{})
			require.NoError(t, err)
			var slices []discoveryv1.EndpointSlice
			require.Eventually(t, func() bool {
				list, err := client.DiscoveryV1().EndpointSlices("default").List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=" + name})
				if err == nil {
					slices = list.Items
				}
				return len(slices) == 1
			}, time.Minute, 200*time.Millisecond)
			time.Sleep(5 * time.Second) // it would have been mended by now
			slice, err := client.DiscoveryV1().EndpointSlices("default").Get(ctx, slices[0].Name, metav1.GetOptions{})
			require.NoError(t, err)
			_, there := slice.Annotations[corev1.EndpointsLastChangeTriggerTime]
			assert.Equal(t, !fails, there, "the annotation is there exactly if nothing failed")
			cancel()
			require.NoError(t, <-ended)
		})
	}
}
