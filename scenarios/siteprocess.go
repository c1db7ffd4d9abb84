package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"gopkg.in/yaml.v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/internal/yamlread"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/program"
)

// SiteProcess is a program that a file names, as it ships, and how it is run.
type SiteProcess struct {
	Name string
	// Source says where it comes from. Folders and files in it are absolute, once
	// they are read.
	Source  program.Source
	Options program.Options
	// Replicas are called NAME-1, NAME-2 and so on when there is more than one.
	Replicas int
	// ServiceAccount, NAMESPACE/NAME, is whom the program is to the API server.
	ServiceAccount string
	// Exits are statuses with which it is ordinary that the program ends by itself.
	Exits []int

	place string
	// portable is Source's module or file as a plan has it, which may be run in another
	// folder and on another machine.
	portable string
}

// Names of its replicas.
func (p *SiteProcess) Names() []string { return ReplicaNames(p.Name, p.Replicas) }

// Place is where the file names the program: file:line:column.
func (p *SiteProcess) Place() string { return p.place }

// MayExit is [program.Options.MayExit] for the statuses that are ordinary.
func (p *SiteProcess) MayExit(err error) bool {
	status := 0
	var exit *program.ExitError
	if errors.As(err, &exit) {
		status = exit.Code
	} else if err != nil {
		return false // a probe failed
	}
	return slices.Contains(p.Exits, status)
}

// ReplicaNames are the names of the processes of something that runs n times.
func ReplicaNames(name string, n int) []string {
	if n <= 1 {
		return []string{name}
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", name, i+1)
	}
	return names
}

// processFields are those of a program in a file. folder is where the file is.
func processFields(folder string) format.Object[SiteProcess] {
	return format.Object[SiteProcess]{
		format.Text("name", "What it is called; with replicas, NAME-1 and so on.", func(p *SiteProcess) *string { return &p.Name }).Required("a name such as manager"),
		format.Custom("build", "What it is built from: its module and the package of its main.", buildFields.Schema,
			func(o *yamlread.Object, name string, p *SiteProcess) {
				inner := o.Child(name)
				if inner == nil {
					return
				}
				buildFields.Read(inner, &p.Source)
				inner.Done()
				p.placeModule(folder)
			},
			func(p *SiteProcess) *yaml.Node {
				if p.Source.File != "" {
					return nil
				}
				return buildFields.Write(&program.Source{Module: p.portable, Package: p.Source.Package}).Flow().Node()
			}),
		format.Custom("program", "A file that seatrial build made before, instead of build.", format.AnyText,
			func(o *yamlread.Object, name string, p *SiteProcess) {
				o.Text(name, &p.Source.File)
				p.placeFile(folder)
			},
			func(p *SiteProcess) *yaml.Node {
				if p.Source.File == "" {
					return nil
				}
				return format.Scalar("!!str", p.portable)
			}),
		format.Texts("args", "Its arguments.", func(p *SiteProcess) *[]string { return &p.Options.Args }),
		format.TextMap("env", "Its environment, beside what every container finds. $(POD_NAME) and its like are replaced.", func(p *SiteProcess) *map[string]string { return &p.Options.Env }),
		format.Text("namespace", "The namespace of its pod; by default default.", func(p *SiteProcess) *string { return &p.Options.Namespace }),
		format.TextMap("files", "Files that are there when it starts: absolute names and what is in them.", func(p *SiteProcess) *map[string]string { return &p.Options.Files }),
		format.Count("replicas", "How many of it there are; by default 1.", 0, func(p *SiteProcess) *int { return &p.Replicas }),
		format.Text("serviceAccount", "NAMESPACE/NAME: it may do what roles and bindings allow this account; by default everything.", func(p *SiteProcess) *string { return &p.ServiceAccount }),
		format.Duration("start", "When it is first started; by default when the cluster is set up.", 0, func(p *SiteProcess) *time.Duration { return &p.Options.Start }),
		format.Positive("grace", "How long it has to end when its probe failed; by default 30s.", 0, func(p *SiteProcess) *time.Duration { return &p.Options.Grace }),
		format.Positive("patience", "How much processor time it may take without waiting for anything; by default 10s.", 0, func(p *SiteProcess) *time.Duration { return &p.Options.Patience }),
		format.Integers("exits", "Exit statuses with which it is ordinary that it ends by itself; by default none.", func(p *SiteProcess) *[]int { return &p.Exits }),
		format.List("liveness", "Liveness probes (HTTP), asked as a kubelet does.", probeFields, func(p *SiteProcess) *[]program.Probe { return &p.Options.Liveness }),
		format.List("volumes", "Folders whose files follow Secrets and ConfigMaps of the namespace, as in a pod.", volumeFields, func(p *SiteProcess) *[]program.Volume { return &p.Options.Volumes }),
		format.List("webhooks", "Services that the program answers for when the API server calls admission or conversion webhooks.", webhookFields, func(p *SiteProcess) *[]program.Webhook { return &p.Options.Webhooks }),
		format.Flow("metrics", "The page of metrics that is read at the end.", pageFields(func(p *program.Page) *program.Page { return p }), func(p *SiteProcess) *program.Page { return &p.Options.Metrics }),
	}
}

