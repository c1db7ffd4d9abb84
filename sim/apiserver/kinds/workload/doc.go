// Package workload has Pods, the kinds that make Pods, and those that scale and
// protect them.
package workload
