package globalnet

import (
	"testing"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// What the leader says of a pool of six addresses, two of them claimed.
func TestMetricsTrue(t *testing.T) {
	const cidr = "10.1.0.0/29"
	gauges := func(process string, ingress, taken, free float64) []model.Metric {
		labels := map[string]string{"cidr": cidr}
		return []model.Metric{
			{Process: process, Name: metricFree, Labels: labels, Value: free},
			{Process: process, Name: metricTaken, Labels: labels, Value: taken},
			{Process: process, Name: metricIngress, Labels: labels, Value: ingress},
		}
	}
	for _, c := range []struct {
		name    string
		metrics []model.Metric
		message string // empty: held
	}{
		{"the truth", gauges("controller", 2, 2, 4), ""},
		{"the truth, and one address is somebody else's", gauges("controller", 2, 3, 3), ""},
		{"a standby that believes the pool is empty", append(gauges("a", 2, 2, 4), gauges("b", 0, 0, 6)...),
			"b says submariner_global_ingress_IP_allocated=0 of 10.1.0.0/29, but 2 are claimed"},
		{"an address lost", gauges("controller", 2, 2, 3),
			"controller says that 5 IPs of 10.1.0.0/29 are free or taken, but it has 6"},
		{"silence", nil, "nobody says submariner_global_ingress_IP_allocated of 10.1.0.0/29"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := exported("ns/a", "ns/b")
			for i, key := range []string{"ns/a", "ns/b"} {
				s.controller().claim("10.1.0."+string(rune('5'-i)), key)
			}
			h := s.Done()
			h.Metrics = c.metrics
			modeltest.AssertLiveness(t, metricsTrue(testOptions), h, c.message, c.name)
		})
	}
}
