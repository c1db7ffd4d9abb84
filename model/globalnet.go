package model

import "net/netip"

// GlobalnetOptions says what a subject was told about its world.
type GlobalnetOptions struct {
	// CIDRs are the pools global IPs come from. Of each, every address may be
	// used but the network and the broadcast address.
	CIDRs []netip.Prefix
	// Claims requires an IPAddress claim for every published IP. Otherwise
	// that is required only of a subject that ever made one: Submariner's own
	// controller never did.
	Claims bool
	// Headless requires a global IP for everything that is ready behind an
	// exported headless service, too.
	Headless bool
}

// Globalnet lists the properties of a GlobalIngressIP controller. They say
// nothing about other controllers; add [Generic] for what holds of all.
func Globalnet(o GlobalnetOptions) []Property {
	return []Property{
		allocation(),
		noDoubleAssignment(),
		noFreeWhileExported(),
		converges(o),
		noLeaks(),
		conditionsTrue(),
	}
}

// GlobalnetMetrics lists what holds of a controller that has the metrics of
// docs/globalnet.md.
func GlobalnetMetrics(o GlobalnetOptions) []Property {
	return []Property{metricsTrue(o)}
}

// Generic lists the properties of any controller, and the one by which the
// harness checks its own API server.
func Generic() []Property {
	return []Property{
		noPanic(),
		noExit(),
		noHang(),
		noGoroutineLeak(),
		usersPerformed(),
		storeLinearizable(),
		quiet(),
		boundedRetries(),
	}
}

// usable tells whether an address may be given out.
func (o *GlobalnetOptions) usable(ip string) bool {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	for _, cidr := range o.CIDRs {
		if cidr.Contains(address) && address != cidr.Masked().Addr() && address != broadcast(cidr) {
			return true
		}
	}
	return false
}

// size is how many addresses the pools hold.
func (o *GlobalnetOptions) size() int {
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
