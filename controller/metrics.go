package controller

import (
	"errors"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seatrial/seatrial/controller/ipam"
)

// collectors are the metrics of one running controller. Each Run has its own,
// so that two in one process do not add up to nonsense.
type collectors struct {
	errors    *prometheus.CounterVec
	retries   prometheus.Counter
	allocated prometheus.Counter
	released  prometheus.Counter
	duration  prometheus.Histogram
	usage     *usageCollector
}

func newCollectors() *collectors {
	return &collectors{
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "globalingressip_api_errors_total",
			Help: "Failed API calls by error class, verb and kind. NotFound answers are not failures.",
		}, []string{"class", "verb", "kind"}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "globalingressip_retries_total",
			Help: "Reconciliations that failed and were put back with back-off.",
		}),
		allocated: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "globalingressip_allocations_total",
			Help: "Global IPs put into service.",
		}),
		released: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "globalingressip_releases_total",
			Help: "Global IPs released after proof that their service is gone.",
		}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "globalingressip_allocation_duration_seconds",
			Help:    "Time from first seeing a GlobalIngressIP without an address to its address being published.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 16),
		}),
		usage: newUsageCollector(),
	}
}

func (c *collectors) all() []prometheus.Collector {
	return []prometheus.Collector{c.errors, c.retries, c.allocated, c.released, c.duration, c.usage}
}

// register adds the collectors to registerer and returns how to remove them.
// Where another controller of the same process already has a registry, this
// one runs without: metrics are no reason not to start.
func (c *collectors) register(registerer prometheus.Registerer) (unregister func(), err error) {
	var registered []prometheus.Collector

	for _, collector := range c.all() {
		if err = registerer.Register(collector); err != nil {
			break
		}

		registered = append(registered, collector)
	}

	if errors.As(err, &prometheus.AlreadyRegisteredError{}) {
		err = nil
	}

	return func() {
		for _, collector := range registered {
			registerer.Unregister(collector)
		}
	}, err
}

// usageCollector reads the leader's pool when it is scraped. The submariner_ names are
// those of Submariner's Globalnet, so that its dashboards go on working.
type usageCollector struct {
	mutex   sync.Mutex
	source  func() []cidrUsage
	waiters func() int

	free, taken, ingress, waiting *prometheus.Desc
}

// observe says whose pool to read from now on: each incarnation has its own,
// and knows it once it leads and has adopted what was there.
func (u *usageCollector) observe(source func() []cidrUsage, waiters func() int) {
	u.mutex.Lock()
	defer u.mutex.Unlock()

	u.source, u.waiters = source, waiters
}

// forget ends what observe began: nothing is said of the pool.
func (u *usageCollector) forget() { u.observe(nil, nil) }

// cidrUsage counts one CIDR's addresses; own are those claimed for
// GlobalIngressIPs by this controller.
type cidrUsage struct {
	ipam.Usage
	own int
}

func newUsageCollector() *usageCollector {
	label := []string{"cidr"}

	return &usageCollector{
		free: prometheus.NewDesc("submariner_global_IP_availability",
			"Global IPs of the CIDR that are free.", label, nil),
		taken: prometheus.NewDesc("submariner_global_IP_allocated",
			"Global IPs of the CIDR that are taken, by whomever.", label, nil),
		ingress: prometheus.NewDesc("submariner_global_ingress_IP_allocated",
			"Global IPs of the CIDR that are claimed for GlobalIngressIPs.", label, nil),
		waiting: prometheus.NewDesc("globalingressip_waiting",
			"GlobalIngressIPs that wait for an address to become free.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (u *usageCollector) Describe(out chan<- *prometheus.Desc) {
	out <- u.free
	out <- u.taken
	out <- u.ingress
	out <- u.waiting
}

// Collect implements prometheus.Collector.
func (u *usageCollector) Collect(out chan<- prometheus.Metric) {
	u.mutex.Lock()
	source, waiters := u.source, u.waiters
	u.mutex.Unlock()

	if source == nil {
		return
	}

	for _, usage := range source() {
		cidr := usage.CIDR.String()
		out <- prometheus.MustNewConstMetric(u.free, prometheus.GaugeValue, float64(usage.Free), cidr)
		out <- prometheus.MustNewConstMetric(u.taken, prometheus.GaugeValue, float64(usage.Taken), cidr)
		out <- prometheus.MustNewConstMetric(u.ingress, prometheus.GaugeValue, float64(usage.own), cidr)
	}
	out <- prometheus.MustNewConstMetric(u.waiting, prometheus.GaugeValue, float64(waiters()))
}
