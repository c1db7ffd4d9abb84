// Package kubernetes puts Kubernetes' own controllers to sea: ReplicaSet, Job
// and EndpointSlice, as kube-controller-manager starts them.
package kubernetes
