package sweep_test

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/controller"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// deviant are variants of the controller that ships: two that are odd but
// right, and one whose metrics lie.
var deviant = []globalingressip.Variant{
	{Name: "test/slow", Claims: true, Run: func(ctx context.Context, cfg *rest.Config, o controller.Options) error {
		cfg = rest.CopyConfig(cfg)
		cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return slow{next} })
		return controller.Run(ctx, cfg, o)
	}},
	{Name: "test/idle", Claims: true, Run: func(ctx context.Context, cfg *rest.Config, o controller.Options) error {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(2 * time.Minute): // no generated plan has faults for longer
		}
		return controller.Run(ctx, cfg, o)
	}},
	{Name: "test/lying-metrics", Metrics: true, Run: func(ctx context.Context, cfg *rest.Config, o controller.Options) error {
		lie := prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "submariner_global_ingress_IP_allocated", ConstLabels: prometheus.Labels{"cidr": o.CIDRs[0].String()},
		})
		lie.Set(99)
		o.Registerer.MustRegister(lie)
		o.Registerer = prometheus.NewRegistry()
		return controller.Run(ctx, cfg, o)
	}},
}

// slow makes every request wait before it is sent.
type slow struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case <-time.After(2 * time.Second):
		return s.next.RoundTrip(r)
	}
}

// Goal: no false alarms. Who is late, or does nothing at all until faults
// are over, has broken no law of safety; and the correct sibling of the
// historical bugs passes nearly whatever the swarm draws, as long as nobody lays
// hands on its objects.
func TestNoFalseAlarm(t *testing.T) {
	for _, subject := range []string{"test/slow", "test/idle", "historical/sibling"} {
		t.Run(subject, func(t *testing.T) {
			all := jobs(seedsTo(60), false)
			for i := range all {
				all[i].Subject = subject
			}
			failed := 0
			for _, o := range run(t, sweep.Pool{Workers: runtime.NumCPU()}, all) {
				require.Empty(t, o.Error)
				if subject != "historical/sibling" {
					assert.Contains(t, []model.VerdictKind{model.VerdictPass, model.VerdictLiveness}, o.Verdict,
						"seed %d: %s: %s", o.Job.Seed, o.Property, o.Message)
					continue
				}
				// Submariner's design never promised to put right what users do
				// to its objects.
				plan := drawn(t, o.Job.Seed)
				if meddled := slices.Contains(plan.Users(), "mallory"); !meddled && o.Verdict != model.VerdictPass {
					failed++
					t.Logf("seed %d: %s: %s", o.Job.Seed, o.Property, o.Message)
				}
			}
			assert.LessOrEqual(t, failed, 3, "the design has flaws of its own, such as acting on a Service that was created anew meanwhile, but not many")
		})
	}
}

func TestMetricsThatLieAreFound(t *testing.T) {
	o := run(t, sweep.Pool{}, []sweep.Job{{Seed: 1, Subject: "test/lying-metrics"}})[0]
	assert.Equal(t, model.VerdictLiveness, o.Verdict)
	assert.Equal(t, "metrics-true", o.Property, o.Message)
}
