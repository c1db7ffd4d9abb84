// Package b1738 re-creates Submariner's issue 1738: a change of ports never
// reaches the internal Service.
package b1738

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// The update of a Service is nobody's business.
	steps.ServiceUpdated = func(*upstream.Controller, *corev1.Service) {}

	return steps
}
