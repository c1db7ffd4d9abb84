package audit

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Options of an audit.
type Options struct {
	// CIDRs are those that the controller was given; none: nothing is said about
	// addresses outside them, nor about foreign ones inside.
	CIDRs []netip.Prefix
	// Settle is how long after a first look a second one is had, if the first
	// found anything: only what both show is reported, since what is just being
	// done looks wrong for a moment. Zero means one look.
	Settle time.Duration
}

// Run audits a cluster and returns what it found, sorted. It makes no write.
func Run(ctx context.Context, reader client.Reader, o Options) ([]Finding, error) {
	first, err := look(ctx, reader, o)
	if err != nil || o.Settle == 0 || !slices.ContainsFunc(first, Finding.Fault) {
		return first, err
	}

	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(o.Settle):
	}

	second, err := look(ctx, reader, o)
	if err != nil {
		return nil, err
	}

	return slices.DeleteFunc(second, func(f Finding) bool { return !slices.Contains(first, f) }), nil
}

func look(ctx context.Context, reader client.Reader, o Options) ([]Finding, error) {
	s, err := read(ctx, reader, o.CIDRs)
	if err != nil {
		return nil, err
	}

	findings := slices.Concat(s.doubles(), s.ofIngresses(), s.ofClaims(), s.ofInternalServices(), s.ofExports())
	slices.SortFunc(findings, compare)

	return slices.Compact(findings), nil
}
