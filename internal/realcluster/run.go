package realcluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Options say how a plan is run.
type Options struct {
	// Config reaches the API server, as somebody who may do everything.
	Config *rest.Config
	// Token is what the subject shows to the API server; empty: Config's own
	// credentials, which the proxy then adds.
	Token   string
	Subject scenarios.Subject
	Seed    sim.Seed
	// Speed divides the times at which users act and the weather changes, but not
	// how long anything takes; 0 stands for 1.
	Speed int
	// Folder keeps the logs of the subject's processes; empty: a temporary one,
	// removed at the end.
	Folder string
	// Command makes a process of the subject, which finds the API server by a
	// kubeconfig; nil: this program again, whose main calls [ServeIfSubject].
	Command func(process, identity, kubeconfig string) *exec.Cmd
	// Events are what else happens, such as the end of the API server.
	Events []Event
	// Log is told how users get on. Its zero value discards.
	Log logr.Logger
	// Settle is how long the world has at most to come to rest; 0: as the plan says.
	Settle time.Duration

	// baselines are what the end is compared with; late: what is under test starts
	// when the safety phase is over.
	baselines []*model.History
	late      bool
}

// Event is something done to the cluster at a time, not divided by Speed.
type Event struct {
	At time.Duration
	Do func(ctx context.Context) error
}

// Result is one run, judged.
type Result struct {
	Verdict  model.Verdict
	History  *model.History
	Fired    map[string]int // fault kind → times
	Unfired  []string       // IDs of the rules that never took effect
	Requests int            // of the subject
	// FaultFree: it failed without the plan's faults already.
	FaultFree bool
	Took      time.Duration
	// Leftovers says what could not be removed from the cluster; empty: it is as it was.
	// The next run on it would be judged by that.
	Leftovers string
}

// clean is an error when the cluster is not fit for another run.
func (r *Result) clean(after string) error {
	if r.Leftovers == "" {
		return nil
	}
	return fmt.Errorf("the cluster could not be cleaned after %s: %s", after, r.Leftovers)
}

// quietFor is how long nothing may have been written before a run is judged: what
// the property quiet looks at, and time for the last watch events.
const quietFor = 35 * time.Second

// Run takes the subject through a plan, which must be valid, and judges what
// happened. An error says that it could not be done; what the subject did wrong is
// in the result, and so is what could not be cleaned up after the last run.
//
// A subject with a [scenarios.Baseline] is taken through the plan without its faults
// first, as in a simulated run. When that fails, it is the result.
func Run(ctx context.Context, plan scenarios.Plan, o Options) (*Result, error) {
	if err := Feasible(&plan); err != nil {
		return nil, err
	}
	if o.Subject.Baseline == nil || len(plan.Faults) == 0 {
		return once(ctx, plan, o)
	}
	calm := plan.Clone()
	calm.Faults = nil
	base, err := once(ctx, calm, o)
	if err != nil || base.Verdict.Kind != model.VerdictPass {
		if base != nil {
			base.FaultFree = true
		}
		return base, err
	}
	if err := base.clean("the run without faults"); err != nil {
		return nil, err
	}
	if o.Subject.Baseline.Unjudged {
		return once(ctx, plan, o)
	}
	o.baselines = []*model.History{base.History}
	result, err := once(ctx, plan, o)
	if err != nil || result.Verdict.Property != scenarios.LikeBaseline {
		return result, err
	}
	if err := result.clean("the run with faults, and one that begins late has to tell whether it ended as it should"); err != nil {
		return nil, err
	}
	// What a controller shows only because it saw a state that came and went is no
	// part of the end that it has to reach: one that comes late tells.
	late := o
	late.baselines, late.late = nil, true
	other, err := once(ctx, calm, late)
	if err != nil {
		return nil, err
	}
	o.baselines = append(o.baselines, other.History)
	result.Verdict, result.Leftovers = model.Judge(result.History, o.laws(&plan)), other.Leftovers
	return result, nil
}

