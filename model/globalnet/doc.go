// Package globalnet judges a GlobalIngressIP controller: that no global IP ever has
// two owners, that none is freed or changed while its service is exported, and
// what else docs/globalingressip/design.md promises.
//
// [Properties] hold for any such controller, Submariner's included. [Metrics] and
// [HostRules] are for those whose gauges and packet filter are in the history, and
// [Consumers] for what users see through their own watches. It has the names of
// objects and fields from their documentation, and shares no code with the
// controller it judges.
package globalnet
