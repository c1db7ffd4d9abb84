package seatrial

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Subject is the trial as the pipeline below this package takes it, with defaults in
// place of what the trial leaves out. The error says everything that is wrong with the
// trial.
func (tr Trial) Subject() (scenarios.Subject, error) {
	tr = tr.withDefaults()
	return tr.subject()
}

// subject is the trial as a subject of the pipeline. The error says everything
// that is wrong with the trial, which has its defaults.
func (tr *Trial) subject() (scenarios.Subject, error) {
	language, cluster, err := tr.language()
	if err != nil {
		return scenarios.Subject{}, err
	}
	s := scenarios.Subject{
		Name: tr.Name, Summary: "a trial", Language: language, Deploy: tr.deploy, Cluster: cluster,
		Properties: tr.properties, Servers: tr.Servers, StandIns: tr.StandIns,
		Baseline: &scenarios.Baseline{Ignore: tr.Ignore, Rename: tr.Rename, Unjudged: slices.Contains(tr.Except, scenarios.LikeBaseline)},
		World:    tr.world, Objects: tr.Objects.All(), Known: tr.Known, Without: tr.Server.Without,
	}
	s.Survey = func() (scenarios.Subject, scenarios.Plan) { return s, tr.ordinaryDay(language) }
	return s, tr.validate(s)
}

// language is that of the trial's cluster, and cluster what is in it beside
// definitions.
func (tr *Trial) language() (*scenarios.Language, []scenarios.Manifest, error) {
	crds, cluster, err := tr.Cluster.Definitions()
	if err := errors.Join(tr.Cluster.Err(), tr.Objects.Err(), err); err != nil {
		return nil, nil, err
	}
	catalog, err := scenarios.NewCatalog(slices.Concat(tr.Server.CRDs, crds)...)
	if err != nil {
		return nil, nil, err
	}
	l := &scenarios.Language{
		Name: tr.Name, Catalog: catalog, Namespaces: tr.namespaces(cluster), AnyNamespace: true, Programs: tr.programs(), Hosts: tr.hosts(), Webhooks: tr.webhookHosts(),
		Processes: func(*scenarios.Plan) (underTest, others []string) { return tr.names() }, Do: map[string]scenarios.DoFunc{},
	}
	for i := range tr.Steps {
		if do, ok := tr.Steps[i].Action.(*scenarios.Do); ok {
			l.Do[do.Function] = do.Call
		}
	}
	return l, cluster, nil
}

func (tr *Trial) namespaces(cluster []scenarios.Manifest) []string {
	all := slices.Clone(tr.Server.Namespaces)
	for i := range cluster {
		if kind, _, name := cluster[i].Identity(); kind == "Namespace" {
			all = append(all, name)
		}
	}
	return all
}

// names of the processes under test, and of the stand-ins.
func (tr *Trial) names() (underTest, others []string) {
	for _, p := range tr.processes() {
		if p.StandIn {
			others = append(others, p.names()...)
		} else {
			underTest = append(underTest, p.names()...)
		}
	}
	if tr.StandIns != nil {
		others = append(others, tr.StandIns.ProcessNames()...)
	}
	return underTest, others
}

func (tr *Trial) deploy(plan *scenarios.Plan) []sim.Process {
	var all []sim.Process
	for _, p := range tr.processes() {
		for _, name := range p.names() {
			if !slices.Contains(plan.World.Without, name) {
				all = append(all, p.replica(name))
			}
		}
	}
	return all
}

// replica is one process. That its program can be had was found out when the trial
// was checked.
func (p *Process) replica(name string) sim.Process {
	if p.Binary == nil {
		return sim.Process{Name: name, Start: p.Start, MayExit: p.MayExit, Run: p.run, StandIn: p.StandIn, ServiceAccount: p.ServiceAccount}
	}
	s, err := p.Binary.process(name, p)
	if err != nil {
		panic(fmt.Sprintf("seatrial: the program of process %s is gone: %v", name, err))
	}
	return s
}

// hosts are the names of the trial's servers.
func (tr *Trial) hosts() []string {
	var hosts []string
	for _, s := range tr.Servers {
		hosts = append(hosts, s.Host)
	}
	return hosts
}

