// Package plain has the kinds with few rules of their own: what configures, names,
// leases and records, nodes and storage.
package plain
