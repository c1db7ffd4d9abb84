package controller

import (
	"net/netip"
	"sync"
)

// ownClaims is the set of addresses claimed by this controller, for metrics.
type ownClaims struct {
	mutex sync.Mutex
	addrs map[netip.Addr]bool
}

func newOwnClaims() *ownClaims { return &ownClaims{addrs: map[netip.Addr]bool{}} }

func (o *ownClaims) set(addr netip.Addr, own bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()

	if own {
		o.addrs[addr] = true
	} else {
		delete(o.addrs, addr)
	}
}

func (o *ownClaims) within(cidr netip.Prefix) int {
	o.mutex.Lock()
	defer o.mutex.Unlock()

	count := 0

	for addr := range o.addrs {
		if cidr.Contains(addr) {
			count++
		}
	}

	return count
}
