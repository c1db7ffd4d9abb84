package realserver

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Options says what to start. Binaries is required, everything else has a
// default.
type Options struct {
	// Binaries is the folder that [Binaries] returned.
	Binaries string
	// Dir keeps state, logs and certificates; empty: a temporary folder that
	// Stop removes.
	Dir string
	// ServiceCIDR is where cluster IPs come from; empty means 10.0.0.0/24.
	ServiceCIDR string
	// ControllerManager also starts kube-controller-manager's garbage
	// collector and namespace controller.
	ControllerManager bool
	// RBAC authorizes by roles; otherwise whoever is known may do everything.
	RBAC bool
	// Arguments are added to kube-apiserver's.
	Arguments []string
}

// Token is the bearer token of an administrator.
const Token = "admin-token"

// Server is a running control plane.
type Server struct {
	// URL is https, with a certificate that the server signed itself.
	URL string
	// Transport talks to URL without checking that certificate. It does not
	// add the token.
	Transport *http.Transport
	// Kubeconfig is a file that client-go and kubectl understand.
	Kubeconfig string

	options   Options
	etcd      string // its URL
	port      int    // of kube-apiserver
	dir       string
	temporary bool
	processes []*process
}

// startTimeout is long because machines that run tests are often busy.
const startTimeout = 2 * time.Minute

// Start returns when the server says it is ready. On an error nothing is left
// running, and the error holds the end of the log of the process concerned.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.ServiceCIDR == "" {
		o.ServiceCIDR = "10.0.0.0/24"
	}
	s := &Server{dir: o.Dir, Transport: &http.Transport{
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2:  true,
		DisableCompression: true,
	}}
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "seatrial-real-")
		if err != nil {
			return nil, fmt.Errorf("real server: %w", err)
		}
		s.dir, s.temporary = dir, true
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("real server: %w", err), s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, o Options) error {
	ports, err := freePorts(4)
	if err != nil {
		return err
	}
	if err := s.writeCredentials(); err != nil {
		return err
	}
	etcd := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	if err := s.startEtcd(ctx, o, etcd, fmt.Sprintf("http://127.0.0.1:%d", ports[1])); err != nil {
		return err
	}
	s.URL = fmt.Sprintf("https://127.0.0.1:%d", ports[2])
	s.options, s.etcd, s.port = o, etcd, ports[2]
	if err := s.StartAPIServer(ctx); err != nil {
		return err
	}
	if err := s.writeKubeconfig(); err != nil {
		return err
	}
	if !o.ControllerManager {
		return nil
	}
	return s.startControllerManager(ctx, o, ports[3])
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

func (s *Server) startEtcd(ctx context.Context, o Options, client, peer string) error {
	p, err := s.run(filepath.Join(o.Binaries, string(Etcd)),
		"--data-dir="+s.path("etcd"), "--name=s1",
		"--listen-client-urls="+client, "--advertise-client-urls="+client,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=s1="+peer,
		"--unsafe-no-fsync", "--log-level=warn")
	if err != nil {
		return err
	}
	return p.await(ctx, func() bool { return s.answers(ctx, client+"/health") })
}

// StartAPIServer starts kube-apiserver, on the port it had if it had one, and
// returns when it says that it is ready.
func (s *Server) StartAPIServer(ctx context.Context) error {
	mode := "AlwaysAllow"
	if s.options.RBAC {
		mode = "RBAC"
	}
	args := []string{
		"--etcd-servers=" + s.etcd, "--etcd-compaction-interval=0",
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", s.port),
		"--cert-dir=" + s.path("certificates"), "--token-auth-file=" + s.path("tokens.csv"),
		"--authorization-mode=" + mode, "--anonymous-auth=false",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + s.path("service-account.key"),
		"--service-account-signing-key-file=" + s.path("service-account.key"),
		"--service-cluster-ip-range=" + s.options.ServiceCIDR,
		"--disable-admission-plugins=ServiceAccount", "--allow-privileged=true", "--endpoint-reconciler-type=none",
	}
	p, err := s.run(filepath.Join(s.options.Binaries, string(APIServer)), append(args, s.options.Arguments...)...)
	if err != nil {
		return err
	}
	return p.await(ctx, func() bool { return s.answers(ctx, s.URL+"/readyz") })
}

// StopAPIServer ends kube-apiserver; etcd keeps what it stored.
func (s *Server) StopAPIServer() error {
	for i, p := range s.processes {
		if p.name == string(APIServer) {
			s.processes = append(s.processes[:i], s.processes[i+1:]...)
			return p.stop()
		}
	}
	return errors.New("real server: kube-apiserver is not running")
}

func (s *Server) startControllerManager(ctx context.Context, o Options, port int) error {
	p, err := s.run(filepath.Join(o.Binaries, string(ControllerManager)),
		"--kubeconfig="+s.Kubeconfig, "--authentication-kubeconfig="+s.Kubeconfig, "--authorization-kubeconfig="+s.Kubeconfig,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port), "--cert-dir="+s.path("certificates"),
		"--leader-elect=false", "--controllers=garbage-collector-controller,namespace-controller", "--concurrent-gc-syncs=2")
	if err != nil {
		return err
	}
	return p.await(ctx, func() bool { return s.answers(ctx, fmt.Sprintf("https://127.0.0.1:%d/healthz", port)) })
}

func (s *Server) answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+Token)
	resp, err := s.Transport.RoundTrip(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK
}

// Stop ends the processes in the opposite order of their start and removes
// what Start put into a temporary folder. It may be called more than once.
func (s *Server) Stop() error {
	s.Transport.CloseIdleConnections()
	var errs []error
	for len(s.processes) > 0 {
		last := len(s.processes) - 1
		errs = append(errs, s.processes[last].stop())
		s.processes = s.processes[:last]
	}
	if s.temporary {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

func (s *Server) writeCredentials() error {
	for _, d := range []string{"etcd", "certificates"} {
		if err := os.MkdirAll(s.path(d), 0o700); err != nil {
			return err
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("service account key: %w", err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(s.path("service-account.key"), block, 0o600); err != nil {
		return err
	}
	tokens := Token + ",admin,admin-uid,\"system:masters\"\nuser-token,bob,bob-uid,\"devs\"\n"
	return os.WriteFile(s.path("tokens.csv"), []byte(tokens), 0o600)
}

func (s *Server) writeKubeconfig() error {
	s.Kubeconfig = s.path("kubeconfig")
	return os.WriteFile(s.Kubeconfig, fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: real, cluster: {server: %q, insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: %s}}]
contexts: [{name: real, context: {cluster: real, user: admin}}]
current-context: real
`, s.URL, Token), 0o600)
}

// freePorts asks the system for n free loopback ports at once, so that they differ.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("a free port: %w", err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
