package service

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// A pool must give each address once, all of them before it is empty, and
// leave the first ones to people who name theirs. The expectations follow
// from KEP-3070 and the sizes of the ranges.

func TestIPPoolGivesEveryAddressOnce(t *testing.T) {
	for _, row := range []struct {
		prefix      string
		size        int
		first, last string
		explanation string
	}{
		{"10.0.0.0/24", 254, "10.0.0.1", "10.0.0.254", "neither network nor broadcast address"},
		{"10.0.0.0/30", 2, "10.0.0.1", "10.0.0.2", "the smallest range that has any"},
		{"fd00::/124", 15, "fd00::1", "fd00::f", "IPv6 has no broadcast address"},
	} {
		t.Run(row.prefix, func(t *testing.T) {
			p := newIPPool(netip.MustParsePrefix(row.prefix))
			seen := map[netip.Addr]bool{}
			for {
				addr, err := p.next(uint64(len(seen)) * 7919)
				if err != nil {
					assert.ErrorIs(t, err, errRangeFull)
					break
				}
				require.False(t, seen[addr], "%v given twice", addr)
				seen[addr] = true
			}
			assert.Len(t, seen, row.size, row.explanation)
			assert.True(t, seen[netip.MustParseAddr(row.first)])
			assert.True(t, seen[netip.MustParseAddr(row.last)])
			p.release(netip.MustParseAddr(row.last))
			addr, err := p.next(0)
			require.NoError(t, err)
			assert.Equal(t, row.last, addr.String(), "a released address can be had again")
		})
	}
}

func TestIPPoolLeavesTheFirstAddressesAlone(t *testing.T) {
	p := newIPPool(netip.MustParsePrefix("10.0.0.0/24"))
	for pick := range uint64(254 - 16) {
		addr, err := p.next(pick)
		require.NoError(t, err)
		require.Greater(t, addr.As4()[3], byte(16), "the first 16 are for static requests while there are others")
	}
	addr, err := p.next(0)
	require.NoError(t, err)
	assert.LessOrEqual(t, addr.As4()[3], byte(16), "then they are given too")
}

func TestIPPoolHugeRange(t *testing.T) {
	p := newIPPool(netip.MustParsePrefix("fd00::/64"))
	addr, err := p.next(1 << 63)
	require.NoError(t, err)
	assert.True(t, p.prefix.Contains(addr))
	assert.ErrorIs(t, p.take(addr), errIPTaken)
}

func TestPortPool(t *testing.T) {
	p := newPortPool(kinds.PortRange{Min: 30000, Max: 30063})
	for range 48 {
		port, err := p.next(5)
		require.NoError(t, err)
		require.GreaterOrEqual(t, port, int32(30016), "the first 16 of 64 are left to static requests")
	}
	for range 16 {
		_, err := p.next(5)
		require.NoError(t, err)
	}
	_, err := p.next(5)
	assert.ErrorIs(t, err, errPortsFull)
	assert.ErrorIs(t, p.take(30001), errPortTaken)
	assert.EqualError(t, p.take(29999), "provided port is not in the valid range. The range of valid ports is 30000-30063")
	p.release(30001)
	assert.NoError(t, p.take(30001))
}
