// Package kinds knows the kinds that the simulated API server stores: for each
// resource its names, versions, defaults, validation, immutable fields and
// allocation, as the real server's registry strategies do.
//
// The request path (package apiserver) is the same for every kind; whatever
// differs between a Service, a Lease and a custom resource lives here. The
// rules, their messages and their order are those of Kubernetes 1.37 with its
// default feature gates, as far as a controller can observe them; where the
// real server reports errors in the order of a Go map, here they are sorted.
//
// Services, claims of addresses, leases, namespaces, config maps, secrets,
// events and custom resources are meant to be complete. Pods, workloads,
// endpoints and nodes have their defaults, generations and immutable fields,
// but not the rules that only a kubelet cares about; the rest is stored with
// little more than its defaults. Not modelled: admission plugins (but for what
// every cluster gives to Pods), conversion webhooks, and the IPAddress objects
// that the real server keeps for cluster IPs.
//
// Compiling a CustomResourceDefinition is expensive and its result immutable,
// so compiled kinds are shared between servers, with what is known of the validity of objects
// they have seen; allocators (cluster IPs, node ports) hold state and belong to
// one [Registry], hence to one server.
package kinds
