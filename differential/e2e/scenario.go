package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/seatrial/seatrial/deploy"
	"github.com/seatrial/seatrial/differential/realserver"
	"github.com/seatrial/seatrial/internal/realcluster"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// outages are when kube-apiserver is stopped, and for how long, by scenario.
var outages = map[string][]struct{ at, lasts time.Duration }{
	"api-server-restarts": {{15 * time.Second, 8 * time.Second}, {40 * time.Second, 20 * time.Second}},
}

// runOne runs a scenario on a control plane of its own.
func (o *options) runOne(ctx context.Context, b *binaries, plan scenarios.Plan) (result *realcluster.Result, err error) {
	server, err := realserver.Start(ctx, realserver.Options{Binaries: b.controlPlane, RBAC: true})
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	config, err := clientcmd.BuildConfigFromFlags("", server.Kubeconfig)
	if err != nil {
		return nil, err
	}
	config.WarningHandler = rest.NoWarnings{}
	token, err := install(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("install deploy/: %w", err)
	}
	folder := ""
	if o.logs != "" {
		folder = filepath.Join(o.logs, plan.Name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, err
		}
	}
	subject, _ := globalingressip.Registry().Find(globalingressip.Shipped)
	result, err = realcluster.Run(ctx, plan, realcluster.Options{
		Config: config, Token: token, Subject: subject, Seed: plan.Seed, Speed: o.speed, Folder: folder,
		Command: func(_, identity, kubeconfig string) *exec.Cmd { return b.command(&plan, identity, kubeconfig) },
		Events:  events(plan.Name, server),
	})
	if err == nil && result.Leftovers != "" {
		err = fmt.Errorf("the cluster is not as it was: %s", result.Leftovers)
	}
	return result, err
}

func events(scenario string, server *realserver.Server) []realcluster.Event {
	var events []realcluster.Event
	for _, outage := range outages[scenario] {
		events = append(events,
			realcluster.Event{At: outage.at, Do: func(context.Context) error { return server.StopAPIServer() }},
			realcluster.Event{At: outage.at + outage.lasts, Do: server.StartAPIServer})
	}
	return events
}

// command is the controller as deploy/deployment.yaml runs it, but for the ports.
func (b *binaries) command(plan *scenarios.Plan, identity, kubeconfig string) *exec.Cmd {
	var cidrs []string
	settings := plan.Settings.(*globalingressip.Settings)
	for _, cidr := range settings.CIDRs {
		cidrs = append(cidrs, cidr.String())
	}
	args := []string{
		"--kubeconfig=" + kubeconfig, "--global-cidr=" + strings.Join(cidrs, ","), "--identity=" + identity,
		fmt.Sprintf("--workers=%d", settings.Controller.Workers), "--log-format=text", "--log-level=debug",
		"--metrics-bind-address=0", "--health-probe-bind-address=0",
	}
	if settings.Controller.LeaderElection {
		args = append(args, "--leader-elect", "--leader-election-namespace="+deploy.Namespace)
	}
	return exec.Command(b.controller, args...)
}
