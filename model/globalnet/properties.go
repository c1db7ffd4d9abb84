package globalnet

import (
	"net/netip"
	"time"

	"github.com/seatrial/seatrial/model"
)

// Options says what a subject was told about its world.
type Options struct {
	// CIDRs are the pools global IPs come from. Of each, every address may be
	// used but the network and the broadcast address.
	CIDRs []netip.Prefix
	// Former are the pools that there were before, and MoveOutside says that what has
	// an address of theirs alone is given another; otherwise it keeps it.
	Former      []netip.Prefix
	MoveOutside bool
	// Since is when the CIDRs were deployed.
	Since time.Duration
	// Claims requires what docs/globalingressip/design.md §5 promises and Submariner's own
	// controller never did: an IPAddress claim for every IP in use, an IP kept
	// through changes of the type and a user's deletion of the GlobalIngressIP,
	// and copies of Endpoints. Of others claims alone are required, and only of
	// one that ever made a claim.
	Claims bool
	// Headless requires a global IP for everything that is ready behind an
	// exported headless service, too.
	Headless bool
}

// Properties lists the properties of a GlobalIngressIP controller. They say
// nothing about other controllers; add [model.Generic] for what holds of all.
func Properties(o Options) []model.Property {
	return []model.Property{
		allocation(o),
		noDoubleAssignment(),
		noFreeWhileExported(o),
		routeClaimed(o),
		converges(o),
		noLeaks(),
		conditionsTrue(),
	}
}

// Metrics lists what holds of a controller that has the metrics of
// docs/globalingressip/design.md.
func Metrics(o Options) []model.Property {
	return []model.Property{metricsTrue(o), countsTrue()}
}

// usable tells whether an address may be given out.
func (o *Options) usable(ip string) bool {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	return contains(o.CIDRs, address)
}

// everUsable tells whether an address may be given out now or might before.
func (o *Options) everUsable(ip string) bool {
	address, err := netip.ParseAddr(ip)
	return err == nil && (contains(o.CIDRs, address) || contains(o.Former, address))
}

// kept tells whether who has an address may have it for good: it is of the pools, or
// was and nobody is moved.
func (o *Options) kept(ip string) bool { return o.usable(ip) || !o.MoveOutside && o.everUsable(ip) }

// moved tells whether an IP is given up as it is to be: it is of none of the pools any
// more, and the one in its place is.
func (o *Options) moved(from, to string) bool {
	return o.MoveOutside && !o.usable(from) && o.usable(to)
}

func contains(pools []netip.Prefix, address netip.Addr) bool {
	for _, cidr := range pools {
		if cidr.Contains(address) && address != cidr.Masked().Addr() && address != broadcast(cidr) {
			return true
		}
	}
	return false
}

// size is how many addresses the pools hold.
func (o *Options) size() int {
	total := 0
	for _, cidr := range o.CIDRs {
		if host := cidr.Addr().BitLen() - cidr.Bits(); host >= 2 && host < 31 {
			total += 1<<host - 2
		}
	}
	return total
}

func broadcast(cidr netip.Prefix) netip.Addr {
	bytes := cidr.Masked().Addr().AsSlice()
	for bit := cidr.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}
