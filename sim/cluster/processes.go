package cluster

import "github.com/seatrial/seatrial/sim"

// Names of the processes that stand-ins run in, as a cluster's own are called.
const (
	KubeletProcess           = "kubelet"
	SchedulerProcess         = "kube-scheduler"
	ControllerManagerProcess = "kube-controller-manager"
	CloudProcess             = "cloud-controller-manager"
)

// paced is one controller of the control plane that has no settings but its pace.
type paced struct {
	field string // of Options
	pace  *Controller
	part  func(Controller) part
}

// controllers lists those of kube-controller-manager, in a fixed order.
func (o *Options) controllers() []paced {
	return []paced{
		{"deployments", o.Deployments, deployments},
		{"replicaSets", o.ReplicaSets, replicaSets},
		{"statefulSets", o.StatefulSets, statefulSets},
		{"daemonSets", o.DaemonSets, daemonSets},
		{"jobs", o.Jobs, jobs},
		{"endpoints", o.Endpoints, endpoints},
		{"endpointSlices", o.EndpointSlices, endpointSlices},
		{"serviceAccounts", o.ServiceAccounts, serviceAccounts},
		{"rootCA", o.RootCA, rootCA},
	}
}

// processes are the stand-ins as programs. What kube-controller-manager has in one
// process is in one here: its controllers share their informers.
func (o *Options) processes(seed sim.Seed) []sim.Process {
	var out []sim.Process
	add := func(name string, parts ...part) {
		if len(parts) > 0 {
			out = append(out, sim.Process{Name: name, StandIn: true, Run: o.run(seed, parts...)})
		}
	}
	var manager []part
	for _, c := range o.controllers() {
		if c.pace != nil {
			manager = append(manager, c.part(*c.pace))
		}
	}
	if o.Volumes != nil {
		manager = append(manager, volumes(*o.Volumes))
	}
	add(ControllerManagerProcess, manager...)
	if o.Scheduler != nil {
		add(SchedulerProcess, scheduler(*o.Scheduler, o.Volumes != nil && !o.Volumes.WaitForConsumer))
	}
	if o.Kubelet != nil {
		add(KubeletProcess, kubelets(*o.Kubelet))
	}
	if o.LoadBalancers != nil {
		add(CloudProcess, loadBalancers(*o.LoadBalancers))
	}
	return out
}
