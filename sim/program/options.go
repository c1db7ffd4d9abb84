package program

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim"
)

// Options say how a program is run, in the words of a pod's container. The zero value
// is a program without arguments in the namespace default.
type Options struct {
	Args []string
	// Env is what the program finds beside KUBERNETES_SERVICE_HOST and _PORT,
	// HOSTNAME, POD_NAME, POD_NAMESPACE and POD_IP. $(NAME) in a value stands for
	// one of these.
	Env map[string]string
	// Namespace of the pod; default "default".
	Namespace string
	// Files are there when a life begins, by absolute name, beside those of every
	// program (the service account's, [Kubeconfig]). What a program writes is gone
	// when its life ends.
	Files map[string]string
	// Start is when it is first started.
	Start time.Duration
	// MayExit says whether it is ordinary that the program ends by itself with err: nil
	// for status 0, else an [*ExitError] or a [*ProbeError]. Panics never are. Nil: never.
	MayExit func(err error) bool
	// Liveness are probes that are asked as a kubelet does. A process that fails one
	// is ended and started again, and has to answer for it as for any other exit.
	Liveness []Probe
	// Grace is how long a process has that was sent SIGTERM because its probe failed;
	// default 30s.
	Grace time.Duration
	// Patience is how much processor time the program may take before it waits for
	// something; default 10s. One that takes more is killed, which is a verdict.
	Patience time.Duration
	// Volumes are folders whose files follow Secrets and ConfigMaps, as in a pod: the
	// program is not started before they are there.
	Volumes []Volume
	// Webhooks are served by the program, on ports of its own, over TLS: admission and
	// conversion webhooks whose configuration in the cluster names the Service.
	Webhooks []Webhook
	// Metrics is the page that is read when the run ends; its counters and gauges are
	// in the history. Port 0: none is.
	Metrics Page
}

// Page is something that the program serves.
type Page struct {
	Port  int
	HTTPS bool
	Path  string // default: what is usual
}

// Webhook is a Service, NAMESPACE/NAME, and the port on which the program listens for it.
// Whether such a Service exists is for the cluster to say; the API server calls the latest
// replica that is there, checks its certificate by the configuration's caBundle, and is
// refused while the program does not listen.
type Webhook struct {
	Service string
	Port    int
}

// Volume is a folder, Path, with a file for each key of a Secret or of a ConfigMap in the
// program's namespace. What changes there is seen in the folder two seconds after the start
// and at each full minute of the program's life, as when a kubelet looks at its pods; the
// files change all at once.
type Volume struct {
	Secret, ConfigMap string // one of the two
	Path              string
	Optional          bool // the program is started without it, too
}

// Host is how the API server names the Service: NAME.NAMESPACE.svc.
func (w Webhook) Host() string {
	namespace, name, _ := strings.Cut(w.Service, "/")
	return name + "." + namespace + ".svc"
}

// Probe is a liveness probe (HTTP), with a pod's fields and defaults.
type Probe struct {
	Page
	InitialDelay     time.Duration
	Period           time.Duration // default 10s
	Timeout          time.Duration // default 1s
	FailureThreshold int           // default 3
}

func (p Probe) withDefaults() Probe {
	if p.Path == "" {
		p.Path = "/healthz"
	}
	if p.Period == 0 {
		p.Period = 10 * time.Second
	}
	if p.Timeout == 0 {
		p.Timeout = time.Second
	}
	if p.FailureThreshold == 0 {
		p.FailureThreshold = 3
	}
	return p
}

func (o Options) namespace() string {
	if o.Namespace == "" {
		return "default"
	}
	return o.Namespace
}

func (o Options) grace() time.Duration {
	if o.Grace == 0 {
		return 30 * time.Second
	}
	return o.Grace
}

func (o Options) patience() time.Duration {
	if o.Patience == 0 {
		return 10 * time.Second
	}
	return o.Patience
}

// Validate says everything that is wrong with the options.
func (o Options) Validate() error {
	var errs []error
	for _, p := range o.Problems() {
		errs = append(errs, fmt.Errorf("%s: %s (want %s)", p.Field, p.Problem, p.Want))
	}
	return errors.Join(errs...)
}

// Problem is what is wrong with one field of options, as files spell it.
type Problem struct{ Field, Problem, Want string }

const wantPort = "the number of a port on which the program listens"

