// Package controller is the GlobalIngressIP controller as it ships: it gives
// every exported Service one global IP, and keeps the law that no global IP is
// ever assigned to two owners and none is freed or changed while its Service
// still exists and is exported.
//
// # How uniqueness is kept
//
// Not by memory: an address is claimed before it is used anywhere, by creating
// the IPAddress object that bears its name. The API server lets only one such
// object exist. Two leaders, a cache that lags, a lost response or a restart
// can therefore cost a refused request, never a second owner.
//
// # Acquiring and releasing
//
// Acquiring goes finalizer and address annotation on the GlobalIngressIP →
// claim → internal Service → status. Releasing goes the other way round:
// status → internal Service → claim → finalizer. Every step is idempotent and
// reads what it needs from the cluster, so that a crash between any two is
// resumed by simply reconciling again. In the common case an allocation takes
// five writes.
//
// # Errors are never absence
//
// An address is released only when a quorum read proved that the Service or
// its ServiceExport is gone, or that the Service was created anew under
// another UID. Any other answer leaves the allocation as it is, says so in a
// condition, an Event and a metric, and is retried with back-off for ever.
//
// # One queue
//
// Exports and GlobalIngressIPs go through one work queue, so that one worker
// is one sequence of requests. The order of requests then depends on what the
// API server said and when, not on how goroutines were scheduled.
package controller
