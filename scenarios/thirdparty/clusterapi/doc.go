// Package clusterapi puts two reconcilers of Cluster API to sea, MachineDeployment
// and MachineSet, in a controller-runtime manager as capi-controller-manager has
// them.
package clusterapi
