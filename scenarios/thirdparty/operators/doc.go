// Package operators puts operators to sea that extend Kubernetes: JobSet,
// with its own definitions and webhooks.
package operators
