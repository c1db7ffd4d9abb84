package nft

import (
	"context"
	"fmt"

	"sigs.k8s.io/knftables"
)

// ensureTable creates what is not there of the table and writes its chains anew,
// in one transaction. The maps are left as they are.
func (d *DataPath) ensureTable(ctx context.Context) error {
	tx := d.nft.NewTransaction()
	tx.Add(&knftables.Table{Comment: knftables.PtrTo("global IPs of what is behind headless Services")})

	for _, name := range []string{dnatMap, snatMap} {
		tx.Add(&knftables.Map{Name: name, Type: "ipv4_addr : ipv4_addr"})
	}

	tx.Add(&knftables.Set{Name: remoteSet, Type: "ipv4_addr", Flags: []knftables.SetFlag{knftables.IntervalFlag}})
	tx.Flush(&knftables.Set{Name: remoteSet})

	for _, remote := range d.remotes {
		tx.Add(&knftables.Element{Set: remoteSet, Key: []string{remote.Masked().String()}})
	}

	for _, chain := range chains() {
		tx.Add(&chain.Chain)
		tx.Flush(&knftables.Chain{Name: chain.Name})
		tx.Add(&knftables.Rule{Chain: chain.Name, Rule: chain.rule})
	}

	if err := d.nft.Run(ctx, tx); err != nil {
		return fmt.Errorf("create table %s: %w", Table, err)
	}

	return nil
}

type chain struct {
	knftables.Chain
	rule string
}

func chains() []chain {
	nat := func(name string, hook knftables.BaseChainHook, priority knftables.BaseChainPriority, rule string) chain {
		return chain{knftables.Chain{
			Name: name, Type: knftables.PtrTo(knftables.NATType), Hook: knftables.PtrTo(hook), Priority: knftables.PtrTo(priority),
		}, rule}
	}
	toTarget := "dnat to ip daddr map @" + dnatMap

	return []chain{
		nat("prerouting", knftables.PreroutingHook, knftables.DNATPriority, toTarget),
		// Of the node itself.
		nat("output", knftables.OutputHook, knftables.DNATPriority, toTarget),
		nat("postrouting", knftables.PostroutingHook, knftables.SNATPriority,
			"ip daddr @"+remoteSet+" snat to ip saddr map @"+snatMap),
	}
}
