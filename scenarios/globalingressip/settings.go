package globalingressip

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/internal/yamlread"
	"github.com/seatrial/seatrial/scenarios"
)

// Settings of a world with GlobalIngressIPs.
type Settings struct {
	// CIDRs are the pools of global IPs. IPv4, /30 or larger, without overlap.
	// Default 242.0.0.0/24.
	CIDRs      []netip.Prefix
	Controller Controller
	// Consumers watch GlobalIngressIPs as remote clusters would. Default none,
	// at most 5.
	Consumers int
	// Rollouts deploy the controller anew, in order of time.
	Rollouts []Rollout
}

// Controller says how the subject is deployed.
type Controller struct {
	Replicas       int // default 1, at most 5
	Workers        int // reconciles at a time; default 1, at most 64
	LeaderElection bool
	// Start is when it is first started; default 0s.
	Start time.Duration
	// MoveOutside and Version are as of a [Rollout], from the start.
	MoveOutside bool
	Version     string
}

const (
	defaultReplicas = 1
	defaultWorkers  = 1
	mostWorkers     = 64
	// smallestPrefix: /30 has two usable addresses, /31 and /32 none, because
	// the first and the last address of a range are not given out.
	smallestPrefix = 30
)

// cidrPattern is an IPv4 range as [netip.ParsePrefix] reads it: no number begins with 0.
const cidrPattern = `^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])/(3[0-2]|[12]?[0-9])$`

var wantCIDR = "an IPv4 range such as " + defaultCIDR.String()

var defaultCIDR = netip.MustParsePrefix("242.0.0.0/24")

// settings of a plan of this family.
func settings(p *scenarios.Plan) *Settings { return p.Settings.(*Settings) }

// Default implements [scenarios.Settings].
func (s *Settings) Default() {
	if s.CIDRs == nil {
		s.CIDRs = []netip.Prefix{defaultCIDR}
	}
	if s.Controller.Replicas == 0 {
		s.Controller.Replicas = defaultReplicas
	}
	if s.Controller.Workers == 0 {
		s.Controller.Workers = defaultWorkers
	}
}

// Clone implements [scenarios.Settings].
func (s *Settings) Clone() scenarios.Settings {
	c := *s
	c.CIDRs, c.Rollouts = slices.Clone(s.CIDRs), slices.Clone(s.Rollouts)
	return &c
}

// Validate implements [scenarios.Settings].
func (s *Settings) Validate(report scenarios.Report) {
	validateCIDRs(report, "world.cidrs", s.CIDRs)
	s.validateRollouts(report)
	report.AtMost("world.controller.replicas", s.Controller.Replicas, scenarios.MostReplicas)
	report.AtMost("world.controller.workers", s.Controller.Workers, mostWorkers)
	if s.Consumers != 0 {
		report.AtMost("world.consumers", s.Consumers, scenarios.MostReplicas)
	}
}

func validateCIDRs(report scenarios.Report, field string, cidrs []netip.Prefix) {
	for i := range cidrs {
		validateCIDR(report, fmt.Sprintf("%s[%d]", field, i), cidrs, i)
	}
}

func validateCIDR(report scenarios.Report, field string, cidrs []netip.Prefix, i int) {
	c := cidrs[i]
	if !c.IsValid() || !c.Addr().Is4() {
		report(field, fmt.Sprintf("%s is not an IPv4 range", c), wantCIDR)
		return
	}
	if c.Bits() > smallestPrefix {
		report(field, fmt.Sprintf("%s has no address to give out", c), "a /30 or larger")
	}
	if c != c.Masked() {
		report(field, fmt.Sprintf("%s has bits set after its prefix", c), c.Masked().String())
	}
	if j := slices.IndexFunc(cidrs[:i], func(o netip.Prefix) bool { return o.IsValid() && o.Overlaps(c) }); j >= 0 {
		report(field, fmt.Sprintf("%s overlaps %s", c, cidrs[j]), "ranges without a common address")
	}
}

// subjects are the names of the processes under test.
func (s *Settings) subjects() []string {
	if s.Controller.Replicas <= 1 {
		return []string{"controller"}
	}
	names := make([]string, s.Controller.Replicas)
	for i := range names {
		names[i] = fmt.Sprintf("controller-%d", i+1)
	}
	return names
}

// consumers are the names of the processes that watch GlobalIngressIPs.
func (s *Settings) consumers() []string {
	var names []string
	for i := range s.Consumers {
		names = append(names, fmt.Sprintf("consumer-%d", i+1))
	}
	return names
}

var settingsFields = format.Object[Settings]{
	format.Custom("cidrs", "Pools of global IPs: IPv4, /30 or larger; by default 242.0.0.0/24.", cidrsSchema,
		readCIDRs(func(s *Settings) *[]netip.Prefix { return &s.CIDRs }), writeCIDRs(func(s *Settings) []netip.Prefix {
			if slices.Equal(s.CIDRs, []netip.Prefix{defaultCIDR}) {
				return nil
			}
			return s.CIDRs
		})),
	format.Flow("controller", "How the controller is deployed.", format.Object[Controller]{
		format.Count("replicas", "Replicas; by default 1.", defaultReplicas, func(c *Controller) *int { return &c.Replicas }),
		format.Count("workers", "Reconciles at a time; by default 1.", defaultWorkers, func(c *Controller) *int { return &c.Workers }),
		format.Flag("leaderElection", "One of the replicas is elected.", func(c *Controller) *bool { return &c.LeaderElection }),
		format.Duration("start", "When it is first started; by default 0s.", 0, func(c *Controller) *time.Duration { return &c.Start }),
		format.Flag("moveOutside", "Addresses outside of the pools are given up for others.", func(c *Controller) *bool { return &c.MoveOutside }),
		format.Text("version", "The subject that is deployed first; by default the one that is put to sea.", func(c *Controller) *string { return &c.Version }),
	}, func(s *Settings) *Controller { return &s.Controller }),
	format.Count("consumers", "Watch GlobalIngressIPs as remote clusters would; by default none.", 0, func(s *Settings) *int { return &s.Consumers }),
	format.List("rollouts", "The controller is deployed anew, with other pools or another version.", rolloutFields, func(s *Settings) *[]Rollout { return &s.Rollouts }),
}

func cidrsSchema() format.Schema {
	return format.Schema{"type": "array", "minItems": 1, "items": format.Schema{"type": "string", "pattern": cidrPattern}}
}

func readCIDRs[T any](of func(*T) *[]netip.Prefix) func(*yamlread.Object, string, *T) {
	return func(o *yamlread.Object, name string, t *T) {
		o.List(name, func(n *yaml.Node, path string) {
			// A bad one is kept, invalid, so that the others keep their places.
			prefix, err := netip.ParsePrefix(n.Value)
			switch {
			case err != nil || n.Kind != yaml.ScalarNode:
				o.Doc.Report(n, path, yamlread.Describe(n)+" is not a CIDR", wantCIDR)
			case !prefix.Addr().Is4():
				o.Doc.Report(n, path, prefix.String()+" is not an IPv4 range", wantCIDR)
			}
			*of(t) = append(*of(t), prefix)
		})
	}
}

func writeCIDRs[T any](of func(*T) []netip.Prefix) func(*T) *yaml.Node {
	return func(t *T) *yaml.Node {
		cidrs := of(t)
		if len(cidrs) == 0 {
			return nil
		}
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
		for _, c := range cidrs {
			list.Content = append(list.Content, format.Scalar("!!str", c.String()))
		}
		return list
	}
}
