package service

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
)

// The messages of the real allocators, which end up in field errors.
var (
	errIPTaken    = errors.New("provided IP is already allocated")
	errIPMismatch = errors.New("the provided network does not match the current range")
	errRangeFull  = errors.New("range is full")
)

// ipPool hands out the addresses of one service CIDR, each to one holder.
//
// Like the real allocator it never gives the network address and, for IPv4,
// the broadcast address; and it picks from the upper part of the range first,
// so that the first addresses (1/16 of the range, at least 16 and at most 256)
// stay free for people who name theirs.
// See KEP-3070, "Reserve Service IP Ranges For Dynamic and Static IP Allocation".
type ipPool struct {
	prefix netip.Prefix
	first  netip.Addr
	size   uint64 // usable addresses, from first on
	static uint64 // how many of them dynamic picks avoid
	taken  map[netip.Addr]struct{}
}

func newIPPool(prefix netip.Prefix) *ipPool {
	prefix = prefix.Masked()
	hostBits := prefix.Addr().BitLen() - prefix.Bits()
	// Beyond 2^62 addresses nothing here can tell the difference.
	size := uint64(1) << min(hostBits, 62)
	if prefix.Addr().Is4() {
		size -= min(size, 2)
	} else {
		size--
	}
	return &ipPool{
		prefix: prefix,
		first:  prefix.Addr().Next(),
		size:   size,
		static: reserved(size, reservation{min: 16, max: 256, step: 16}),
		taken:  map[netip.Addr]struct{}{},
	}
}

// reservation tells how much of a range is left to static requests: one
// step-th, at least min, at most max; nothing if the range is smaller than min.
type reservation struct{ min, max, step uint64 }

func reserved(size uint64, r reservation) uint64 {
	if size < r.min {
		return 0
	}
	return min(max(size/r.step, r.min), r.max)
}

// holds: the address is one that can be given out.
func (p *ipPool) holds(addr netip.Addr) bool {
	return p.size > 0 && !addr.Less(p.first) && !addAddr(p.first, p.size-1).Less(addr)
}

// take reserves the address that a user named.
func (p *ipPool) take(addr netip.Addr) error {
	if !p.holds(addr) {
		return errIPMismatch
	}
	if _, found := p.taken[addr]; found {
		return errIPTaken
	}
	p.taken[addr] = struct{}{}
	return nil
}

// next reserves a free address; pick, any number, says where to start looking.
func (p *ipPool) next(pick uint64) (netip.Addr, error) {
	if addr, ok := p.scan(p.static, p.size, pick); ok {
		return addr, nil
	}
	if addr, ok := p.scan(0, p.static, pick); ok {
		return addr, nil
	}
	return netip.Addr{}, errRangeFull
}

// scan looks for a free address in [from, to), counted from first.
func (p *ipPool) scan(from, to, pick uint64) (netip.Addr, bool) {
	if from >= to {
		return netip.Addr{}, false
	}
	span := to - from
	start := pick % span
	// More steps than addresses taken are never needed.
	for i := uint64(0); i < span && i <= uint64(len(p.taken)); i++ {
		addr := addAddr(p.first, from+(start+i)%span)
		if _, found := p.taken[addr]; !found {
			p.taken[addr] = struct{}{}
			return addr, true
		}
	}
	return netip.Addr{}, false
}

func (p *ipPool) release(addr netip.Addr) { delete(p.taken, addr) }

// addAddr returns the address n after addr.
func addAddr(addr netip.Addr, n uint64) netip.Addr {
	if addr.Is4() {
		b := addr.As4()
		sum := uint64(binary.BigEndian.Uint32(b[:])) + n
		if sum > math.MaxUint32 {
			panic(fmt.Sprintf("kinds: %v + %d leaves IPv4", addr, n))
		}
		binary.BigEndian.PutUint32(b[:], uint32(sum))
		return netip.AddrFrom4(b)
	}
	b := addr.As16()
	low := binary.BigEndian.Uint64(b[8:])
	if low+n < low {
		binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])+1)
	}
	binary.BigEndian.PutUint64(b[8:], low+n)
	return netip.AddrFrom16(b)
}
