package sim

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/seatrial/seatrial/model"
)

// gatherMetrics puts into the history what the living processes say in their
// metrics: counters and gauges, in the order of Gather, which sorts.
func (w *world) gatherMetrics() {
	for _, p := range w.processes {
		if p.current == nil {
			continue
		}
		families, err := p.current.metrics.Gather()
		if err != nil {
			w.problem(model.Problem{Kind: model.Panicked, Process: p.Name, StandIn: p.StandIn, Message: "its metrics cannot be gathered: " + err.Error()})
		}
		for _, family := range families {
			for _, m := range family.GetMetric() {
				value, ok := valueOf(family.GetType(), m)
				if !ok {
					continue
				}
				labels := make(map[string]string, len(m.GetLabel()))
				for _, l := range m.GetLabel() {
					labels[l.GetName()] = l.GetValue()
				}
				w.history.Metrics = append(w.history.Metrics, model.Metric{
					Process: p.Name, Name: family.GetName(), Labels: labels, Value: value,
				})
			}
		}
	}
}

func valueOf(kind dto.MetricType, m *dto.Metric) (float64, bool) {
	switch kind {
	case dto.MetricType_COUNTER:
		return m.GetCounter().GetValue(), true
	case dto.MetricType_GAUGE:
		return m.GetGauge().GetValue(), true
	default:
		return 0, false
	}
}
