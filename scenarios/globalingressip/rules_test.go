package globalingressip_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
	"github.com/seatrial/seatrial/sim"
)

// Goal: rules in the packet filter are judged, and the judge has teeth. The shipped
// controller goes through the life of a headless service on data paths that each
// break one thing; the property that says so has to be the one that is violated.

// damaged is a data path with one thing broken.
type damaged struct {
	controller.DataPath
	keeps, forgets, strays bool
}

// Remove leaves the rule in place if the data path keeps what it has.
func (d damaged) Remove(ctx context.Context, global netip.Addr) error {
	if d.keeps {
		return nil
	}
	return d.DataPath.Remove(ctx, global)
}

// Put does nothing if the data path forgets, and puts the rule to the next address
// as well if it strays.
func (d damaged) Put(ctx context.Context, rule controller.Rule) error {
	if d.forgets {
		return nil
	}
	if d.strays {
		astray := rule
		astray.Global = rule.Global.Prev()
		if err := d.DataPath.Put(ctx, astray); err != nil {
			return err
		}
	}
	return d.DataPath.Put(ctx, rule)
}

func TestRulesAreJudged(t *testing.T) {
	for name, c := range map[string]struct {
		path     damaged
		property string
	}{
		"keeping":                        {damaged{}, ""},
		"gives back with the rule there": {damaged{keeps: true}, "rules-claimed"},
		"a rule for nobody's address":    {damaged{strays: true}, "rules-claimed"},
		"no rule":                        {damaged{forgets: true}, "rules-true"},
	} {
		t.Run(name, func(t *testing.T) {
			shipped := globalingressip.Variants()[0]
			shipped.Run = func(ctx context.Context, cfg *rest.Config, o controller.Options) error {
				c.path.DataPath = o.DataPath
				o.DataPath = c.path
				return controller.Run(ctx, cfg, o)
			}
			plan, ok := globalingressip.Find("headless-pods")
			require.True(t, ok)
			result := scenarios.Run(t, plan, shipped.Subject(), sim.Seed(1), scenarios.RunOptions{})
			assert.Equal(t, c.path.forgets, len(result.Record.History.HostChanges) == 0, "rules come and go")
			assert.Equal(t, c.property, result.Verdict.Property, result.Verdict.Message)
			if c.property == "" {
				assert.Equal(t, model.VerdictPass, result.Verdict.Kind)
			}
		})
	}
}
