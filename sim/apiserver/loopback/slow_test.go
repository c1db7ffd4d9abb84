package loopback_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
	"github.com/seatrial/seatrial/sim/apiserver/loopback"
)

// Clients that are slow, or ask for something that is, hold up nobody else; and
// webhooks on this machine are called over TLS. All on real sockets and the
// real clock.

func newHost(t *testing.T) *loopback.Host {
	host, err := loopback.New(apiserver.Config{Kinds: registry.New(kinds.Options{})})
	require.NoError(t, err)
	return host
}

func request(t *testing.T, base, method, path, contentType, body string) (int, string) {
	req, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

func TestSlowPatchHoldsUpNobody(t *testing.T) {
	server := httptest.NewServer(newHost(t).Handler(1, loopback.Options{}))
	defer server.Close()
	const path = "/api/v1/namespaces/default/configmaps"
	owners := make([]string, 2000)
	for i := range owners {
		owners[i] = fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","name":"o%d","uid":"u%d"}`, i, i)
	}
	code, body := request(t, server.URL, "POST", path, "application/json", `{"metadata":{"name":"a","ownerReferences":[`+strings.Join(owners, ",")+`]}}`)
	require.Equal(t, 201, code, body)
	ops := make([]string, 10_000)
	for i := range ops {
		ops[i] = `{"op":"move","from":"/metadata/ownerReferences/0","path":"/metadata/ownerReferences/1999"}`
	}
	slow := make(chan int, 1)
	go func() {
		code, _ := request(t, server.URL, "PATCH", path+"/a", "application/json-patch+json", "["+strings.Join(ops, ",")+"]")
		slow <- code
	}()
	for range 20 {
		code, _ := request(t, server.URL, "GET", "/api/v1/namespaces/default", "", "")
		require.Equal(t, 200, code)
	}
	assert.Equal(t, 200, <-slow)
}

func TestHeadersMustCome(t *testing.T) {
	server := loopback.NewServer(newHost(t).Handler(1, loopback.Options{}))
	assert.NotZero(t, server.ReadHeaderTimeout)
	server.ReadHeaderTimeout = 50 * time.Millisecond
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /version HTTP/1.1\r\nHost: x\r\nX-Never: ")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err = io.ReadAll(conn)
	assert.NoError(t, err, "the server closes the connection")
}

func TestWebhookOverTLS(t *testing.T) {
	hook := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		_ = json.NewDecoder(r.Body).Decode(&review)
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, Warnings: []string{"seen"}}
		review.Request = nil
		_ = json.NewEncoder(w).Encode(review)
	}))
	defer hook.Close()
	server := httptest.NewServer(newHost(t).Handler(1, loopback.Options{}))
	defer server.Close()
	ca, err := json.Marshal(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hook.Certificate().Raw}))
	require.NoError(t, err)
	for _, test := range []struct{ name, bundle, want string }{
		{"trusted", `,"caBundle":` + string(ca), "201"},
		{"another certificate", "", "certificate signed by unknown authority"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, body := request(t, server.URL, "POST", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", "application/json", `{"metadata":{"name":"h"},"webhooks":[{"name":"h.example.com","admissionReviewVersions":["v1"],"sideEffects":"None",
				"clientConfig":{"url":"`+hook.URL+`/"`+test.bundle+`},"rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["secrets"]}]}]}`)
			require.Equal(t, 201, code, body)
			code, body = request(t, server.URL, "POST", "/api/v1/namespaces/default/secrets", "application/json", `{"metadata":{"generateName":"x-"}}`)
			assert.Contains(t, fmt.Sprint(code)+body, test.want)
			code, body = request(t, server.URL, "DELETE", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/h", "", "")
			require.Equal(t, 200, code, body)
		})
	}
}
