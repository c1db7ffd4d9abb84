package kinds

import (
	"fmt"
	"net/netip"
)

// Options are the settings of a real API server that its kinds depend on. The
// zero value is a single-stack cluster with the usual ranges.
type Options struct {
	// ServiceCIDRs are the ranges of cluster IPs, at most one of each family,
	// the primary family first. Default: 10.0.0.0/24.
	ServiceCIDRs []netip.Prefix
	// NodePorts is the range of node ports. Default: 30000-32767.
	NodePorts PortRange
	// Seed decides which free cluster IPs and node ports are picked. A pick
	// depends on the seed, the Service's namespace and name, how often
	// something was picked for that name, and on what is taken already; not on
	// the order of other picks.
	Seed uint64
}

// PortRange is a range of ports, both ends included.
type PortRange struct{ Min, Max int32 }

// String is how the real server writes a range in its errors: "30000-32767".
func (r PortRange) String() string { return fmt.Sprintf("%d-%d", r.Min, r.Max) }