// webhookHosts are those of webhooks that programs serve or manifests name.
func (tr *Trial) webhookHosts() []string {
	var hosts []string
	for _, p := range tr.processes() {
		hosts = append(hosts, p.webhookHosts()...)
	}
	return scenarios.WebhookHosts(hosts, tr.Cluster, tr.Objects)
}

// webhookHosts are those that the process is known to serve.
func (p *Process) webhookHosts() []string {
	var hosts []string
	if p.Binary != nil {
		for _, w := range p.Binary.Options.Webhooks {
			hosts = append(hosts, w.Host())
		}
	}
	return hosts
}

// checkHosts says which webhooks of programs are at a host that is another's.
func (tr *Trial) checkHosts() error {
	var errs []error
	servedBy := map[string]string{}
	for _, host := range tr.hosts() {
		servedBy[host] = "a server of the trial"
	}
	for _, p := range tr.processes() {
		for _, host := range p.webhookHosts() {
			place := "processes: " + p.Name
			if p.Binary.place != "" {
				place = p.Binary.place + ": process " + p.Name
			}
			if other := servedBy[host]; other != "" {
				errs = append(errs, fmt.Errorf("%s: webhooks: %s has the host %s already (want each host once)", place, other, host))
			}
			servedBy[host] = "process " + p.Name
		}
	}
	return errors.Join(errs...)
}

// programs are the names of the processes that are programs of their own.
func (tr *Trial) programs() []string {
	var names []string
	for _, p := range tr.processes() {
		if p.Binary != nil {
			names = append(names, p.names()...)
		}
	}
	return names
}

// properties are the laws of a run, but that it ends like its baseline.
func (tr *Trial) properties(plan *scenarios.Plan) []model.Property {
	all := append(scenarios.GenericProperties(plan), tr.Properties...)
	return slices.DeleteFunc(all, func(p model.Property) bool { return slices.Contains(tr.Except, p.Name) })
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// planName makes a plan's name of a trial's, which may be that of a test.
func (tr *Trial) planName(suffix string) string {
	const longest = 60
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(tr.Name), "-"), "-")
	if len(name) > longest {
		name = strings.Trim(name[:longest], "-")
	}
	return strings.Trim(name+"-"+suffix, "-")
}

// world is the plan of a seed without what users do with the trial's objects.
func (tr *Trial) world(seed sim.Seed, extras scenarios.Extras) scenarios.Plan {
	p := tr.plan(fmt.Sprintf("seed-%d", seed))
	if tr.Server.Replicas == 0 {
		// With two, a process can meet one whose cache is behind the other's.
		p.World.APIServer.Replicas = 1 + sim.NewDice(seed, "trial/API servers").Intn(2)
	}
	if extras.Contention {
		p.World.APIServer.WatchList = sim.NewDice(seed, "plan/contention").Chance(0.4)
	}
	p.Faults = slices.Clone(tr.Faults)
	return p
}

func (tr *Trial) plan(suffix string) scenarios.Plan {
	p := scenarios.Plan{
		Name: tr.planName(suffix), Safety: tr.Safety, Settle: tr.Settle, Site: tr.site,
		World: scenarios.World{
			Namespaces: slices.Clone(tr.Server.Namespaces), Latency: tr.Network.Latency,
			APIServer: scenarios.APIServer{
				Replicas: tr.Server.Replicas, WatchList: tr.Server.WatchList, CompactEvery: tr.Server.CompactEvery,
			},
		},
	}
	for _, s := range tr.Steps {
		if s.Action != nil {
			s.Action = s.Action.Clone()
		}
		p.Steps = append(p.Steps, s)
	}
	return p
}

// ordinaryDay is the plan in which every object is applied and nothing else
// happens but the trial's own steps.
func (tr *Trial) ordinaryDay(language *scenarios.Language) scenarios.Plan {
	p := tr.plan("ordinary-day")
	p.Language = language
	for i := range tr.Objects.All() {
		p.Steps = append(p.Steps, Apply(min(time.Duration(i+1)*time.Second, tr.Safety-time.Millisecond), tr.Objects.Only(i)))
	}
	p.Default()
	scenarios.NameTwins(p.Steps)
	return p
}

