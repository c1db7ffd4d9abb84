// check is run on clusters in each state that it is there to notice, on the
// simulated API server: what it prints, what it returns, and that it writes nothing.
// The states are made by hand, as bugs and people make them.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	"github.com/seatrial/seatrial/controller"
	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/audit"
	"github.com/seatrial/seatrial/deploy"
	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
	"github.com/seatrial/seatrial/sim/apiserver/loopback"
)

// port is an API server on loopback, with a kubeconfig for it.
type port struct {
	*testing.T
	client.Client
	kubeconfig string
	commits    int
}

func dock(t *testing.T) *port {
	t.Helper()

	p := &port{T: t, kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	host, err := loopback.New(apiserver.Config{
		Seed: 1, Kinds: registry.New(kinds.Options{Seed: 1}), OnCommit: func(apiserver.Commit) { p.commits++ },
	})
	require.NoError(t, err)
	host.Do(func(s *apiserver.Server) {
		for _, document := range deploy.CRDs() {
			crd, err := apiserver.ParseCRD(document)
			require.NoError(t, err)
			require.NoError(t, s.InstallCRDs(crd))
		}
	})

	server := httptest.NewServer(host.Handler(1, loopback.Options{}))
	t.Cleanup(server.Close)
	require.NoError(t, clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"c": {Server: server.URL}},
		Contexts:       map[string]*clientcmdapi.Context{"c": {Cluster: "c"}},
		CurrentContext: "c",
	}, p.kubeconfig))

	scheme := runtime.NewScheme()
	require.NoError(t, controller.AddToScheme(scheme))
	p.Client, err = client.New(&rest.Config{Host: server.URL, WarningHandler: rest.NoWarnings{}}, client.Options{Scheme: scheme})
	require.NoError(t, err)
	p.put(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})

	return p
}

func (p *port) put(objects ...client.Object) {
	p.Helper()

	for _, object := range objects {
		require.NoError(p, p.Create(context.Background(), object))
	}
}

// served puts an exported Service with everything that belongs to it.
func (p *port) served(name, address string) {
	p.Helper()
	p.put(service(name), &mcsv1alpha1.ServiceExport{ObjectMeta: named(name)})
	p.ingress(name, address)
	p.claim(name, address)

	internal := service(v1.InternalServiceName(name))
	internal.Labels = map[string]string{v1.InternalServiceLabel: name}
	internal.Spec.ExternalIPs = []string{address}
	p.put(internal)
}

func (p *port) ingress(name, address string) {
	p.Helper()

	gip := &v1.GlobalIngressIP{ObjectMeta: named(name), Spec: v1.GlobalIngressIPSpec{
		Target: v1.ClusterIPService, ServiceRef: &corev1.LocalObjectReference{Name: name},
	}}
	p.put(gip)
	gip.Status.AllocatedIP = address
	require.NoError(p, p.Status().Update(context.Background(), gip))
}

func (p *port) claim(owner, address string) {
	p.Helper()
	p.put(&networkingv1.IPAddress{
		ObjectMeta: metav1.ObjectMeta{Name: address, Labels: map[string]string{networkingv1.LabelManagedBy: v1.ManagedBy}},
		Spec: networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{
			Group: v1.GroupVersion.Group, Resource: "globalingressips", Namespace: namespace, Name: owner,
		}},
	})
}

func (p *port) drop(object client.Object) {
	p.Helper()
	require.NoError(p, p.Delete(context.Background(), object))
}

// check runs the command and returns its exit code and what it found, by kind.
func (p *port) check(args ...string) (int, map[audit.Kind][]string) {
	p.Helper()

	var stdout, stderr bytes.Buffer

	before := p.commits
	code := run(p.Context(), append([]string{"check", "--kubeconfig=" + p.kubeconfig, "--settle=10ms", "--output=json",
		"--global-cidr=242.0.0.0/24"}, args...), &stdout, &stderr)
	assert.Equal(p, before, p.commits, "an audit writes nothing")
	assert.Empty(p, stderr.String())

	var findings []audit.Finding
	require.NoError(p, json.Unmarshal(stdout.Bytes(), &findings), stdout.String())

	found := map[audit.Kind][]string{}
	for _, f := range findings {
		found[f.Kind] = append(found[f.Kind], strings.TrimSpace(f.Object+" "+f.Address))
	}

	return code, found
}

