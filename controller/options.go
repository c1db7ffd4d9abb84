package controller

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/seatrial/seatrial/controller/ipam"
	"github.com/seatrial/seatrial/controller/manager"
)

// Defaults of Options.
const (
	DefaultWorkers        = 1
	DefaultLeaseDuration  = 20 * time.Second
	DefaultRenewDeadline  = 15 * time.Second
	DefaultRetryPeriod    = 2 * time.Second
	DefaultRequestTimeout = 10 * time.Second
)

// Options is what a controller needs to know beside how to reach the API
// server.
type Options struct {
	// CIDRs are the ranges global IPs are taken from, the first one first.
	// At least one is needed.
	CIDRs []netip.Prefix

	// MoveOutside gives owners of addresses that lie in none of the CIDRs another
	// one, as after a change of the CIDRs: the only case in which a published
	// address changes. Otherwise such addresses are kept and reported.
	MoveOutside bool

	// Workers is how many keys are reconciled at once. Zero means 1, with
	// which the order of requests is a function of what the API server sends.
	Workers int

	// LeaderElection makes this replica wait until it holds the Lease named
	// globalingressip-controller in LeaderElectionNamespace. Identity must
	// differ between replicas; empty means host name and a random part.
	LeaderElection          bool
	LeaderElectionNamespace string
	Identity                string

	// The Lease's times. Zero means 20 s, 15 s and 2 s.
	LeaseDuration time.Duration
	RenewDeadline time.Duration
	RetryPeriod   time.Duration

	// RequestTimeout bounds each single API call of a reconciliation, so that
	// a connection gone silent cannot hold a worker. Zero means 10 s. A write
	// cut off by it may still take effect; that is provided for.
	RequestTimeout time.Duration

	// DataPath is where the rules of headless Services' global IPs are put in
	// place. Nil means that something else does it.
	DataPath DataPath

	// Where metrics and probes are served. Empty or "0" means nowhere.
	MetricsBindAddress     string
	HealthProbeBindAddress string

	// Logger is where everything is logged. The zero value discards.
	Logger logr.Logger

	// Registerer takes this controller's collectors while it runs. Nil means
	// controller-runtime's registry, which /metrics serves.
	Registerer prometheus.Registerer
}

// Validate reports everything in o that would keep a controller from working,
// and what would be right. It changes nothing; zero values that have a default
// are valid.
func (o *Options) Validate() error {
	faults := []error{ipam.ValidateCIDRs(o.CIDRs)}

	if o.Workers < 0 {
		faults = append(faults, fmt.Errorf("workers is %d: use 1 or more", o.Workers))
	}

	if o.RequestTimeout < 0 {
		faults = append(faults, fmt.Errorf("request timeout is %s: use a positive duration", o.RequestTimeout))
	}

	if o.LeaderElection {
		faults = append(faults, o.validateLeaderElection()...)
	}

	faults = append(faults,
		validateBindAddress("metrics bind address", o.MetricsBindAddress),
		validateBindAddress("health probe bind address", o.HealthProbeBindAddress))

	return errors.Join(faults...)
}

func (o *Options) validateLeaderElection() []error {
	var faults []error

	if o.LeaderElectionNamespace == "" {
		faults = append(faults, errors.New("leader election needs the namespace of its Lease"))
	}

	d := o.withDefaults()
	if d.RetryPeriod <= 0 || d.RenewDeadline <= d.RetryPeriod || d.LeaseDuration <= d.RenewDeadline {
		faults = append(faults, fmt.Errorf(
			"leader election times are lease %s, renew %s, retry %s: use lease > renew > retry > 0",
			d.LeaseDuration, d.RenewDeadline, d.RetryPeriod))
	}

	return faults
}

func validateBindAddress(what, address string) error {
	if address == "" || address == manager.Off {
		return nil
	}

	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("%s %q: use host:port, :port or 0 for off: %w", what, address, err)
	}

	return nil
}

func (o *Options) withDefaults() Options {
	d := *o
	setDefault(&d.Workers, DefaultWorkers)
	setDefault(&d.LeaseDuration, DefaultLeaseDuration)
	setDefault(&d.RenewDeadline, DefaultRenewDeadline)
	setDefault(&d.RetryPeriod, DefaultRetryPeriod)
	setDefault(&d.RequestTimeout, DefaultRequestTimeout)

	if d.Logger.GetSink() == nil {
		d.Logger = logr.Discard()
	}

	return d
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
