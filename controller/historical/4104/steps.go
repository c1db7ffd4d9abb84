// Package b4104 re-creates Submariner's issue 4104: a headless Service in one
// namespace deletes the GlobalIngressIPs of its namesakes in others.
package b4104

import (
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/controller/historical/upstream"
)

// Steps are those of the correct sibling but for the one that has the bug.
func Steps() upstream.Steps {
	steps := upstream.Sibling()

	// The look-up goes by name, across all namespaces.
	steps.LeftoversOf = func(*corev1.Service) []client.ListOption { return nil }

	return steps
}