func TestCheck(t *testing.T) {
	web := func() *v1.GlobalIngressIP { return &v1.GlobalIngressIP{ObjectMeta: named("web")} }

	for name, c := range map[string]struct {
		state func(p *port)
		want  map[audit.Kind][]string
		code  int
	}{
		"all is well": {func(*port) {}, map[audit.Kind][]string{}, exitOK},
		"foreign claim": {func(p *port) {
			p.put(&networkingv1.IPAddress{ObjectMeta: metav1.ObjectMeta{Name: "242.0.0.77"},
				Spec: networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{Resource: "things", Name: "x"}}})
		}, map[audit.Kind][]string{audit.Foreign: {"IPAddress 242.0.0.77 242.0.0.77"}}, exitOK},
		"two with one address": {func(p *port) {
			p.put(service("db"), &mcsv1alpha1.ServiceExport{ObjectMeta: named("db")})
			p.ingress("db", "242.0.0.9")
		}, map[audit.Kind][]string{
			audit.Double:  {"GlobalIngressIP shop/db 242.0.0.9", "GlobalIngressIP shop/db 242.0.0.9"},
			audit.Missing: {"GlobalIngressIP shop/db 242.0.0.9"},
		}, exitFound},
		"claim of nobody": {func(p *port) { p.claim("gone", "242.0.0.5") },
			map[audit.Kind][]string{audit.Leaked: {"IPAddress 242.0.0.5 242.0.0.5"}}, exitFound},
		"second claim": {func(p *port) { p.claim("web", "242.0.0.5") },
			map[audit.Kind][]string{audit.Leaked: {"IPAddress 242.0.0.5 242.0.0.5"}}, exitFound},
		"export gone": {func(p *port) { p.drop(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")}) },
			map[audit.Kind][]string{audit.Orphaned: {"GlobalIngressIP shop/web 242.0.0.9"}}, exitFound},
		"GlobalIngressIP gone": {func(p *port) { p.drop(web()) }, map[audit.Kind][]string{
			audit.Leaked:  {"IPAddress 242.0.0.9 242.0.0.9", "Service shop/" + v1.InternalServiceName("web") + " 242.0.0.9"},
			audit.Missing: {"Service shop/web"},
		}, exitFound},
		"claim gone": {func(p *port) {
			p.drop(&networkingv1.IPAddress{ObjectMeta: metav1.ObjectMeta{Name: "242.0.0.9"}})
		}, map[audit.Kind][]string{audit.Missing: {"GlobalIngressIP shop/web 242.0.0.9"}}, exitFound},
		"never served": {func(p *port) { p.put(service("db"), &mcsv1alpha1.ServiceExport{ObjectMeta: named("db")}) },
			map[audit.Kind][]string{audit.Missing: {"Service shop/db"}}, exitFound},
		"outside": {func(p *port) { p.served("db", "10.9.9.9") },
			map[audit.Kind][]string{audit.Outside: {"GlobalIngressIP shop/db 10.9.9.9"}}, exitFound},
	} {
		t.Run(name, func(t *testing.T) {
			p := dock(t)
			p.served("web", "242.0.0.9")
			c.state(p)

			code, found := p.check()
			assert.Equal(t, c.want, found)
			assert.Equal(t, c.code, code)
		})
	}
}

func TestCheckUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
		code int
	}{
		"output":      {[]string{"--output=xml"}, `--output "xml": use text or json`, exitInvalid},
		"settle":      {[]string{"--settle=-1s"}, "use 0 or more", exitInvalid},
		"CIDR":        {[]string{"--global-cidr=242.0.0.0"}, "write it like", exitInvalid},
		"kubeconfig":  {[]string{"--kubeconfig=/does/not/exist"}, "find the API server", exitInvalid},
		"unreachable": {[]string{"--kubeconfig=" + unreachable(t)}, "list", exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer

			assert.Equal(t, c.code, run(t.Context(), append([]string{"check"}, c.args...), &stdout, &stderr))
			assert.Contains(t, stderr.String(), c.want)
			assert.Empty(t, stdout.String())
		})
	}
}

func unreachable(t *testing.T) string {
	t.Helper()

	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, []byte(`apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: c, context: {cluster: c}}]
current-context: c
`), 0o600))

	return path
}
