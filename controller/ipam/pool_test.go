// These tests fix what a pool proposes. Small CIDRs are exhausted address by
// address, a /16 is compared with a plain map under a fixed sequence of calls,
// and a benchmark shows that a nearly full pool proposes as fast as an empty
// one.
package ipam_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/controller/ipam"
)

func prefixes(cidrs ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, 0, len(cidrs))
	for _, cidr := range cidrs {
		parsed = append(parsed, netip.MustParsePrefix(cidr))
	}

	return parsed
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestProposeTakesTheHighestFreeFirst(t *testing.T) {
	pool := ipam.NewPool(prefixes("242.0.0.0/29", "242.1.0.0/30"))

	want := []string{"242.0.0.6", "242.0.0.5", "242.0.0.4", "242.0.0.3", "242.0.0.2", "242.0.0.1", "242.1.0.2", "242.1.0.1"}
	for i, ip := range want {
		got, ok := pool.Propose(fmt.Sprint("owner-", i))
		require.True(t, ok)
		assert.Equal(t, ip, got.String())
	}

	_, ok := pool.Propose("one-too-many")
	assert.False(t, ok, "network and broadcast addresses are never proposed")

	assert.True(t, pool.Drop("owner-2"))
	got, ok := pool.Propose("one-too-many")
	require.True(t, ok)
	assert.Equal(t, "242.0.0.4", got.String())
}

func TestProposeIsStableForAnOwner(t *testing.T) {
	pool := ipam.NewPool(prefixes("242.0.0.0/29"))

	first, _ := pool.Propose("a")
	again, _ := pool.Propose("a")
	assert.Equal(t, first, again)

	pool.Hold("a", addr("242.0.0.2"))
	moved, _ := pool.Propose("a")
	assert.Equal(t, "242.0.0.2", moved.String())

	next, _ := pool.Propose("b")
	assert.Equal(t, first, next, "what a no longer holds is free")

	pool.Hold("c", addr("10.0.0.1"))
	outside, ok := pool.Propose("c")
	require.True(t, ok)
	assert.Equal(t, "242.0.0.5", outside.String(), "an address outside the CIDRs is not proposed again")
}

func TestClaimsAndHoldsKeepAnAddressFromOthers(t *testing.T) {
	pool := ipam.NewPool(prefixes("242.0.0.0/30"))
	pool.Claimed(addr("242.0.0.2"))
	pool.Hold("a", addr("242.0.0.1"))
	pool.Hold("b", addr("242.0.0.1"))

	_, ok := pool.Propose("c")
	assert.False(t, ok)

	assert.False(t, pool.Drop("a"), "b still holds it")
	assert.True(t, pool.Drop("b"))
	assert.False(t, pool.Drop("b"), "dropping twice frees nothing")
	_, held := pool.Held("b")
	assert.False(t, held)
	assert.False(t, pool.Drop("nobody"))

	pool.Hold("b", addr("242.0.0.1"))

	_, ok = pool.Propose("c")
	assert.False(t, ok, "held once more, it is not free")
	assert.True(t, pool.Drop("b"))

	pool.Hold("d", addr("242.0.0.2"))
	assert.False(t, pool.Unclaimed(addr("242.0.0.2")), "d holds it")
	assert.True(t, pool.Drop("d"))
	assert.False(t, pool.Unclaimed(addr("192.0.2.1")), "an address outside the CIDRs frees nothing")

	assert.Equal(t, []ipam.Usage{{CIDR: netip.MustParsePrefix("242.0.0.0/30"), Taken: 0, Free: 2}}, pool.Usage())
}

func TestResyncForgetsWhatIsGone(t *testing.T) {
	pool := ipam.NewPool(prefixes("242.0.0.0/30"))
	pool.Claimed(addr("242.0.0.1"))
	pool.Claimed(addr("242.0.0.2"))
	pool.Resync([]netip.Addr{addr("242.0.0.2")})

	got, ok := pool.Propose("a")
	require.True(t, ok)
	assert.Equal(t, "242.0.0.1", got.String())

	pool = ipam.NewPool(prefixes("242.0.0.0/30"))
	pool.Resync([]netip.Addr{addr("242.0.0.2")})

	got, ok = pool.Propose("a")
	require.True(t, ok)
	assert.Equal(t, "242.0.0.1", got.String(), "what is claimed and was never heard of is not proposed")
}

// Kubernetes makes IPAddress objects for the cluster IPs of all Services, IPv6 ones too:
// the pool hears of addresses that are not its own.
func TestForeignAddressesAreNoneOfThePools(t *testing.T) {
	pool := ipam.NewPool(prefixes("242.0.0.0/30"))
	for _, foreign := range []string{"fd00::1", "::ffff:242.0.0.1", "241.255.255.255", "242.0.0.0", "242.0.0.3", "242.0.0.4"} {
		assert.False(t, pool.Contains(addr(foreign)), foreign)
		pool.Claimed(addr(foreign))
		assert.False(t, pool.Unclaimed(addr(foreign)), foreign)
	}

	assert.Equal(t, 2, pool.Usage()[0].Free)
}

func TestPoolAgreesWithAPlainMap(t *testing.T) {
	pool := ipam.NewPool(prefixes("242.7.0.0/16"))
	taken := map[netip.Addr]bool{}
	state := uint32(1)

	for range 20000 {
		state = state*1664525 + 1013904223
		ip := netip.AddrFrom4([4]byte{242, 7, byte(state >> 24), byte(state >> 16)})

		if taken[ip] {
			delete(taken, ip)
			pool.Unclaimed(ip)
		} else if pool.Contains(ip) {
			taken[ip] = true
			pool.Claimed(ip)
		}
	}

	assert.Equal(t, len(taken), pool.Usage()[0].Taken)

	highest := addr("242.7.255.254")
	for taken[highest] {
		highest = highest.Prev()
	}

	got, ok := pool.Propose("a")
	require.True(t, ok)
	assert.Equal(t, highest, got)
}

func TestValidateCIDRs(t *testing.T) {
	cases := []struct {
		name, want string
		cidrs      []netip.Prefix
	}{
		{"one", "", prefixes("242.0.0.0/16")},
		{"two", "", prefixes("242.0.0.0/16", "242.1.0.0/30")},
		{"as large as can be", "", prefixes("10.0.0.0/8")},
		{"none", "no global CIDR given", nil},
		{"zero value", "is not valid", []netip.Prefix{{}}},
		{"IPv6", "is not IPv4", prefixes("fd00::/112")},
		{"no usable address", "/30 or shorter", prefixes("242.0.0.0/31")},
		{"too large", "/8 or longer", prefixes("240.0.0.0/7")},
		{"host bits", "write 242.0.0.0/16", prefixes("242.0.0.1/16")},
		{"overlap", "242.0.4.0/24 overlaps 242.0.0.0/16", prefixes("242.0.0.0/16", "242.0.4.0/24")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := ipam.ValidateCIDRs(c.cidrs)
			if c.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, c.want)
			}
		})
	}
}

func BenchmarkPropose(b *testing.B) {
	for _, taken := range []int{0, 65000} {
		b.Run(fmt.Sprintf("taken=%d", taken), func(b *testing.B) {
			pool := ipam.NewPool(prefixes("242.0.0.0/16"))
			for ip := addr("242.0.255.254"); taken > 0; taken-- {
				pool.Claimed(ip)
				ip = ip.Prev()
			}

			for b.Loop() {
				pool.Propose("a")
				pool.Drop("a")
			}
		})
	}
}
