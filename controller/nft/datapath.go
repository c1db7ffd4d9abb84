package nft

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"golang.org/x/sync/semaphore"
	"sigs.k8s.io/knftables"

	"github.com/seatrial/seatrial/controller"
)

// Table is the name of the table; its family is ip. Targets is the map from global
// IPs to where they lead, each element with its GlobalIngressIP as the comment.
const (
	Table   = "globalingressip"
	Targets = "targets"
)

const (
	dnatMap   = Targets
	snatMap   = "sources" // target → global IP
	remoteSet = "remotes" // where packets leave with their global IP
)

// DefaultRemote is the range that Submariner gives global IPs of all clusters from.
var DefaultRemote = netip.MustParsePrefix("242.0.0.0/8")

// DataPath is a [controller.DataPath] on nftables.
type DataPath struct {
	nft     knftables.Interface
	remotes []netip.Prefix

	// turn is held while the packet filter is at work. It is no mutex, so that whoever
	// waits for it can give up.
	turn *semaphore.Weighted
	// rules are those in place by global IP, as they were read or written last; nil
	// when that is not known.
	rules map[netip.Addr]controller.Rule
}

var _ controller.DataPath = (*DataPath)(nil)

// New returns a data path over an interface to the table named [Table] of family
// ip. The packets of a target leave with its global IP when they go to one of the
// remotes; none stands for [DefaultRemote]. Nothing is done to the packet filter
// yet.
func New(nft knftables.Interface, remotes ...netip.Prefix) *DataPath {
	if len(remotes) == 0 {
		remotes = []netip.Prefix{DefaultRemote}
	}

	return &DataPath{nft: nft, remotes: remotes, turn: semaphore.NewWeighted(1)}
}

// Rules implements [controller.DataPath]. It reads the packet filter once.
func (d *DataPath) Rules(ctx context.Context) ([]controller.Rule, error) {
	if err := d.turn.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	defer d.turn.Release(1)

	if err := d.load(ctx); err != nil {
		return nil, err
	}

	return slices.SortedFunc(maps.Values(d.rules), func(a, b controller.Rule) int { return a.Global.Compare(b.Global) }), nil
}

// Put implements [controller.DataPath].
func (d *DataPath) Put(ctx context.Context, rule controller.Rule) error {
	return d.change(ctx, rule.Global, func(rules map[netip.Addr]controller.Rule) { rules[rule.Global] = rule })
}

// Remove implements [controller.DataPath].
func (d *DataPath) Remove(ctx context.Context, global netip.Addr) error {
	return d.change(ctx, global, func(rules map[netip.Addr]controller.Rule) { delete(rules, global) })
}

// change takes the rule of one global IP from what it is to what edit makes of it.
func (d *DataPath) change(ctx context.Context, global netip.Addr, edit func(map[netip.Addr]controller.Rule)) error {
	if err := d.turn.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("change the rule of %s: %w", global, err)
	}
	defer d.turn.Release(1)

	if err := d.load(ctx); err != nil {
		return err
	}

	before, was := d.rules[global]
	next := maps.Clone(d.rules)
	edit(next)

	after, is := next[global]
	if was == is && before == after {
		return nil
	}

	tx := d.nft.NewTransaction()
	if was {
		tx.Delete(element(dnatMap, before.Global, before.Target, before.Owner))
	}

	d.changeSources(tx, next, before.Target, after.Target)

	if is {
		tx.Add(element(dnatMap, after.Global, after.Target, after.Owner))
	}

	if err := d.nft.Run(ctx, tx); err != nil {
		d.rules = nil // what is in place now has to be read

		return fmt.Errorf("change the rule of %s: %w", global, err)
	}

	d.rules = next

	return nil
}

