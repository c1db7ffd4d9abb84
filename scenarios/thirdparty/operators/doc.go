// Package operators puts operators to sea that extend Kubernetes: JobSet and
// LeaderWorkerSet, with their own definitions and webhooks.
package operators
