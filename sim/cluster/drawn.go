package cluster

import "github.com/seatrial/seatrial/sim"

// Whoever links this package can have stand-ins in files.
func init() { sim.RegisterStandIns(func() sim.StandInOptions { return &Options{} }) }

// Drawn are stand-ins whose knobs the seed of each world decides, where they are left
// at zero; see [Options.Draw].
func Drawn(o Options) StandIns { return StandIns{o} }

// Drawn is [Drawn] of the options.
func (o *Options) Drawn() sim.StandIns { return Drawn(*o) }

// StandIns are options that are drawn anew for each world.
type StandIns struct{ options Options }

// AddTo is [Options.AddTo], of the options that the world's seed draws.
func (s StandIns) AddTo(config *sim.Config) error {
	o := s.options.clone()
	o.Draw(config.Seed)
	return o.AddTo(config)
}

// ProcessNames is [Options.ProcessNames].
func (s StandIns) ProcessNames() []string { return s.options.ProcessNames() }

// ProcessNames are those of the processes that AddTo adds.
func (o Options) ProcessNames() []string {
	o = o.withDefaults(&sim.Config{})
	var names []string
	for _, p := range o.processes(0) {
		names = append(names, p.Name)
	}
	return names
}

// clone is a copy whose stand-ins can be changed without changing the original's.
func (o Options) clone() Options {
	for _, c := range []**Controller{
		&o.Deployments, &o.ReplicaSets, &o.StatefulSets, &o.DaemonSets, &o.Jobs,
		&o.Endpoints, &o.EndpointSlices, &o.ServiceAccounts, &o.RootCA,
	} {
		own(c)
	}
	own(&o.Kubelet)
	own(&o.Scheduler)
	own(&o.Volumes)
	own(&o.LoadBalancers)
	return o
}

// own makes a pointer one to a copy.
func own[T any](p **T) {
	if *p != nil {
		c := **p
		*p = &c
	}
}
