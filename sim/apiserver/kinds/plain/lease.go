package plain

import (
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

var leaseStrategies = []coordinationv1.CoordinatedLeaseStrategy{coordinationv1.OldestEmulationVersion}

// Leases elect leaders: an update must name the version it was made from.
func newLeaseKind() *kinds.Kind {
	return kinds.Builtin[*coordinationv1.Lease, *coordinationv1.LeaseList](coordinationv1.SchemeGroupVersion, kinds.Spec{
		Resource:   "leases",
		Namespaced: true,
		Strategy: &kinds.Rules[*coordinationv1.Lease]{
			// Coordinated leader election is behind a feature gate that is off.
			PrepareCreate: func(lease *coordinationv1.Lease) {
				lease.Spec.Strategy, lease.Spec.PreferredHolder = nil, nil
			},
			PrepareUpdate: func(lease, old *coordinationv1.Lease) {
				if old.Spec.Strategy == nil {
					lease.Spec.Strategy = nil
				}
				if old.Spec.PreferredHolder == nil {
					lease.Spec.PreferredHolder = nil
				}
			},
			Check:          validateLease,
			CreateOnUpdate: true,
			Conditional:    true,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Holder", Type: "string", Description: coordinationv1.LeaseSpec{}.SwaggerDoc()["holderIdentity"]},
			kinds.AgeColumn,
		}, func(lease *coordinationv1.Lease, now time.Time) []any {
			return []any{lease.Name, ptr.Deref(lease.Spec.HolderIdentity, ""), kinds.Age(lease.CreationTimestamp, now)}
		}),
	})
}

func validateLease(lease *coordinationv1.Lease) field.ErrorList {
	var errs field.ErrorList
	spec := field.NewPath("spec")
	if d := lease.Spec.LeaseDurationSeconds; d != nil && *d <= 0 {
		errs = append(errs, field.Invalid(spec.Child("leaseDurationSeconds"), d, "must be greater than 0"))
	}
	if n := lease.Spec.LeaseTransitions; n != nil && *n < 0 {
		errs = append(errs, field.Invalid(spec.Child("leaseTransitions"), n, "must be greater than or equal to 0"))
	}
	if strategy := lease.Spec.Strategy; strategy != nil {
		// The path really is spec.strategy.strategy.
		path := spec.Child("strategy", "strategy")
		if strings.Contains(string(*strategy), "/") {
			errs = append(errs, kinds.Invalids(path, *strategy, utilvalidation.IsQualifiedName(string(*strategy)))...)
		} else if !slices.Contains(leaseStrategies, *strategy) {
			errs = append(errs, field.NotSupported(path, *strategy, leaseStrategies))
		}
	}
	if ptr.Deref(lease.Spec.PreferredHolder, "") != "" && ptr.Deref(lease.Spec.Strategy, "") == "" {
		errs = append(errs, field.Forbidden(spec.Child("preferredHolder"), "may only be specified if `strategy` is defined"))
	}
	return errs
}
