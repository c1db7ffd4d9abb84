// Package b2463 re-creates Submariner's issue 2463: conditions grow without
// end.
package b2463

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// Appended instead of set by type.
	steps.SetCondition = func(conditions *[]metav1.Condition, condition metav1.Condition) {
		condition.LastTransitionTime = metav1.Now()
		*conditions = append(*conditions, condition)
	}

	return steps
}
