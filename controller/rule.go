package controller

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// Rule leads packets for a global IP to what is behind a headless Service, and
// has that one's packets leave with the global IP.
type Rule struct {
	Global netip.Addr
	Target netip.Addr
	// Owner is the GlobalIngressIP, namespace/name.
	Owner string
}

// DataPath is where rules are put in place: the packet filter of the node, which
// outlives the process. It may be told the same thing twice. Its methods may be
// called at once.
type DataPath interface {
	// Rules returns what is in place, by global IP. It is asked often, and may
	// answer from memory what it read or wrote itself.
	Rules(ctx context.Context) ([]Rule, error)
	// Put puts a rule in place, instead of what leads from its global IP now.
	Put(ctx context.Context, rule Rule) error
	// Remove takes the rule of a global IP away. That there is none is success.
	Remove(ctx context.Context, global netip.Addr) error
}

// ensureRule puts in place what leads from an address to its target. Without a
// data path that is left to others.
func (r *reconciler) ensureRule(ctx context.Context, h held) error {
	if r.path == nil {
		return nil
	}

	service := &corev1.Service{}

	found, err := r.lookUp(ctx, types.NamespacedName{Namespace: h.gip.Namespace, Name: serviceOf(h.gip)}, service)
	if err != nil || !found {
		return err
	}

	address, there, err := r.locate(ctx, service, targetOf(h.gip))
	if err != nil {
		return err
	}

	if !there || !address.IsValid() {
		// Its former address may be another pod's by now.
		return r.removeRule(ctx, h.addr.String())
	}

	rule := Rule{Global: h.addr, Target: address, Owner: client.ObjectKeyFromObject(h.gip).String()}

	return r.putRule(ctx, h.gip, rule)
}

// putRule puts a rule in place that is not yet, once its claim is proven: nobody
// would ever miss a rule that is another's.
func (r *reconciler) putRule(ctx context.Context, gip *v1.GlobalIngressIP, rule Rule) error {
	rules, err := r.path.Rules(ctx)
	if err != nil || slices.Contains(rules, rule) {
		return stepFailed(v1.ReasonProgramIPTableRulesFailed, err)
	}

	if err := r.proveClaim(ctx, gip, rule.Global); err != nil {
		return err
	}

	return stepFailed(v1.ReasonProgramIPTableRulesFailed, r.path.Put(ctx, rule))
}

// removeRulesOf takes away the rules of a GlobalIngressIP that is gone. They are
// left where somebody else took its claim away: a rule with a claim goes with it.
func (r *reconciler) removeRulesOf(ctx context.Context, owner types.NamespacedName) error {
	return r.removeUnclaimed(ctx, func(rule Rule) bool { return rule.Owner == owner.String() })
}

// removeRule takes away the rule of an address, if there may be one.
func (r *reconciler) removeRule(ctx context.Context, address string) error {
	global, ok := parseAddr(address)
	if r.path == nil || !ok {
		return nil
	}

	return stepFailed(v1.ReasonProgramIPTableRulesFailed, r.path.Remove(ctx, global))
}

// removeStaleRules takes away what an earlier life of this controller left in
// place and nobody has a claim to any more. It comes before everything else at
// start: until then a rule may lead to a pod that has taken a dead one's place.
func (r *reconciler) removeStaleRules(ctx context.Context) error {
	return r.removeUnclaimed(ctx, func(Rule) bool { return true })
}

// removeUnclaimed takes away those of the rules in place to which nobody has a claim.
func (r *reconciler) removeUnclaimed(ctx context.Context, concerns func(Rule) bool) error {
	if r.path == nil {
		return nil
	}

	rules, err := r.path.Rules(ctx)
	if err != nil {
		return fmt.Errorf("read the rules in place: %w", err)
	}

	for _, rule := range rules {
		if !concerns(rule) {
			continue
		}

		claimed, err := r.claimedBy(ctx, rule)
		if err != nil {
			return err
		}

		if claimed {
			continue
		}

		r.log(ctx).Info("removing a rule without a claim", "address", rule.Global, "target", rule.Target, "owner", rule.Owner)

		if err := r.path.Remove(ctx, rule.Global); err != nil {
			return fmt.Errorf("remove the rule of %s: %w", rule.Global, err)
		}
	}

	return nil
}

func (r *reconciler) claimedBy(ctx context.Context, rule Rule) (bool, error) {
	claim := &networkingv1.IPAddress{}

	found, err := r.lookUp(ctx, types.NamespacedName{Name: rule.Global.String()}, claim)
	if err != nil || !found {
		return false, err
	}

	owner, ok := ownerOf(claim)

	return ok && owner.String() == rule.Owner, nil
}
