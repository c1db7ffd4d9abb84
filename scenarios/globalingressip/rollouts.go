package globalingressip

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/model/globalnet"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Rollout deploys the controller anew: every replica is asked to end at a time, as a
// Deployment does, and started again; one that is down then starts as what is
// deployed by then.
type Rollout struct {
	At time.Duration
	// CIDRs are the pools from then on; nil: those before.
	CIDRs []netip.Prefix
	// MoveOutside: addresses outside of the pools are given up for others.
	MoveOutside bool
	// Version is the subject that is deployed, such as historical/sibling for what
	// Submariner has; empty: the one that is put to sea.
	Version string
}

var rolloutFields = format.Object[Rollout]{
	format.Moment("at", "When it happens.", func(r *Rollout) *time.Duration { return &r.At }),
	format.Custom("cidrs", "Pools of global IPs from then on; by default those before.", cidrsSchema,
		readCIDRs(func(r *Rollout) *[]netip.Prefix { return &r.CIDRs }), writeCIDRs(func(r *Rollout) []netip.Prefix { return r.CIDRs })),
	format.Flag("moveOutside", "Addresses outside of the pools are given up for others.", func(r *Rollout) *bool { return &r.MoveOutside }),
	format.Text("version", "The subject that is deployed, such as historical/sibling for what Submariner has; by default the one that is put to sea.", func(r *Rollout) *string { return &r.Version }),
}

// errRollout ends an incarnation that a rollout replaces.
var errRollout = errors.New("the controller is deployed anew")

// deployment is what is deployed at a time.
type deployment struct {
	globalnet.Pools
	version string
	since   time.Duration
	until   time.Duration // when the next one comes; 0: none does
}

// at is what is deployed then.
func (s *Settings) at(t time.Duration) deployment {
	d := deployment{Pools: globalnet.Pools{CIDRs: s.CIDRs, MoveOutside: s.Controller.MoveOutside}, version: s.Controller.Version}
	for _, r := range s.Rollouts {
		if r.At > t {
			d.until = r.At
			break
		}
		if r.CIDRs != nil {
			d.CIDRs = r.CIDRs
		}
		d.MoveOutside, d.version, d.since = r.MoveOutside, r.Version, r.At
	}
	return d
}

// last is what is deployed in the end.
func (s *Settings) last() deployment { return s.at(1<<63 - 1) }

// former are the pools that were deployed before the last ones.
func (s *Settings) former() []globalnet.Pools {
	var former []globalnet.Pools
	for _, r := range s.Rollouts {
		former = append(former, s.at(r.At-1).Pools)
	}
	return former
}

// versions are the names of all that is deployed at some time, other than the subject.
func (s *Settings) versions() []string {
	names := []string{s.Controller.Version}
	for _, r := range s.Rollouts {
		names = append(names, r.Version)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// named finds one of [Variants]; without a name it is v.
func (v Variant) named(name string) Variant {
	variants := Variants()
	if i := slices.IndexFunc(variants, func(o Variant) bool { return o.Name == name }); i >= 0 {
		return variants[i]
	}
	return v
}

// run is one incarnation of a replica, which ends when a rollout replaces it.
func (v Variant) run(ctx context.Context, s *Settings, env sim.Env, filter packetFilter) error {
	d := s.at(env.Started)
	if d.until > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, d.until-env.Started, errRollout)
		defer cancel()
	}
	err := v.named(d.version).Run(ctx, env.REST, s.options(d, env, filter))
	if errors.Is(context.Cause(ctx), errRollout) {
		return errRollout
	}
	return err
}

// mayExit: an end that a rollout makes is ordinary, beside those of the variant.
func (v Variant) mayExit(err error) bool {
	return errors.Is(err, errRollout) || v.MayExit != nil && v.MayExit(err)
}

func (s *Settings) validateRollouts(report scenarios.Report) {
	s.validateVersion(report, "world.controller.version", s.Controller.Version)
	for i, r := range s.Rollouts {
		field := fmt.Sprintf("world.rollouts[%d]", i)
		if r.At <= 0 {
			report(field+".at", "missing", "a time after the start")
		}
		if i > 0 && r.At <= s.Rollouts[i-1].At {
			report(field+".at", fmt.Sprintf("%s is not after the rollout before it, at %s", format.FormatDuration(r.At), format.FormatDuration(s.Rollouts[i-1].At)), "rollouts in order of time")
		}
		validateCIDRs(report, field+".cidrs", r.CIDRs)
		s.validateVersion(report, field+".version", r.Version)
	}
}

func (s *Settings) validateVersion(report scenarios.Report, field, version string) {
	known := slices.ContainsFunc(Variants(), func(v Variant) bool { return v.Name == version })
	if version != "" && !known {
		report(field, fmt.Sprintf("there is no subject %q", version), "a name such as "+Sibling+"; seatrial subjects lists them")
	}
}

// drawRollouts draws when and how the controller is deployed anew while things happen,
// in one plan of five: as it was, or with pools that grow, shrink or are elsewhere.
// Turns with another version are for scenario files: Submariner's promises less, and
// what it breaks when things fail is not ours.
func drawRollouts(d dice, pools []netip.Prefix, safety time.Duration) []Rollout {
	if !d.Chance(0.2) {
		return nil
	}
	var rollouts []Rollout
	at := time.Duration(0)
	for i := range 1 + d.Weighted(3, 1) {
		at += d.Scale((safety-at)/10, (safety-at)*9/10).Truncate(time.Millisecond)
		r := Rollout{At: at, CIDRs: drawPools(d, pools, i)}
		if r.CIDRs != nil {
			pools, r.MoveOutside = r.CIDRs, d.Chance(0.5)
		}
		rollouts = append(rollouts, r)
	}
	return rollouts
}

// drawPools draws those of a rollout; nil: they stay.
func drawPools(d dice, pools []netip.Prefix, i int) []netip.Prefix {
	switch d.Weighted(2, 2, 2, 2) {
	case 1:
		return append(slices.Clone(pools), elsewhere(i, smallestPrefix-d.Between(0, 4)))
	case 2:
		return shrunk(pools)
	case 3:
		return []netip.Prefix{elsewhere(i, pools[len(pools)-1].Bits())}
	}
	return nil
}

// elsewhere is a pool that has nothing in common with those that plans begin with.
func elsewhere(i, bits int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{242, byte(2 + i), 0, 0}), bits)
}

// shrunk leaves the first of several pools, and of one the first half.
func shrunk(pools []netip.Prefix) []netip.Prefix {
	if len(pools) > 1 {
		return slices.Clone(pools[:1])
	}
	return []netip.Prefix{netip.PrefixFrom(pools[0].Addr(), min(pools[0].Bits()+1, smallestPrefix))}
}
