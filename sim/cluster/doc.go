// Package cluster has the parts of a Kubernetes cluster that an API server alone
// is not: stand-ins for the kubelet, the scheduler, the controllers of
// kube-controller-manager and of a cloud, as ordinary processes written with
// client-go against the simulated API server.
//
// [Options] says which of them there are; [Options.AddTo] puts them into a world.
// They are marked [sim.Process.StandIn]: faults spare them, and what they do wrong
// is never the subject's. A world without them pays nothing.
//
// They are small, and stand for what other controllers see of the real ones: which
// objects come, in which steps, and what their status says meanwhile. What is left
// out is listed in docs/use/cluster.md.
//
// Every decision that is left to chance (how long a pod takes to start, whether a
// container crashes) is a hash of the seed and of the identity of what it is
// about, such as namespace, name and the how-manieth pod of that name; never of
// the order of things. What they do wrong by themselves ends when the world is to
// come to rest, [Options.Calm].
package cluster
