package globalnet

import (
	"fmt"
	"github.com/seatrial/seatrial/model"
	"net/netip"
)

// The gauges of docs/globalingressip/design.md that say how the pool stands.
const (
	metricFree    = "submariner_global_IP_availability"
	metricTaken   = "submariner_global_IP_allocated"
	metricIngress = "submariner_global_ingress_IP_allocated"
)

// metricsTrue judges what each process says of a CIDR in its metrics at the end
// of the run: the addresses claimed for GlobalIngressIPs are as many as there
// are such claims, and free and taken ones together are as many as it has.
// Somebody must say it of every CIDR; a standby says nothing.
func metricsTrue(o Options) model.Property {
	return model.Property{
		Name:     "metrics-true",
		Sentence: "After the weather has cleared, the metrics say of every CIDR how many of its IPs are claimed, taken and free.",
		Source:   "docs/globalingressip/design.md §5; Prometheus: whoever alerts on a gauge relies on it",
		Class:    model.ClassLiveness,
		Check: func(h *model.History) model.Result {
			if h.Ended <= h.Cleared {
				return model.Undecide("the run has no liveness phase")
			}
			for _, cidr := range o.CIDRs {
				if lie := lieAbout(h, cidr); lie != "" {
					return model.Breach(lie, model.Culprit{At: h.Ended, Text: "the end of the run"})
				}
			}
			return model.Holds()
		},
	}
}

// lieAbout compares the gauges of a CIDR with the claims that the last commit
// left behind.
func lieAbout(h *model.History, cidr netip.Prefix) string {
	claimed := float64(endOf(h).claimsIn(cidr))
	one := Pools{CIDRs: []netip.Prefix{cidr}}
	said := false
	sums := map[string]float64{}
	for _, m := range h.Metrics {
		if m.Labels["cidr"] != cidr.String() {
			continue
		}
		switch m.Name {
		case metricIngress:
			said = true
			if m.Value != claimed {
				return fmt.Sprintf("%s says %s=%v of %s, but %v are claimed", m.Process, m.Name, m.Value, cidr, claimed)
			}
		case metricFree, metricTaken:
			sums[m.Process] += m.Value
		}
	}
	for _, m := range h.Metrics {
		if m.Name == metricFree && m.Labels["cidr"] == cidr.String() && sums[m.Process] != float64(one.size()) {
			return fmt.Sprintf("%s says that %v IPs of %s are free or taken, but it has %d", m.Process, sums[m.Process], cidr, one.size())
		}
	}
	if !said {
		return fmt.Sprintf("nobody says %s of %s", metricIngress, cidr)
	}
	return ""
}

// claimsIn counts the claims on addresses of a CIDR that GlobalIngressIPs have.
func (c *cluster) claimsIn(cidr netip.Prefix) int {
	count := 0
	for ip, claim := range c.claims {
		if address, err := netip.ParseAddr(ip); err == nil && claim.ours && cidr.Contains(address) {
			count++
		}
	}
	return count
}
