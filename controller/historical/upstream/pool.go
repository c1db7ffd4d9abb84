package upstream

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

var errInsufficient = errors.New("insufficient IPs available for allocation")

// Pool is the in-memory pool: the addresses nobody has. The highest is given
// out first, and an address that is released is at once available again.
type Pool struct {
	cidrs     []netip.Prefix
	available map[netip.Addr]bool
	highest   []netip.Addr // of each CIDR, where looking begins
}

func newPool(cidrs []netip.Prefix) *Pool {
	p := &Pool{cidrs: cidrs, available: map[netip.Addr]bool{}}

	for _, cidr := range cidrs {
		highest := cidr.Addr()

		// Neither the network address nor, having no successor, the broadcast
		// address is given out.
		for addr := cidr.Addr().Next(); cidr.Contains(addr.Next()); addr = addr.Next() {
			p.available[addr] = true
			highest = addr
		}

		p.highest = append(p.highest, highest)
	}

	return p
}

// Allocate takes the highest available address.
func (p *Pool) Allocate() (netip.Addr, error) {
	for i, cidr := range p.cidrs {
		for addr := p.highest[i]; cidr.Contains(addr); addr = addr.Prev() {
			if p.available[addr] {
				delete(p.available, addr)

				return addr, nil
			}
		}
	}

	return netip.Addr{}, errInsufficient
}

// Reserve takes one particular address.
func (p *Pool) Reserve(addr netip.Addr) error {
	switch {
	case !p.contains(addr):
		return fmt.Errorf("the requested IP %s is not contained in the CIDRs", addr)
	case !p.available[addr]:
		return fmt.Errorf("the requested IP %s is already allocated", addr)
	}

	delete(p.available, addr)

	return nil
}

// Release makes an address available.
func (p *Pool) Release(addr netip.Addr) {
	if p.contains(addr) {
		p.available[addr] = true
	}
}

func (p *Pool) contains(addr netip.Addr) bool {
	return slices.ContainsFunc(p.cidrs, func(cidr netip.Prefix) bool { return cidr.Contains(addr) })
}
