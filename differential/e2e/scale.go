package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/seatrial/seatrial/deploy"
	"github.com/seatrial/seatrial/differential/realserver"
	"github.com/seatrial/seatrial/internal/realcluster"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

var (
	ingresses = schema.GroupVersionResource{Group: "submariner.io", Version: "v1", Resource: "globalingressips"}
	exports   = schema.GroupVersionResource{Group: "multicluster.x-k8s.io", Version: "v1alpha1", Resource: "serviceexports"}
	claims    = schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ipaddresses"}
	services  = schema.GroupVersionResource{Version: "v1", Resource: "services"}
)

const (
	scaleNamespace = "shop"
	creators       = 8
	scalePoll      = 250 * time.Millisecond
	// restartWatch is how long after a restart writes are looked for.
	restartWatch = 30 * time.Second
)

// scale measures, on a real control plane, what it takes to allocate for count
// exported Services, and to restart with them.
type scale struct {
	count   int
	out     io.Writer
	dynamic dynamic.Interface
	typed   kubernetes.Interface
	run     func() *exec.Cmd
}

func (o *options) measure(ctx context.Context, b *binaries, count int, out io.Writer) error {
	server, err := realserver.Start(ctx, realserver.Options{Binaries: b.controlPlane, RBAC: true, ServiceCIDR: "10.0.0.0/14"})
	if err != nil {
		return err
	}
	defer server.Stop()
	config, err := clientcmd.BuildConfigFromFlags("", server.Kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.WarningHandler = -1, rest.NoWarnings{}
	token, err := install(ctx, config)
	if err != nil {
		return err
	}
	s := &scale{count: count, out: out, dynamic: dynamic.NewForConfigOrDie(config), typed: kubernetes.NewForConfigOrDie(config)}
	subject, _ := globalingressip.Registry().Find(globalingressip.Shipped)
	if err := realcluster.Prepare(ctx, s.dynamic, subject, scaleNamespace); err != nil {
		return err
	}
	kubeconfig := filepath.Join(b.folder, "scale.kubeconfig")
	if err := writeTokenConfig(server.Kubeconfig, kubeconfig, token); err != nil {
		return err
	}
	s.run = func() *exec.Cmd {
		return exec.Command(b.controller, "--kubeconfig="+kubeconfig, "--global-cidr=242.0.0.0/16",
			"--leader-elect", "--leader-election-namespace="+deploy.Namespace, "--identity=scale",
			"--metrics-bind-address=0", "--health-probe-bind-address=0")
	}
	return s.measure(ctx)
}

func (s *scale) measure(ctx context.Context) error {
	if err := s.exportAll(ctx); err != nil {
		return err
	}
	cmd, begin := s.run(), time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := s.await(ctx, s.count); err != nil {
		return err
	}
	took := time.Since(begin)
	fmt.Fprintf(s.out, "%d Services allocated in %s, %s each; resident memory of the controller %s\n",
		s.count, took.Round(time.Millisecond), (took / time.Duration(s.count)).Round(time.Microsecond), resident(cmd))
	cmd.Process.Kill()
	cmd.Wait()
	return s.restart(ctx)
}

// restart starts the controller again: what it owns must stay as it is, to the
// resourceVersion, and one more export be served.
func (s *scale) restart(ctx context.Context) error {
	before, err := s.versions(ctx)
	if err != nil {
		return err
	}
	cmd := s.run()
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	time.Sleep(restartWatch)
	after, err := s.versions(ctx)
	if err != nil {
		return err
	}
	written := 0
	for object, version := range after {
		if before[object] != version {
			written++
		}
	}
	fmt.Fprintf(s.out, "restart with %d allocations: %d of %d objects written in %s; resident memory %s\n",
		s.count, written, len(before), restartWatch, resident(cmd))
	begin := time.Now()
	if err := s.export(ctx, "last"); err != nil {
		return err
	}
	if err := s.await(ctx, s.count+1); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "one more export: allocated after at most %s\n", time.Since(begin).Round(time.Millisecond))
	if written > 0 {
		return fmt.Errorf("a restart with everything in order wrote %d objects", written)
	}
	return nil
}

func (s *scale) exportAll(ctx context.Context) error {
	names := make(chan string)
	faults := make(chan error, creators)
	var working sync.WaitGroup
	for range creators {
		working.Go(func() {
			for name := range names {
				if err := s.export(ctx, name); err != nil {
					faults <- err
					return
				}
			}
		})
	}
	for i := range s.count {
		select {
		case names <- fmt.Sprintf("s%05d", i):
		case err := <-faults:
			return err
		}
	}
	close(names)
	working.Wait()
	return nil
}

func (s *scale) export(ctx context.Context, name string) error {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}},
	}}
	if _, err := s.typed.CoreV1().Services(scaleNamespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return err
	}
	export := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceExport"}}
	export.SetName(name)
	_, err := s.dynamic.Resource(exports).Namespace(scaleNamespace).Create(ctx, export, metav1.CreateOptions{})
	return err
}

// await returns when count GlobalIngressIPs have their address. It counts by a
// watch, so as not to burden the server with lists.
func (s *scale) await(ctx context.Context, count int) error {
	served := map[string]bool{}
	note := func(object *unstructured.Unstructured) {
		if ip, _, _ := unstructured.NestedString(object.Object, "status", "allocatedIP"); ip != "" {
			served[object.GetName()] = true
		}
	}
	for {
		// Each watch begins with a list: of so many changes the API server soon
		// forgets those from which a watch could be resumed.
		list, err := s.dynamic.Resource(ingresses).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for i := range list.Items {
			note(&list.Items[i])
		}
		if len(served) >= count {
			return nil
		}
		stream, err := s.dynamic.Resource(ingresses).Watch(ctx, metav1.ListOptions{ResourceVersion: list.GetResourceVersion()})
		if err != nil {
			return err
		}
		for event := range stream.ResultChan() {
			object, ok := event.Object.(*unstructured.Unstructured)
			if !ok {
				break // an error
			}
			if note(object); len(served) >= count {
				break
			}
		}
		stream.Stop()
		time.Sleep(scalePoll)
	}
}

// versions are the resourceVersions of everything that an allocation consists of.
func (s *scale) versions(ctx context.Context) (map[string]string, error) {
	versions := map[string]string{}
	for _, resource := range []schema.GroupVersionResource{ingresses, claims, services} {
		list, err := s.dynamic.Resource(resource).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			versions[resource.Resource+" "+list.Items[i].GetNamespace()+"/"+list.Items[i].GetName()] = list.Items[i].GetResourceVersion()
		}
	}
	return versions, nil
}

// resident is the memory that a running process occupies, where Linux tells.
func resident(cmd *exec.Cmd) string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		return "unknown"
	}
	for _, line := range strings.Split(string(status), "\n") {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
