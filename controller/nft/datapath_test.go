// The data path on knftables' fake, which checks transactions as the kernel does:
// maps follow what is put and removed, survive the loss of everything in memory,
// and are put right when they contradict each other.
package nft_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/knftables"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/controller/nft"
)

func rule(global, target, owner string) controller.Rule {
	return controller.Rule{Global: netip.MustParseAddr(global), Target: netip.MustParseAddr(target), Owner: owner}
}

// elements are the lines of the table's dump that hold what is in the maps.
func elements(fake *knftables.Fake) []string {
	var lines []string

	for _, line := range strings.Split(fake.Dump(), "\n") {
		if strings.HasPrefix(line, "add element") && !strings.Contains(line, "remotes") {
			lines = append(lines, strings.TrimPrefix(line, "add element ip globalingressip "))
		}
	}

	return lines
}

func TestRulesAreMapElements(t *testing.T) {
	fake := knftables.NewFake(knftables.IPv4Family, nft.Table)
	d, ctx := nft.New(fake), t.Context()

	require.NoError(t, d.Put(ctx, rule("242.0.0.9", "10.1.0.1", "shop/pod-db-0")))
	require.NoError(t, d.Put(ctx, rule("242.0.0.9", "10.1.0.1", "shop/pod-db-0")), "twice the same")
	assert.ElementsMatch(t, []string{
		`targets { 242.0.0.9 comment "shop/pod-db-0" : 10.1.0.1 }`,
		`sources { 10.1.0.1 comment "shop/pod-db-0" : 242.0.0.9 }`,
	}, elements(fake))

	// The pod moves.
	require.NoError(t, d.Put(ctx, rule("242.0.0.9", "10.1.0.7", "shop/pod-db-0")))
	assert.ElementsMatch(t, []string{
		`targets { 242.0.0.9 comment "shop/pod-db-0" : 10.1.0.7 }`,
		`sources { 10.1.0.7 comment "shop/pod-db-0" : 242.0.0.9 }`,
	}, elements(fake))

	// It is behind a second Service: its packets leave with the lower address.
	require.NoError(t, d.Put(ctx, rule("242.0.0.8", "10.1.0.7", "shop/pod-db-0.other")))
	assert.Contains(t, elements(fake), `sources { 10.1.0.7 comment "shop/pod-db-0.other" : 242.0.0.8 }`)
	require.NoError(t, d.Remove(ctx, netip.MustParseAddr("242.0.0.8")))
	assert.Contains(t, elements(fake), `sources { 10.1.0.7 comment "shop/pod-db-0" : 242.0.0.9 }`)

	require.NoError(t, d.Remove(ctx, netip.MustParseAddr("242.0.0.9")))
	require.NoError(t, d.Remove(ctx, netip.MustParseAddr("242.0.0.9")), "gone already")
	assert.Empty(t, elements(fake))
}

func TestStateOutlivesTheProcess(t *testing.T) {
	fake := knftables.NewFake(knftables.IPv4Family, nft.Table)
	ctx := t.Context()
	require.NoError(t, nft.New(fake).Put(ctx, rule("242.0.0.9", "10.1.0.1", "shop/pod-db-0")))
	require.NoError(t, nft.New(fake).Put(ctx, rule("242.0.0.3", "10.1.0.2", "shop/pod-db-1")))

	rules, err := nft.New(fake).Rules(ctx)
	require.NoError(t, err)
	assert.Equal(t, []controller.Rule{
		rule("242.0.0.3", "10.1.0.2", "shop/pod-db-1"), rule("242.0.0.9", "10.1.0.1", "shop/pod-db-0"),
	}, rules)

	// Somebody took one half of a rule away, and left half of another.
	tx := fake.NewTransaction()
	tx.Delete(&knftables.Element{Map: "sources", Key: []string{"10.1.0.1"}, Value: []string{"242.0.0.9"}})
	tx.Add(&knftables.Element{Map: "sources", Key: []string{"10.9.9.9"}, Value: []string{"242.0.0.77"}})
	require.NoError(t, fake.Run(ctx, tx))

	_, err = nft.New(fake).Rules(ctx)
	require.NoError(t, err)
	assert.Len(t, elements(fake), 4)
	assert.Contains(t, elements(fake), `sources { 10.1.0.1 comment "shop/pod-db-0" : 242.0.0.9 }`)
}

// refusing is a packet filter that takes no changes for a while.
type refusing struct {
	*knftables.Fake
	err error
}

func (r *refusing) Run(ctx context.Context, tx *knftables.Transaction) error {
	if r.err != nil {
		return r.err
	}

	return r.Fake.Run(ctx, tx)
}

func TestAFailedChangeIsNotTakenForDone(t *testing.T) {
	filter := &refusing{Fake: knftables.NewFake(knftables.IPv4Family, nft.Table)}
	d, ctx := nft.New(filter), t.Context()
	require.NoError(t, d.Put(ctx, rule("242.0.0.9", "10.1.0.1", "shop/pod-db-0")))

	filter.err = errors.New("device or resource busy")
	require.ErrorIs(t, d.Remove(ctx, netip.MustParseAddr("242.0.0.9")), filter.err)
	require.ErrorIs(t, d.Remove(ctx, netip.MustParseAddr("242.0.0.9")), filter.err)

	filter.err = nil
	require.NoError(t, d.Remove(ctx, netip.MustParseAddr("242.0.0.9")))
	assert.Empty(t, elements(filter.Fake))
}
