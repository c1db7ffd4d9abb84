// Command e2e takes the deployable globalingressip-controller through the scenario
// library on a real control plane.
//
// For each scenario it starts etcd and kube-apiserver on loopback, with RBAC on,
// installs deploy/'s CRDs, ServiceAccount and roles, and runs the controller's
// binary as processes of their own with that ServiceAccount's token, behind a proxy
// that injects the scenario's faults; some scenarios stop and start kube-apiserver,
// too. What the observer saw is judged by the properties of a simulated run, and no
// request of the controller may be forbidden.
//
// Exit codes: 0 all passed · 1 a scenario did not · 2 wrong usage · 3 the control
// plane or the controller could not be built or started.
package main
