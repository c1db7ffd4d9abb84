// Package kinds is what the kinds that the simulated API server stores are made
// of: for each resource its names, versions, defaults, validation, immutable
// fields and allocation, as the real server's registry strategies have them.
//
// The request path (package apiserver) is the same for every kind; whatever
// differs between a Service, a Lease and a custom resource lives in the rooms
// below this one:
//
//   - service: Services with their cluster IPs and node ports, and what has to do
//     with them: endpoints, IPAddresses, Ingresses, network policies;
//   - workload: Pods, what makes Pods, and what scales and protects them;
//   - custom: custom resources, and the definitions that they are compiled from;
//   - access: who may do what: RBAC, reviews, certificates, admission, flow control;
//   - plain: the rest: ConfigMaps, Secrets, Leases, Events, Namespaces, Nodes, storage;
//   - registry: all of them together, as one API server serves them.
//
// The rules, their messages and their order are those of Kubernetes 1.37 with its
// default feature gates, as far as a controller can observe them; where the
// real server reports errors in the order of a Go map, here they are sorted.
//
// Services, claims of addresses, leases, namespaces, config maps, secrets,
// events and custom resources are meant to be complete. Pods, workloads,
// endpoints and nodes have their defaults, generations and immutable fields,
// but not the rules that only a kubelet cares about; the rest is stored with
// little more than its defaults. docs/inside/fidelity.md has the differences.
package kinds