// changeSources has the packets of the targets concerned leave with the lowest of
// their global IPs: one that is behind two Services has two, and packets can leave
// with one only.
func (d *DataPath) changeSources(tx *knftables.Transaction, next map[netip.Addr]controller.Rule, targets ...netip.Addr) {
	slices.SortFunc(targets, netip.Addr.Compare)

	for _, target := range slices.Compact(targets) {
		before, was := sourceOf(d.rules, target)
		after, is := sourceOf(next, target)

		if before == after {
			continue
		}

		if was {
			tx.Delete(element(snatMap, target, before.Global, before.Owner))
		}

		if is {
			tx.Add(element(snatMap, target, after.Global, after.Owner))
		}
	}
}

func sourceOf(rules map[netip.Addr]controller.Rule, target netip.Addr) (lowest controller.Rule, found bool) {
	for _, rule := range rules {
		if rule.Target == target && (!found || rule.Global.Less(lowest.Global)) {
			lowest, found = rule, true
		}
	}

	return lowest, found
}

func element(name string, key, value netip.Addr, owner string) *knftables.Element {
	return &knftables.Element{
		Map: name, Key: []string{key.String()}, Value: []string{value.String()}, Comment: knftables.PtrTo(owner),
	}
}

// load makes sure that the table is there and reads the rules, unless they are
// known. What an earlier life left inconsistent between the maps is put right.
func (d *DataPath) load(ctx context.Context) error {
	if d.rules != nil {
		return nil
	}

	if err := d.ensureTable(ctx); err != nil {
		return err
	}

	elements, err := d.elements(ctx, dnatMap)
	if err != nil {
		return err
	}

	rules := map[netip.Addr]controller.Rule{}

	for _, e := range elements {
		rules[e.key] = controller.Rule{Global: e.key, Target: e.value, Owner: e.owner}
	}

	if err := d.repairSources(ctx, rules); err != nil {
		return err
	}

	d.rules = rules

	return nil
}

// repairSources makes the second map follow from the first.
func (d *DataPath) repairSources(ctx context.Context, rules map[netip.Addr]controller.Rule) error {
	sources, err := d.elements(ctx, snatMap)
	if err != nil {
		return err
	}

	tx := d.nft.NewTransaction()
	there := map[netip.Addr]bool{}

	for _, e := range sources {
		if want, ok := sourceOf(rules, e.key); ok && want.Global == e.value {
			there[e.key] = true
		} else {
			tx.Delete(element(snatMap, e.key, e.value, e.owner))
		}
	}

	for _, global := range slices.SortedFunc(maps.Keys(rules), netip.Addr.Compare) {
		target := rules[global].Target
		if want, _ := sourceOf(rules, target); !there[target] {
			there[target] = true

			tx.Add(element(snatMap, target, want.Global, want.Owner))
		}
	}

	if tx.NumOperations() == 0 {
		return nil
	}

	if err := d.nft.Run(ctx, tx); err != nil {
		return fmt.Errorf("repair the map of sources: %w", err)
	}

	return nil
}

type entry struct {
	key, value netip.Addr
	owner      string
}

// elements reads a map. An element that this package did not write is an error:
// to guess what it means could send packets anywhere.
func (d *DataPath) elements(ctx context.Context, name string) ([]entry, error) {
	listed, err := d.nft.ListElements(ctx, "map", name)
	if err != nil {
		return nil, fmt.Errorf("list map %s: %w", name, err)
	}

	var entries []entry

	for _, one := range listed {
		if len(one.Key) != 1 || len(one.Value) != 1 {
			return nil, fmt.Errorf("map %s holds %v : %v, which is none of ours", name, one.Key, one.Value)
		}

		key, keyErr := netip.ParseAddr(one.Key[0])
		value, valueErr := netip.ParseAddr(one.Value[0])

		if err := errors.Join(keyErr, valueErr); err != nil {
			return nil, fmt.Errorf("map %s: %w", name, err)
		}

		e := entry{key: key, value: value}
		if one.Comment != nil {
			e.owner = *one.Comment
		}

		entries = append(entries, e)
	}

	return entries, nil
}
