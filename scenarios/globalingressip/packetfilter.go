package globalingressip

import (
	"context"
	"fmt"

	"sigs.k8s.io/knftables"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/controller/nft"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/globalnet"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// packetFilter is the nftables of the machine that one process runs on. It stays
// as it is when the process is killed.
type packetFilter struct{ *knftables.Fake }

func newPacketFilter() packetFilter {
	return packetFilter{knftables.NewFake(knftables.IPv4Family, nft.Table)}
}

// dataPath is how one incarnation gets at the packet filter; nil where there is no
// simulated machine.
func (p packetFilter) dataPath(env sim.Env) controller.DataPath {
	if env.Host == nil {
		return nil
	}
	return nft.New(watchedFilter{p.Fake, env.Host})
}

// watchedFilter tells the history which rules each transaction brought and took.
type watchedFilter struct {
	*knftables.Fake
	host func(what string, do func() []model.HostChange) error
}

// Run implements [knftables.Interface].
func (w watchedFilter) Run(ctx context.Context, tx *knftables.Transaction) error {
	var refused error
	err := w.host("nft", func() []model.HostChange {
		before := w.rules()
		if refused = w.Fake.Run(ctx, tx); refused != nil {
			return nil
		}
		return changesOf(before, w.rules())
	})
	if err != nil {
		return err
	}
	return refused
}

// rules are those in place: for each global IP the GlobalIngressIP and the target.
func (w watchedFilter) rules() map[string]string {
	rules := map[string]string{}
	elements, err := w.Fake.ListElements(context.Background(), "map", nft.Targets)
	if err != nil {
		return rules // there is no such table yet
	}
	for _, e := range elements {
		rules[e.Key[0]] = fmt.Sprintf("%s %s", *e.Comment, e.Value[0])
	}
	return rules
}

func changesOf(before, after map[string]string) []model.HostChange {
	var changes []model.HostChange
	for _, ip := range scenarios.SortedKeys(before) {
		if after[ip] == "" {
			changes = append(changes, model.HostChange{Kind: globalnet.HostRule, Name: ip})
		}
	}
	for _, ip := range scenarios.SortedKeys(after) {
		if after[ip] != before[ip] {
			changes = append(changes, model.HostChange{Kind: globalnet.HostRule, Name: ip, Value: after[ip]})
		}
	}
	return changes
}
