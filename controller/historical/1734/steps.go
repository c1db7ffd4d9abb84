// Package b1734 re-creates Submariner's issue 1734: a Service that is deleted
// and created again under a kept export never gets an address.
package b1734

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// The creation of a Service is nobody's business.
	steps.ServiceCreated = func(*upstream.Controller, *corev1.Service) {}

	return steps
}