var buildFields = format.Object[program.Source]{
	format.Text("module", "Folder of the module, relative to this file and by default that of this file; or its path, in the checkout that this file or the working directory is in; or MODULE@VERSION of the module proxy.", func(s *program.Source) *string { return &s.Module }),
	format.Text("package", "Package of the main; by default the module's root.", func(s *program.Source) *string { return &s.Package }),
}

// pageFields are those of something that a program serves.
func pageFields[T any](at func(*T) *program.Page) format.Object[T] {
	return format.Object[T]{
		format.Count("port", "A port on which the program listens.", 0, func(t *T) *int { return &at(t).Port }).Required("the number of a port"),
		format.Flag("https", "It is served with TLS; nobody checks the certificate.", func(t *T) *bool { return &at(t).HTTPS }),
		format.Text("path", "Its path; by default what is usual.", func(t *T) *string { return &at(t).Path }),
	}
}

var webhookFields = format.Object[program.Webhook]{
	format.Text("service", "NAMESPACE/NAME of the Service that the webhook's configuration names.", func(w *program.Webhook) *string { return &w.Service }).Required("NAMESPACE/NAME of a Service"),
	format.Count("port", "The port on which the program listens, with TLS.", 0, func(w *program.Webhook) *int { return &w.Port }).Required("the number of a port"),
}

var volumeFields = format.Object[program.Volume]{
	format.Text("secret", "A Secret with a key for each file.", func(v *program.Volume) *string { return &v.Secret }),
	format.Text("configMap", "A ConfigMap with a key for each file, instead.", func(v *program.Volume) *string { return &v.ConfigMap }),
	format.Text("path", "The folder.", func(v *program.Volume) *string { return &v.Path }).Required("an absolute name, such as /tmp/k8s-webhook-server/serving-certs"),
	format.Flag("optional", "The program is started before it is there, too.", func(v *program.Volume) *bool { return &v.Optional }),
}

var probeFields = append(pageFields(func(p *program.Probe) *program.Page { return &p.Page }),
	format.Duration("initialDelay", "How long after its start it is first asked.", 0, func(p *program.Probe) *time.Duration { return &p.InitialDelay }),
	format.Positive("period", "How often; by default 10s.", 0, func(p *program.Probe) *time.Duration { return &p.Period }),
	format.Positive("timeout", "How long an answer may take; by default 1s.", 0, func(p *program.Probe) *time.Duration { return &p.Timeout }),
	format.Count("failureThreshold", "After how many failures in a row it is ended; by default 3.", 0, func(p *program.Probe) *int { return &p.FailureThreshold }),
)

// processesField is the list of programs, at the top of a file.
func processesField(folder string) format.Field[Site] {
	fields := processFields(folder)
	return format.ListOf("processes", "What is under test: programs as they ship, each built from its own module.", fields.Schema,
		func(o *yamlread.Object) SiteProcess {
			var p SiteProcess
			fields.Read(o, &p)
			o.Done()
			p.place = o.Doc.Place(o.Field("build"))
			if p.Source.File != "" {
				p.place = o.Doc.Place(o.Field("program"))
			}
			return p
		},
		func(p *SiteProcess) *yaml.Node { return fields.Write(p).Node() }, func(s *Site) *[]SiteProcess { return &s.Processes })
}

// validateProcesses reports programs that cannot be what is meant.
func (s *Site) validateProcesses(report Report) {
	taken := map[string]bool{SetUpUser: true}
	for i := range s.Processes {
		p, field := &s.Processes[i], fmt.Sprintf("processes[%d]", i)
		switch built := p.Source.Module != "" || p.Source.Package != ""; {
		case built && p.Source.File != "":
			report(field+".program", "given together with build", "one of the two")
		case !built && p.Source.File == "":
			report(field, "nothing says where the program comes from", "build, or program")
		}
		if len(validation.IsDNS1123Label(p.Name)) > 0 && p.Name != "" {
			report(field+".name", fmt.Sprintf("%q is not a name", p.Name), WantLabel)
		}
		for _, name := range p.Names() {
			if taken[name] {
				report(field+".name", fmt.Sprintf("the name %q is taken", name), "a name of its own for each")
			}
			taken[name] = true
		}
		if p.Replicas > MostReplicas {
			report(field+".replicas", fmt.Sprintf("%d is out of range", p.Replicas), fmt.Sprintf("1 to %d", MostReplicas))
		}
		if !sim.IsServiceAccount(p.ServiceAccount) {
			report(field+".serviceAccount", fmt.Sprintf("%q is no account", p.ServiceAccount), "NAMESPACE/NAME")
		}
		for _, problem := range p.Options.Problems() {
			report(field+"."+problem.Field, problem.Problem, problem.Want)
		}
	}
}

// processNames are those of all replicas of the site's programs.
func (s *Site) processNames() []string {
	var names []string
	for i := range s.Processes {
		names = append(names, s.Processes[i].Names()...)
	}
	return names
}
