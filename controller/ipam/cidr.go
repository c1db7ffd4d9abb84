package ipam

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

const (
	longestPrefix  = 30 // a /31 or /32 has no address between network and broadcast
	shortestPrefix = 8  // 16 million addresses: beyond it the bitmap outgrows its use
)

// ValidateCIDRs checks that addresses can be given out from cidrs: at least
// one, IPv4, between /8 and /30, no host bits set, none overlapping another.
// It reports every fault it finds, not only the first.
func ValidateCIDRs(cidrs []netip.Prefix) error {
	if len(cidrs) == 0 {
		return errors.New("no global CIDR given: at least one is needed, e.g. 242.0.0.0/16")
	}

	var faults []error

	for i, cidr := range cidrs {
		if err := validateCIDR(cidr); err != nil {
			faults = append(faults, err)

			continue
		}

		for _, other := range cidrs[:i] {
			if cidr.Overlaps(other) {
				faults = append(faults, fmt.Errorf("global CIDR %s overlaps %s: give each address range once", cidr, other))
			}
		}
	}

	return errors.Join(faults...)
}

func validateCIDR(cidr netip.Prefix) error {
	switch {
	case !cidr.IsValid():
		return fmt.Errorf("global CIDR %q is not valid: write it like 242.0.0.0/16", cidr)
	case !cidr.Addr().Is4():
		return fmt.Errorf("global CIDR %s is not IPv4: only IPv4 is supported", cidr)
	case cidr.Bits() > longestPrefix:
		return fmt.Errorf("global CIDR %s has no usable address: use /%d or shorter", cidr, longestPrefix)
	case cidr.Bits() < shortestPrefix:
		return fmt.Errorf("global CIDR %s is too large: use /%d or longer", cidr, shortestPrefix)
	case cidr.Masked() != cidr:
		return fmt.Errorf("global CIDR %s has host bits set: write %s", cidr, cidr.Masked())
	}

	return nil
}

// block is one CIDR's part of the pool. Index i stands for the address i+1
// above the network address; the broadcast address is beyond the last index.
type block struct {
	cidr netip.Prefix
	free *freeSet
	size int
}

func newBlock(cidr netip.Prefix) *block {
	size := 1<<(32-cidr.Bits()) - 2

	return &block{cidr: cidr, free: newFreeSet(size), size: size}
}

func (b *block) index(addr netip.Addr) (int, bool) {
	if !b.cidr.Contains(addr) {
		return 0, false
	}

	i := int(number(addr)-number(b.cidr.Addr())) - 1

	return i, i >= 0 && i < b.size
}

func (b *block) address(i int) netip.Addr {
	var raw [4]byte

	binary.BigEndian.PutUint32(raw[:], number(b.cidr.Addr())+uint32(i)+1)

	return netip.AddrFrom4(raw)
}

func number(addr netip.Addr) uint32 {
	raw := addr.As4()

	return binary.BigEndian.Uint32(raw[:])
}