// once takes the subject through a plan and leaves the cluster as it was.
func once(ctx context.Context, plan scenarios.Plan, o Options) (*Result, error) {
	r, err := newRun(plan, o)
	if err != nil {
		return nil, err
	}
	defer r.removeFolder()
	if len(r.config.Servers) > 0 {
		return nil, fmt.Errorf("the subject's world has other servers than the API server: %w", ErrElsewhere)
	}
	if i := slices.IndexFunc(r.config.Processes, func(p sim.Process) bool { return p.Program }); i >= 0 {
		return nil, fmt.Errorf("process %s is a program, built with the simulation's clock and network in place of the machine's; on a cluster, deploy it as it ships and do what the plan does: %w", r.config.Processes[i].Name, ErrElsewhere)
	}
	if err := Prepare(ctx, r.client, r.Subject, r.namespaces()...); err != nil {
		return nil, fmt.Errorf("prepare the cluster: %w", err)
	}
	before, err := r.objects(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.setUp(ctx); err != nil {
		return nil, err
	}
	r.record.clock = newClock()
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	r.observer = &observer{client: r.client, catalog: r.Subject.Language.Catalog, record: r.record}
	if err := r.observer.observe(running); err != nil {
		return nil, err
	}
	r.weather = newWeather(o.Seed, r.plan.Faults, r.record)
	if err := r.startSubjects(running); err != nil {
		return nil, errors.Join(err, r.stopSubjects())
	}
	bystanders := r.watchOn(running)
	failed := r.safetyPhase(running)
	verdict := r.settle(running)
	result := &Result{Verdict: verdict, History: r.record.history(), Fired: r.record.fired, Unfired: r.unfired(), Took: r.record.now()}
	for i := range result.History.Calls {
		if !result.History.Calls[i].User {
			result.Requests++
		}
	}
	left := cleanUp(ctx, r.client, r.Subject, &r.plan)
	if left == nil {
		r.waitForReleases(ctx)
	}
	failed = errors.Join(failed, r.stopSubjects())
	cancel()
	r.observer.running.Wait()
	bystanders.Wait()
	if left = errors.Join(left, r.removeLeftovers(ctx, before)); left != nil {
		result.Leftovers = left.Error() // the verdict stands all the same
	}
	return result, failed
}

// namespaces are those that the world has from the start.
func (r *run) namespaces() []string { return r.config.Server.Namespaces }

// setUp lets the user who makes the objects of the cluster do that, before anything
// is recorded.
func (r *run) setUp(ctx context.Context) error {
	for _, p := range r.config.Processes {
		if p.Name != scenarios.SetUpUser || !p.User {
			continue
		}
		if err := p.Run(ctx, sim.Env{REST: unlimited(r.Config), Identity: p.Name, Log: r.Log}); err != nil {
			return fmt.Errorf("set the cluster up: %w", err)
		}
	}
	r.config.Processes = slices.DeleteFunc(r.config.Processes, func(p sim.Process) bool { return p.User && p.Name == scenarios.SetUpUser })
	return nil
}

// unfired are the IDs of the rules that never took effect.
func (r *run) unfired() []string {
	var ids []string
	for i := range r.plan.Faults {
		if id := r.plan.Faults[i].ID; r.record.struck[id] == 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// watchOn starts the users who go on until the run ends.
func (r *run) watchOn(ctx context.Context) *sync.WaitGroup {
	var bystanders sync.WaitGroup
	for _, p := range r.config.Processes {
		if p.Endless {
			bystanders.Go(func() { r.act(ctx, p) })
		}
	}
	return &bystanders
}

// run is one run under way.
type run struct {
	Options
	plan     scenarios.Plan
	config   sim.Config
	client   dynamic.Interface
	record   *recorder
	weather  *weather
	observer *observer

	processes []*process
	proxies   []*proxy
	temporary bool
}

func newRun(plan scenarios.Plan, o Options) (*run, error) {
	if o.Log.GetSink() == nil {
		o.Log = logr.Discard()
	}
	r := &run{Options: o, plan: faster(plan, max(o.Speed, 1))}
	if o.Settle > 0 {
		r.plan.Settle = o.Settle
	}
	r.config = scenarios.NewWorld(r.plan, o.Subject, o.Seed)
	var err error
	if r.client, err = dynamic.NewForConfig(unlimited(o.Config)); err != nil {
		return nil, err
	}
	if o.Folder == "" {
		if r.Folder, err = os.MkdirTemp("", "seatrial-against-"); err != nil {
			return nil, err
		}
		r.temporary = true
	}
	r.record = newRecorder(newClock())
	return r, nil
}

func (r *run) removeFolder() {
	if r.temporary {
		os.RemoveAll(r.Folder)
	}
}

func unlimited(cfg *rest.Config) *rest.Config {
	cfg = rest.CopyConfig(cfg)
	cfg.QPS = -1
	cfg.WarningHandler = rest.NoWarnings{} // Endpoints are deprecated, and used on purpose
	return cfg
}

// faster divides the plan's times, but not the waits that a client sees.
func faster(plan scenarios.Plan, speed int) scenarios.Plan {
	by := time.Duration(speed)
	plan.Safety /= by
	plan.Steps = slices.Clone(plan.Steps)
	for i := range plan.Steps {
		plan.Steps[i].At /= by
	}
	plan.Faults = slices.Clone(plan.Faults)
	for i := range plan.Faults {
		rule := &plan.Faults[i]
		rule.From, rule.Until = rule.From/by, rule.Until/by
		if rule.RestartAfter > 0 {
			rule.RestartAfter /= by
		}
	}
	return plan
}

func (r *run) startSubjects(ctx context.Context) error {
	upstream, err := url.Parse(r.Config.Host)
	if err != nil {
		return fmt.Errorf("the API server's address: %w", err)
	}
	transport, err := rest.TransportFor(r.Config)
	if err != nil {
		return err
	}
	for _, p := range r.config.Processes {
		if p.User {
			continue
		}
		if err := r.startSubject(ctx, p, upstream, transport); err != nil {
			return fmt.Errorf("start %s: %w", p.Name, err)
		}
	}
	return nil
}

func (r *run) startSubject(ctx context.Context, p sim.Process, upstream *url.URL, transport http.RoundTripper) error {
	name := p.Name
	child := &process{name: name, folder: r.Folder, record: r.record, fair: r.weather.clear, standIn: p.StandIn, mayExit: p.MayExit}
	if child.delay = p.Start; r.late && !p.StandIn {
		child.delay = max(p.Start, r.plan.Safety)
	}
	gate := &proxy{
		process: name, standIn: p.StandIn, upstream: upstream, transport: transport, record: r.record, weather: r.weather, link: newLink(),
		kill: func(rule *faults.Rule) { child.kill(rule) },
	}
	if err := gate.listen(); err != nil {
		return err
	}
	r.proxies = append(r.proxies, gate)
	kubeconfig := filepath.Join(r.Folder, name+".kubeconfig")
	if err := writeKubeconfig(kubeconfig, gate.url(), r.Token); err != nil {
		return err
	}
	var err error
	if child.command, err = r.commandOf(name, kubeconfig); err != nil {
		return err
	}
	if err := child.run(ctx); err != nil {
		return err
	}
	r.processes = append(r.processes, child)
	return nil
}

func (r *run) commandOf(name, kubeconfig string) (func(identity string) *exec.Cmd, error) {
	if r.Command != nil {
		return func(identity string) *exec.Cmd { return r.Command(name, identity, kubeconfig) }, nil
	}
	plan, err := scenarios.Marshal(r.plan)
	if err != nil {
		return nil, err
	}
	t := task{Subject: r.Subject.Name, Kubeconfig: kubeconfig, Process: name, Plan: string(plan)}
	if _, err := itself(t); err != nil {
		return nil, err
	}
	return func(identity string) *exec.Cmd {
		t.Identity = identity
		cmd, _ := itself(t) // it could be made a moment ago
		return cmd
	}, nil
}

func writeKubeconfig(path, server, token string) error {
	return clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"proxy": {Server: server}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"subject": {Token: token}},
		Contexts:       map[string]*clientcmdapi.Context{"proxy": {Cluster: "proxy", AuthInfo: "subject"}},
		CurrentContext: "proxy",
	}, path)
}

