package cluster

import (
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// Options says which stand-ins a world has: those that are not nil. The zero value
// of each is ready for use and does its work promptly and without a mistake.
//
// All fields with a json tag can be written in files; doc says what they mean.
type Options struct {
	Kubelet         *Kubelet       `json:"kubelet,omitempty" doc:"Nodes, and a kubelet for each that runs pods. Brings a scheduler with it."`
	Scheduler       *Scheduler     `json:"scheduler,omitempty" doc:"Binds pods to nodes that have room for them and whose taints they tolerate."`
	Deployments     *Controller    `json:"deployments,omitempty" doc:"The Deployment controller. Brings that of ReplicaSets with it."`
	ReplicaSets     *Controller    `json:"replicaSets,omitempty" doc:"The ReplicaSet controller."`
	StatefulSets    *Controller    `json:"statefulSets,omitempty" doc:"The StatefulSet controller."`
	DaemonSets      *Controller    `json:"daemonSets,omitempty" doc:"The DaemonSet controller."`
	Jobs            *Controller    `json:"jobs,omitempty" doc:"The Job controller, with the one that deletes finished Jobs after their TTL."`
	Endpoints       *Controller    `json:"endpoints,omitempty" doc:"The controller of Endpoints."`
	EndpointSlices  *Controller    `json:"endpointSlices,omitempty" doc:"The controller of EndpointSlices."`
	Volumes         *Volumes       `json:"volumes,omitempty" doc:"Binds PersistentVolumeClaims, to new volumes of a default storage class where none fits."`
	LoadBalancers   *LoadBalancers `json:"loadBalancers,omitempty" doc:"A cloud's Service controller: gives addresses to Services of type LoadBalancer."`
	ServiceAccounts *Controller    `json:"serviceAccounts,omitempty" doc:"The default ServiceAccount of each namespace, and the tokens of Secrets of type service-account-token."`
	RootCA          *Controller    `json:"rootCA,omitempty" doc:"The ConfigMap kube-root-ca.crt of each namespace."`
	// KubernetesService is the Service kubernetes in namespace default, with its
	// Endpoints and EndpointSlice, as objects that are there from the start.
	KubernetesService bool `json:"kubernetesService,omitempty" doc:"The Service kubernetes in namespace default, with its endpoints."`
	// Steady stand-ins work as the options say and promptly where they say nothing,
	// whatever the seed: Draw draws nothing.
	Steady bool `json:"steady,omitempty" doc:"Nothing is drawn by the seed: where nothing is said, a stand-in works promptly and without a mistake."`
	// Calm is when stand-ins stop failing by themselves: from then on no container
	// crashes, no pod is evicted and no node is lost. Default: three quarters of
	// the safety phase.
	Calm time.Duration `json:"calm,omitempty" doc:"When stand-ins stop failing by themselves. Default: three quarters of the safety phase."`
}

// Controller is how one controller of the control plane works.
type Controller struct {
	Delay    faults.Span `json:"delay,omitempty" doc:"How long after a change it acts, drawn for each. Default 0s."`
	FailRate float64     `json:"failRate,omitempty" doc:"Probability that a pass fails before it does anything and is tried again, after 1s, doubling. Default 0."`
}

// Scheduler binds pods. There is no preemption, no inter-pod affinity and no
// topology spread.
type Scheduler struct {
	Delay    faults.Span `json:"delay,omitempty" doc:"How long a pod waits to be looked at, drawn for each. Default 0s."`
	FailRate float64     `json:"failRate,omitempty" doc:"Probability that a pass fails and is tried again, after 1s, doubling. Default 0."`
}

// Kubelet is the nodes and what runs on them.
type Kubelet struct {
	Nodes  int    `json:"nodes,omitempty" doc:"How many nodes there are, node-1 and so on. Default 1."`
	CPU    string `json:"cpu,omitempty" doc:"What each node has for pods. Default 8."`
	Memory string `json:"memory,omitempty" doc:"What each node has for pods. Default 16Gi."`
	Pods   int    `json:"pods,omitempty" doc:"How many pods each node takes. Default 110."`
	// Taints are on every node but the first Untainted ones.
	Taints    []corev1.Taint `json:"taints,omitempty" doc:"Taints of the nodes from untainted on."`
	Untainted int            `json:"untainted,omitempty" doc:"How many nodes, the first ones, have no taints. Default 0."`

	Start faults.Span `json:"start,omitempty" doc:"How long from a pod's binding until its containers run. Default 1s to 2s."`
	Ready faults.Span `json:"ready,omitempty" doc:"How long until a container with a readiness probe is ready. Default 1s to 3s."`
	Runs  faults.Span `json:"runs,omitempty" doc:"How long containers run that are to end (restartPolicy Never, OnFailure). Default 2s to 10s."`
	Stop  faults.Span `json:"stop,omitempty" doc:"How long a pod takes to terminate, at most its grace period. Default 0s to 2s."`

	FailRate  float64     `json:"failRate,omitempty" doc:"Probability that a run of a pod's containers ends in failure. Default 0."`
	EvictRate float64     `json:"evictRate,omitempty" doc:"Probability that a pod is evicted by its kubelet. Default 0."`
	Lives     faults.Span `json:"lives,omitempty" doc:"How long after its start a container crashes, or a pod is evicted, if it does. Default 1s to 60s."`
	LostRate  float64     `json:"lostRate,omitempty" doc:"Probability that a node is lost once, and comes back. Default 0."`
	Lost      faults.Span `json:"lost,omitempty" doc:"How long a lost node stays away; pods are evicted from it after 5m. Default 10s to 60s."`

	// Probe, when set, decides whether a running pod is ready, instead of its
	// readiness probe: it is asked when the pod could first be ready and every
	// periodSeconds of the first container's probe (default 10) after. It must be
	// a function of its arguments; at is since the start of the run.
	Probe func(pod *corev1.Pod, at time.Duration) bool `json:"-"`
}

// Volumes is the binder, and the provisioner of the default storage class.
type Volumes struct {
	Delay           faults.Span `json:"delay,omitempty" doc:"How long provisioning takes, drawn for each claim. Default 0s."`
	FailRate        float64     `json:"failRate,omitempty" doc:"Probability that a pass fails and is tried again, after 1s, doubling. Default 0."`
	Class           string      `json:"class,omitempty" doc:"Name of the default storage class. Default standard."`
	WaitForConsumer bool        `json:"waitForConsumer,omitempty" doc:"Bind a claim only when a pod that uses it has a node."`
}

// LoadBalancers is a cloud's Service controller.
type LoadBalancers struct {
	Delay    faults.Span `json:"delay,omitempty" doc:"How long a load balancer takes to be made or removed, drawn for each. Default 0s."`
	FailRate float64     `json:"failRate,omitempty" doc:"Probability that the cloud fails and is asked again, after 1s, doubling. Default 0."`
}

// AddTo puts the stand-ins, and the objects that they need from the start, into a
// world. The error says everything that is wrong with the options, and names a
// stand-in that the world has already, by process. Options are not changed.
func (o Options) AddTo(config *sim.Config) error {
	o = o.withDefaults(config)
	errs := []error{o.validate()}
	processes := o.processes(config.Seed)
	for _, p := range processes {
		if slices.ContainsFunc(config.Processes, func(other sim.Process) bool { return other.Name == p.Name }) {
			errs = append(errs, fmt.Errorf("cluster: the world has a process %q already (want each stand-in once)", p.Name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	config.Processes = append(slices.Clip(config.Processes), processes...)
	config.Server.Objects = append(slices.Clip(config.Server.Objects), o.objects()...)
	return nil
}

// withDefaults is a copy in which every stand-in that is there has its defaults.
func (o Options) withDefaults(config *sim.Config) Options {
	if o.Calm == 0 {
		safety := config.Safety
		if safety == 0 {
			safety = 2 * time.Minute // sim's default
		}
		o.Calm = safety * 3 / 4
	}
	if o.Deployments != nil && o.ReplicaSets == nil {
		o.ReplicaSets = &Controller{}
	}
	if o.Kubelet != nil {
		k := *o.Kubelet
		k.withDefaults()
		o.Kubelet = &k
		if o.Scheduler == nil {
			o.Scheduler = &Scheduler{}
		}
	}
	if o.Volumes != nil {
		v := *o.Volumes
		if v.Class == "" {
			v.Class = "standard"
		}
		o.Volumes = &v
	}
	return o
}

func (k *Kubelet) withDefaults() {
	if k.Nodes == 0 {
		k.Nodes = 1
	}
	if k.Pods == 0 {
		k.Pods = 110
	}
	if k.CPU == "" {
		k.CPU = "8"
	}
	if k.Memory == "" {
		k.Memory = "16Gi"
	}
	second := func(span *faults.Span, low, high int) {
		if *span == (faults.Span{}) {
			*span = faults.Span{Min: time.Duration(low) * time.Second, Max: time.Duration(high) * time.Second}
		}
	}
	second(&k.Start, 1, 2)
	second(&k.Ready, 1, 3)
	second(&k.Runs, 2, 10)
	second(&k.Stop, 0, 2)
	second(&k.Lives, 1, 60)
	second(&k.Lost, 10, 60)
}
