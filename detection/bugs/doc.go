// Package bugs re-creates public bugs of Kubernetes controllers, each as a small
// controller beside its mended sibling. They are what seatrial's search is measured
// against: see package detection.
//
// Each entry of [All] names the public issue that it re-creates. Facts are those of
// the issue; code and words are this project's own. What is not needed for the bug is
// left out, and what surrounds it is as real controllers have it: half of the entries
// are informers with a work queue, as client-go's examples are, and half are
// controller-runtime managers. They serve one custom resource, [App], and its
// children; a cloud's API is a second one, [Instance], as it is to users of Crossplane
// or Config Connector.
//
// Nothing here knows seatrial but the laws, which are what a user of such a controller
// would have written. Most entries have none: generic laws have to find them.
package bugs
