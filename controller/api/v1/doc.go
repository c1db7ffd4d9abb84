// Package v1 holds the GlobalIngressIP API, submariner.io/v1, field for field
// as Submariner defines it, and the names and labels by which the objects of
// one global IP find each other.
//
// The types are Submariner's contract, not ours: a cluster that Submariner's
// Globalnet wrote can be taken over, and handed back, without a conversion.
//
// +kubebuilder:object:generate=true
// +groupName=submariner.io
package v1
