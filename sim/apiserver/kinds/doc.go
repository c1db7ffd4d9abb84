// Package kinds knows the kinds that the simulated API server stores: for each
// resource its names, versions, defaults, validation, immutable fields and
// allocation, as the real server's registry strategies do.
//
// The request path (package apiserver) is the same for every kind; whatever
// differs between a Service, a Lease and a custom resource lives here.
// Compiling a CustomResourceDefinition is expensive and its result immutable,
// so compiled kinds are shared between servers; allocators (cluster IPs, node
// ports) hold state and belong to one [Registry], hence to one server.
package kinds
