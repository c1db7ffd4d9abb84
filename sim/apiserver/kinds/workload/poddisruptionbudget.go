package workload

import (
	"time"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newPodDisruptionBudgetKind() *kinds.Kind {
	return kinds.Builtin[*policyv1.PodDisruptionBudget, *policyv1.PodDisruptionBudgetList](policyv1.SchemeGroupVersion, kinds.Spec{
		Resource:   "poddisruptionbudgets",
		ShortNames: []string{"pdb"},
		Namespaced: true,
		Strategy: &kinds.Rules[*policyv1.PodDisruptionBudget]{
			PrepareCreate: func(pdb *policyv1.PodDisruptionBudget) {
				pdb.Status, pdb.Generation = policyv1.PodDisruptionBudgetStatus{}, 1
			},
			PrepareUpdate: func(pdb, old *policyv1.PodDisruptionBudget) {
				pdb.Status = old.Status
				kinds.NextGeneration(&pdb.ObjectMeta, &old.ObjectMeta, pdb.Spec, old.Spec)
			},
			Check:       validatePodDisruptionBudget,
			Conditional: true,
		},
		Status: &kinds.Rules[*policyv1.PodDisruptionBudget]{
			PrepareUpdate: func(pdb, old *policyv1.PodDisruptionBudget) { pdb.Spec = old.Spec },
			CheckUpdate:   validatePodDisruptionBudgetStatus,
			Conditional:   true,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Min Available", Type: "string", Description: "The minimum number of pods that must be available."},
			{Name: "Max Unavailable", Type: "string", Description: "The maximum number of pods that may be unavailable."},
			{Name: "Allowed Disruptions", Type: "integer", Description: "Calculated number of pods that may be disrupted at this time."},
			kinds.AgeColumn,
		}, func(pdb *policyv1.PodDisruptionBudget, now time.Time) []any {
			return []any{
				pdb.Name, orNA(pdb.Spec.MinAvailable), orNA(pdb.Spec.MaxUnavailable),
				int64(pdb.Status.DisruptionsAllowed), kinds.Age(pdb.CreationTimestamp, now),
			}
		}),
	})
}

func orNA(value *intstr.IntOrString) string {
	if value == nil {
		return "N/A"
	}
	return value.String()
}

func validatePodDisruptionBudget(pdb *policyv1.PodDisruptionBudget) field.ErrorList {
	var errs field.ErrorList
	path, spec := field.NewPath("spec"), &pdb.Spec
	if spec.MinAvailable != nil && spec.MaxUnavailable != nil {
		errs = append(errs, field.Invalid(path, pdb.Spec, "minAvailable and maxUnavailable cannot be both set"))
	}
	for _, bound := range []struct {
		name  string
		value *intstr.IntOrString
	}{{"minAvailable", spec.MinAvailable}, {"maxUnavailable", spec.MaxUnavailable}} {
		errs = append(errs, validateIntOrPercent(bound.value, path.Child(bound.name))...)
		errs = append(errs, atMost100Percent(bound.value, path.Child(bound.name))...)
	}
	errs = append(errs, kinds.SortedErrors(metav1validation.ValidateLabelSelector(spec.Selector, metav1validation.LabelSelectorValidationOptions{}, path.Child("selector")))...)
	if policy := spec.UnhealthyPodEvictionPolicy; policy != nil && *policy != policyv1.AlwaysAllow && *policy != policyv1.IfHealthyBudget {
		errs = append(errs, field.NotSupported(path.Child("unhealthyPodEvictionPolicy"), *policy,
			[]policyv1.UnhealthyPodEvictionPolicyType{policyv1.AlwaysAllow, policyv1.IfHealthyBudget}))
	}
	return errs
}

func validatePodDisruptionBudgetStatus(pdb, _ *policyv1.PodDisruptionBudget) field.ErrorList {
	path, status := field.NewPath("status"), &pdb.Status
	errs := metav1validation.ValidateConditions(status.Conditions, path.Child("conditions"))
	for _, n := range (counts{
		{"disruptionsAllowed", status.DisruptionsAllowed},
		{"currentHealthy", status.CurrentHealthy},
		{"desiredHealthy", status.DesiredHealthy},
		{"expectedPods", status.ExpectedPods},
	}) {
		errs = append(errs, kinds.NonNegative(path.Child(n.name), int64(n.value))...)
	}
	return errs
}
