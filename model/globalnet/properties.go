package globalnet

import (
	"net/netip"
	"slices"
	"time"

	"github.com/seatrial/seatrial/model"
)

// Pools are where global IPs come from.
type Pools struct {
	// CIDRs: of each, every address may be used but the network and the broadcast
	// address.
	CIDRs []netip.Prefix
	// MoveOutside says that what has an address of none of them is given another;
	// otherwise it keeps it.
	MoveOutside bool
}

// Options says what a subject was told about its world.
type Options struct {
	// Pools are what the subject was last told to give out.
	Pools
	// Since is when it was told, and Former are the pools that there were before.
	Since  time.Duration
	Former []Pools
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
func (p *Pools) usable(ip string) bool {
	address, err := netip.ParseAddr(ip)
	return err == nil && contains(p.CIDRs, address)
}

// everUsable tells whether an address may be given out now or might before.
func (o *Options) everUsable(ip string) bool {
	return o.usable(ip) || slices.ContainsFunc(o.Former, func(p Pools) bool { return p.usable(ip) })
}

// outside tells whether an address is of a former pool alone.
func (o *Options) outside(ip string) bool { return o.everUsable(ip) && !o.usable(ip) }

// kept tells whether who has an address may have it for good: it is of the pools, or
// was and nobody is moved.
func (o *Options) kept(ip string) bool { return o.usable(ip) || !o.MoveOutside && o.everUsable(ip) }

// moved tells whether an IP is given up as the subject is told to, or was: it is of none
// of the pools, and the one in its place is.
func (o *Options) moved(from, to string) bool {
	moves := func(p Pools) bool { return p.MoveOutside && !p.usable(from) && p.usable(to) }
	return moves(o.Pools) || slices.ContainsFunc(o.Former, moves)
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
func (p *Pools) size() int {
	total := 0
	for _, cidr := range p.CIDRs {
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
