package ipam

import (
	"net/netip"
	"sync"
)

// Pool is a view of the free addresses of some CIDRs.
//
// An address is free unless it is claimed (an IPAddress object bears its name,
// whoever made it) or held (an owner has it written down, or was proposed it).
// An owner holds at most one address. Network and broadcast addresses are
// never proposed. Claims and holds of addresses outside the CIDRs are
// remembered but change nothing.
//
// Proposals are deterministic: the highest free address of the first CIDR that
// has one, in time independent of how many are taken. Safe for concurrent use;
// the order of concurrent calls decides who is proposed what.
//
// It does not model who owns a claim: see the IPAddress objects for that.
type Pool struct {
	mutex   sync.Mutex
	blocks  []*block
	claimed map[netip.Addr]bool
	holders map[netip.Addr]int    // owners that hold the address
	held    map[string]netip.Addr // owner → the address it holds
}

// Usage counts the addresses of one CIDR. Taken and Free add up to its usable
// size.
type Usage struct {
	CIDR  netip.Prefix
	Taken int
	Free  int
}

// NewPool returns a pool of all usable addresses of cidrs, which must satisfy
// ValidateCIDRs; it panics otherwise.
func NewPool(cidrs []netip.Prefix) *Pool {
	if err := ValidateCIDRs(cidrs); err != nil {
		panic("ipam: NewPool was given CIDRs that ValidateCIDRs refuses: " + err.Error())
	}

	pool := &Pool{
		claimed: map[netip.Addr]bool{},
		holders: map[netip.Addr]int{},
		held:    map[string]netip.Addr{},
	}
	for _, cidr := range cidrs {
		pool.blocks = append(pool.blocks, newBlock(cidr))
	}

	return pool
}

// Propose returns the address that owner should try to claim: the one it
// already holds if it lies in the CIDRs, else the next free one, which it holds
// from now on. It returns false if none is free.
func (p *Pool) Propose(owner string) (netip.Addr, bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	if addr, ok := p.held[owner]; ok && p.contains(addr) {
		return addr, true
	}

	for _, b := range p.blocks {
		if i, ok := b.free.highest(); ok {
			p.hold(owner, b.address(i))

			return b.address(i), true
		}
	}

	return netip.Addr{}, false
}

// Hold notes that owner has addr written down, in place of what it held.
func (p *Pool) Hold(owner string, addr netip.Addr) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	p.hold(owner, addr)
}

// Drop notes that owner holds nothing any more. It reports whether that made
// an address free.
func (p *Pool) Drop(owner string) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	addr, ok := p.held[owner]
	if !ok {
		return false
	}

	delete(p.held, owner)
	p.unhold(addr)

	return p.isFree(addr)
}

// Held returns the address that owner holds.
func (p *Pool) Held(owner string) (netip.Addr, bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	addr, ok := p.held[owner]

	return addr, ok
}

// Claimed notes that an IPAddress object named addr exists.
func (p *Pool) Claimed(addr netip.Addr) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	p.claimed[addr] = true
	p.refresh(addr)
}

// Unclaimed notes that no IPAddress object named addr exists. It reports
// whether that made the address free.
func (p *Pool) Unclaimed(addr netip.Addr) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	delete(p.claimed, addr)
	p.refresh(addr)

	return p.isFree(addr)
}

// Resync notes that exactly these addresses are claimed. What was noted and is
// not among them was missed when it went.
func (p *Pool) Resync(claimed []netip.Addr) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	before := p.claimed
	p.claimed = make(map[netip.Addr]bool, len(claimed))

	for _, addr := range claimed {
		p.claimed[addr] = true
		p.refresh(addr)
	}

	for addr := range before {
		p.refresh(addr)
	}
}

// Contains reports whether addr is one that the pool could propose, free or
// not.
func (p *Pool) Contains(addr netip.Addr) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	return p.contains(addr)
}

// Usage returns the counts of each CIDR, in the order they were given.
func (p *Pool) Usage() []Usage {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	usage := make([]Usage, 0, len(p.blocks))
	for _, b := range p.blocks {
		usage = append(usage, Usage{CIDR: b.cidr, Taken: b.size - b.free.count, Free: b.free.count})
	}

	return usage
}

func (p *Pool) hold(owner string, addr netip.Addr) {
	if previous, ok := p.held[owner]; ok {
		if previous == addr {
			return
		}

		p.unhold(previous)
	}

	p.held[owner] = addr
	p.holders[addr]++
	p.refresh(addr)
}

func (p *Pool) unhold(addr netip.Addr) {
	if p.holders[addr]--; p.holders[addr] == 0 {
		delete(p.holders, addr)
	}

	p.refresh(addr)
}

// refresh makes the bitmap agree with the maps, for one address.
func (p *Pool) refresh(addr netip.Addr) {
	for _, b := range p.blocks {
		i, ok := b.index(addr)
		if !ok {
			continue
		}

		if p.claimed[addr] || p.holders[addr] > 0 {
			b.free.remove(i)
		} else {
			b.free.add(i)
		}
	}
}

func (p *Pool) contains(addr netip.Addr) bool {
	for _, b := range p.blocks {
		if _, ok := b.index(addr); ok {
			return true
		}
	}

	return false
}

func (p *Pool) isFree(addr netip.Addr) bool {
	return p.contains(addr) && !p.claimed[addr] && p.holders[addr] == 0
}
