//go:build linux && amd64

package program

import (
	"bytes"
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// askMetrics reads the metrics page of the process, as Prometheus does, and puts what
// it says into the registry that is the incarnation's own. False: there is none.
func (a *agent) askMetrics() bool {
	if a.o.Metrics.Port == 0 {
		return false
	}
	path := a.o.Metrics.Path
	if path == "" {
		path = "/metrics"
	}
	err := a.get(a.o.Metrics.Port, a.o.Metrics.HTTPS, path, func(page []byte, err error) {
		if err == nil {
			err = a.takeMetrics(page)
		}
		if err != nil {
			a.note("has no metrics to read: %v", err)
		}
	})
	if err != nil {
		a.note("has no metrics to read: %v", err)
	}
	return err == nil
}

func (a *agent) takeMetrics(page []byte) error {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		return err
	}
	return a.env.Metrics.Register(scraped(families))
}

// scraped is a page of metrics as a collector: counters and gauges.
type scraped map[string]*dto.MetricFamily

// Describe implements [prometheus.Collector]: nothing is promised.
func (scraped) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (s scraped) Collect(out chan<- prometheus.Metric) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		family := s[name]
		for _, m := range family.GetMetric() {
			kind, value := prometheus.GaugeValue, m.GetGauge().GetValue()
			switch family.GetType() {
			case dto.MetricType_COUNTER:
				kind, value = prometheus.CounterValue, m.GetCounter().GetValue()
			case dto.MetricType_GAUGE:
			default:
				continue
			}
			var names, values []string
			for _, l := range m.GetLabel() {
				names, values = append(names, l.GetName()), append(values, l.GetValue())
			}
			out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, family.GetHelp(), names, nil), kind, value, values...)
		}
	}
}
