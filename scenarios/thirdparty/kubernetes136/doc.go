// Package kubernetes136 puts to sea what Kubernetes 1.36 had wrong and 1.37 has
// right. Everything in it is of 1.36, client-go included.
package kubernetes136