// validate says everything that is wrong with the trial.
func (tr *Trial) validate(s scenarios.Subject) error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	underTest, others := tr.names()
	if len(underTest) == 0 {
		wrong("controller: nothing is under test (want a function, or a Process that is no stand-in)")
	}
	seen := map[string]bool{}
	for _, name := range slices.Concat(underTest, others) {
		if name == "" || seen[name] {
			wrong("processes: the name %q is missing or taken (want a name of its own for each)", name)
		}
		seen[name] = true
	}
	for _, p := range tr.processes() {
		ways := 0
		for _, given := range []bool{p.Run != nil, p.Env != nil, p.Binary != nil} {
			if given {
				ways++
			}
		}
		if ways != 1 {
			wrong("processes: %s has %d of Run, Env and Binary (want one)", p.Name, ways)
		}
		if !sim.IsServiceAccount(p.ServiceAccount) {
			wrong("processes: %s: %q is no service account (want NAMESPACE/NAME)", p.Name, p.ServiceAccount)
		}
	}
	if tr.Safety <= 0 || tr.Settle < leastSettle {
		wrong("safety %s, settle %s: out of range (want more than 0s, and at least %s)", tr.Safety, tr.Settle, leastSettle)
	}
	errs = append(errs, sim.CheckServers(tr.Servers), tr.checkHosts())
	for _, name := range tr.Server.Without {
		if !slices.Contains(sim.BuiltInControllers(), name) {
			wrong("server: without: %q is no part of the API server (want any of %s)", name, strings.Join(sim.BuiltInControllers(), ", "))
		}
	}
	if tr.StandIns != nil {
		errs = append(errs, tr.StandIns.AddTo(&sim.Config{Safety: tr.Safety}))
	}
	errs = append(errs, tr.Cluster.CheckKinds(s.Language.Catalog), tr.Objects.CheckKinds(s.Language.Catalog))
	errs = append(errs, tr.validateProperties(s.Language.Catalog)...)
	if errors.Join(errs...) == nil {
		errs = append(errs, tr.validatePlan(s))
	}
	if errors.Join(errs...) == nil {
		for _, p := range tr.processes() {
			if p.Binary != nil { // building takes long, so it comes last
				errs = append(errs, p.Binary.check(p.Name))
			}
		}
	}
	return errors.Join(errs...)
}

// validatePlan checks steps and faults as those of a scenario file are. A rule
// that can do nothing would make a test that proves nothing.
func (tr *Trial) validatePlan(s scenarios.Subject) error {
	p := tr.world(1, scenarios.Extras{})
	p.Language = s.Language
	if tr.Server.Replicas == 0 {
		p.World.APIServer.Replicas = 2 // in half of the seeds
	}
	p.Steps = append(p.Steps, tr.ordinaryDay(s.Language).Steps[len(tr.Steps):]...)
	p.Default()
	scenarios.NameTwins(p.Steps)
	return p.Validate()
}

func (tr *Trial) validateProperties(catalog *scenarios.Catalog) []error {
	var errs []error
	names := map[string]bool{scenarios.LikeBaseline: true}
	for _, p := range scenarios.GenericProperties(&scenarios.Plan{AtRest: 1}) {
		names[p.Name] = true
	}
	for _, name := range tr.Except {
		if !names[name] {
			errs = append(errs, fmt.Errorf("except: there is no generic property %q (they are listed in docs/use/properties.md)", name))
		}
	}
	for _, p := range tr.Properties {
		if names[p.Name] {
			errs = append(errs, fmt.Errorf("properties: %q is there twice, or the name of a generic one (want a name of its own)", p.Name))
		}
		names[p.Name] = true
	}
	laws := tr.Properties
	if tr.site != nil {
		errs = append(errs, tr.site.CheckLaws(catalog))
		laws = slices.DeleteFunc(slices.Clone(laws), tr.site.Has) // their places were told
	}
	errs = append(errs, catalog.CheckLaws(laws...))
	return errs
}
