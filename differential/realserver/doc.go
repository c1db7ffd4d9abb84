// Package realserver builds a real Kubernetes control plane from the Go module
// proxy and runs it on loopback: etcd, kube-apiserver and, when asked,
// kube-controller-manager's garbage collector and namespace controller.
//
// Nothing but the go command is needed. The first build takes 10 to 20 minutes
// on two cores; the binaries (350 MB) are kept in the user's cache directory
// and used from there afterwards. A started server is ready in about 4 s.
package realserver