// Problems lists everything that is wrong with the options, in the order of fields.
func (o Options) Problems() []Problem {
	var all []Problem
	wrong := func(field, want, problem string, args ...any) {
		all = append(all, Problem{field, fmt.Sprintf(problem, args...), want})
	}
	for _, name := range slices.Sorted(maps.Keys(o.Env)) {
		switch {
		case name == "" || strings.ContainsAny(name, "=\x00"):
			wrong("env", "letters, digits and underscores", "%q is no name of a variable", name)
		case slices.Contains(reserved, name):
			wrong("env", "it left out", "%s decides how the program runs in virtual time", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Files)) {
		if !path.IsAbs(name) || path.Clean(name) != name || name == "/" {
			wrong("files", "an absolute name, such as /etc/manager/config.yaml", "%q", name)
		}
	}
	for i, p := range o.Liveness {
		field := fmt.Sprintf("liveness[%d]", i)
		if p.Port < 1 || p.Port > 65535 {
			wrong(field, wantPort, "port %d", p.Port)
		}
		if d := p.withDefaults(); d.Timeout > d.Period || d.Timeout < 0 || d.InitialDelay < 0 || d.FailureThreshold < 1 {
			wrong(field, "nothing negative, and a time-out of at most the period",
				"timeout %s, period %s, initial delay %s, failure threshold %d", d.Timeout, d.Period, d.InitialDelay, d.FailureThreshold)
		}
	}
	for i, v := range o.Volumes {
		field := fmt.Sprintf("volumes[%d]", i)
		if (v.Secret == "") == (v.ConfigMap == "") {
			wrong(field, "the name of one of the two", "secret %q, configMap %q", v.Secret, v.ConfigMap)
		}
		if !path.IsAbs(v.Path) || path.Clean(v.Path) != v.Path || v.Path == "/" {
			wrong(field, "an absolute name of a folder, such as /tmp/k8s-webhook-server/serving-certs", "path %q", v.Path)
		}
		if slices.ContainsFunc(o.Volumes[:i], func(other Volume) bool { return other.Path == v.Path }) {
			wrong(field, "a folder for each", "path %q is given twice", v.Path)
		}
	}
	for i, w := range o.Webhooks {
		field := fmt.Sprintf("webhooks[%d]", i)
		if namespace, name, ok := strings.Cut(w.Service, "/"); !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
			wrong(field, "NAMESPACE/NAME of a Service", "service %q", w.Service)
		}
		if w.Port < 1 || w.Port > 65535 {
			wrong(field, wantPort, "port %d", w.Port)
		}
		if slices.ContainsFunc(o.Webhooks[:i], func(other Webhook) bool { return other.Service == w.Service }) {
			wrong(field, "one port for each", "service %q is given twice", w.Service)
		}
	}
	if o.Metrics.Port < 0 || o.Metrics.Port > 65535 {
		wrong("metrics", wantPort, "port %d", o.Metrics.Port)
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{{"grace", o.Grace}, {"start", o.Start}, {"patience", o.Patience}} {
		if d.value < 0 {
			wrong(d.field, "nothing negative", "%s", d.value)
		}
	}
	return all
}

// reserved are variables that the runtime of a program in virtual time depends on.
var reserved = []string{"GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG", "TZ", "SEATRIAL_PROGRAM"}

// Process puts the program to sea: what [sim.Config] takes. Each of its incarnations
// is a process of the machine, which lives in virtual time and ends, whatever happens,
// with the run. The same binary, options and seed give the same run, log included.
//
// Run panics when the options are not valid; see [Options.Validate].
func (b *Binary) Process(name string, o Options) sim.Process {
	if err := o.Validate(); err != nil {
		panic(fmt.Sprintf("program: process %s: %v", name, err))
	}
	return sim.Process{
		Name: name, Start: o.Start, MayExit: o.MayExit, Program: true,
		Run: func(ctx context.Context, env sim.Env) error { return b.run(ctx, env, o) },
	}
}

// environment is what the program finds. It is the same in all incarnations.
func (o Options) environment(env sim.Env) []string {
	name := env.Process
	given := map[string]string{
		"HOSTNAME": name, "POD_NAME": name, "POD_NAMESPACE": o.namespace(), "POD_IP": podIP,
		"KUBERNETES_SERVICE_HOST": apiServerIP, "KUBERNETES_SERVICE_PORT": strconv.Itoa(apiServerPort),
	}
	var pairs []string
	for known, value := range given {
		pairs = append(pairs, "$("+known+")", value)
	}
	expand := strings.NewReplacer(pairs...) // the names are distinct: their order decides nothing
	for variable, value := range o.Env {
		given[variable] = expand.Replace(value)
	}
	var all []string
	for _, variable := range slices.Sorted(maps.Keys(given)) {
		all = append(all, variable+"="+given[variable])
	}
	return all
}