func (r *run) stopSubjects() error {
	for _, p := range r.processes {
		p.stop()
	}
	for _, p := range r.proxies {
		p.close()
	}
	return nil
}

// safetyPhase is the time in which users act and faults are in force. It ends when
// the time is over and every user is done.
func (r *run) safetyPhase(ctx context.Context) error {
	storm, calm := context.WithCancel(ctx)
	defer calm()
	var acting, events sync.WaitGroup
	for _, rule := range r.weather.timed() {
		acting.Go(func() { r.happen(storm, rule) })
	}
	var mu sync.Mutex
	var failed []error
	for _, event := range r.Events {
		events.Go(func() {
			if pause(ctx, event.At-r.record.now(), nil) {
				if err := event.Do(ctx); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	var users sync.WaitGroup
	for _, p := range r.config.Processes {
		if p.User && !p.Endless {
			users.Go(func() { r.act(ctx, p) })
		}
	}
	pause(ctx, r.plan.Safety-r.record.now(), nil)
	r.weather.end()
	calm()
	acting.Wait()
	users.Wait()
	events.Wait()
	return errors.Join(append(failed, ctx.Err())...)
}

// happen carries out a rule that acts at a time.
func (r *run) happen(ctx context.Context, rule *faults.Rule) {
	if !pause(ctx, rule.From-r.record.now(), nil) {
		return
	}
	for i, p := range r.processes {
		if !rule.Match.Matches(faults.Call{Process: p.name, User: p.standIn}) {
			continue
		}
		if rule.Kind == faults.Crash {
			if p.kill(rule) {
				r.weather.happened(rule)
			}
			continue
		}
		r.weather.happened(rule)
		link := r.proxies[i].link
		link.cut(rule)
		defer link.mend(rule)
	}
	if rule.Kind == faults.Partition {
		until := rule.Until
		if until == 0 {
			until = r.plan.Safety
		}
		pause(ctx, until-r.record.now(), nil)
	}
}

// act is one user.
func (r *run) act(ctx context.Context, p sim.Process) {
	cfg := unlimited(r.Config)
	cfg.UserAgent = p.Name
	cfg.Wrap(func(inner http.RoundTripper) http.RoundTripper { return &wire{inner, p.Name, r.record} })
	err := p.Run(ctx, sim.Env{REST: cfg, Identity: p.Name, Log: r.Log.WithValues("user", p.Name)})
	if err != nil && ctx.Err() == nil {
		r.record.problem(model.Problem{Kind: model.Failing, Process: p.Name, Message: err.Error()})
	}
}

// settle waits until the world is at rest, or has had its time, and judges it.
func (r *run) settle(ctx context.Context) model.Verdict {
	deadline := r.record.now() + max(r.plan.Settle, 2*quietFor)
	laws := r.laws(&r.plan)
	for {
		pause(ctx, time.Second, nil)
		over := r.record.now() > deadline || ctx.Err() != nil
		if !over && (r.record.quiet() <= quietFor || r.record.now()-r.record.cleared <= quietFor) {
			continue
		}
		verdict := model.Judge(r.record.history(), laws)
		if verdict.Property == noOrphans && !collects(ctx, r.client) {
			laws = slices.DeleteFunc(laws, func(p model.Property) bool { return p.Name == noOrphans })
			verdict = model.Judge(r.record.history(), laws)
		}
		if over || verdict.Kind == model.VerdictPass || verdict.Kind == model.VerdictSafety {
			return verdict
		}
	}
}

// noOrphans is a law that needs a cluster with a garbage collector.
const noOrphans = "no-orphans"

// outside are the generic laws that can be judged from outside: not what is about the
// server's own consistency, nor what is inside the subject's process.
var outside = []string{"no-exit", "no-panic", "no-hang", "users-performed", "quiet", "bounded-retries", "finalizers-removed", noOrphans}

// laws are those that a run is judged by.
func (o *Options) laws(plan *scenarios.Plan) []model.Property {
	all := slices.DeleteFunc(o.Subject.Properties(plan), func(p model.Property) bool { return inside(p.Name, plan, &o.Subject) })
	if len(o.baselines) > 0 {
		all = append(all, model.LikeBaseline(model.BaselineOptions{Baselines: o.baselines, Ignore: o.Subject.Baseline.Ignore}))
	}
	return all
}

// inside says whether only a simulation can judge a law.
func inside(name string, plan *scenarios.Plan, subject *scenarios.Subject) bool {
	return !slices.Contains(outside, name) &&
		slices.ContainsFunc(slices.Concat(scenarios.GenericProperties(plan), subject.Inside), func(p model.Property) bool { return p.Name == name })
}

// waitForReleases gives the controller time to take back what it gave.
func (r *run) waitForReleases(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, crdPatience)
	defer cancel()
	for _, resource := range customResources(r.Subject) {
		for empty(ctx, r.client, resource) != nil && pause(ctx, time.Second, nil) {
		}
	}
}
