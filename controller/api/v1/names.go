package v1

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"net/netip"
	"strings"
)

// What marks the internal Service of an exported Service. Submariner's names.
const (
	// InternalServiceLabel carries the exported Service's name.
	InternalServiceLabel = "submariner.io/exportedServiceRef"
	// InternalServiceFinalizer keeps the internal Service, and with it the
	// data path, until the controller has let go of it.
	InternalServiceFinalizer = "submariner.io/globalnet-internal-service"

	internalServicePrefix = "submariner-"
	internalServiceDigest = 32
)

// What marks GlobalIngressIPs of headless Services. Submariner's names.
const (
	ServiceRefLabel                = "submariner.io/serviceRef"
	HeadlessServicePodIPAnnotation = "submariner.io/headless-svc-pod-ip"
	HeadlessServiceEndpointsIP     = "submariner.io/headless-svc-endpoints-ip"
)

// What this controller adds.
const (
	// Finalizer holds a GlobalIngressIP until its claim has been released, so
	// that no deletion goes unnoticed, whether the controller runs or not.
	Finalizer = "globalingressip.submariner.io/claim"

	// AddressAnnotation on a GlobalIngressIP is the address its claim is, or
	// will be, made for. It is written before the claim: a claim whose creation
	// has an unknown outcome is found again by name, at the cost of one read.
	AddressAnnotation = "globalingressip.submariner.io/address"

	// ServiceUIDAnnotation on a GlobalIngressIP and on its claim is the UID of
	// the Service served. A Service that was deleted and created again under
	// the same name is another owner.
	ServiceUIDAnnotation = "globalingressip.submariner.io/service-uid"

	// ServiceAnnotation on a claim is the name of the Service served, in the
	// namespace of the claim's parent.
	ServiceAnnotation = "globalingressip.submariner.io/service"

	// PodAnnotation on a GlobalIngressIP of a headless Service, and on its claim,
	// is the name of the pod that the address leads to.
	PodAnnotation = "globalingressip.submariner.io/pod"

	// EndpointAnnotation on a claim is the address among the Service's Endpoints
	// that the global IP leads to.
	EndpointAnnotation = "globalingressip.submariner.io/endpoint"

	// OwnerUIDAnnotation on a claim is the UID of the GlobalIngressIP that
	// holds it: an IPAddress's parentRef has no UID of its own.
	OwnerUIDAnnotation = "globalingressip.submariner.io/owner-uid"

	// ManagedBy is the value, on this controller's claims, of the label
	// ipaddress.kubernetes.io/managed-by.
	ManagedBy = "globalingressip.submariner.io"
)

// InternalServiceName returns the name of the internal Service that carries
// the global IP of the named Service: "submariner-" and the first 32
// characters of the base32 form of the SHA-256 of the name, in lower case.
// InternalServiceName("nginx") is "submariner-lpq6zr4tl4o5qvrv2t7o3l3gawkagast".
func InternalServiceName(service string) string {
	digest := sha256.Sum256([]byte(service))
	encoded := base32.StdEncoding.EncodeToString(digest[:])

	return internalServicePrefix + strings.ToLower(encoded[:internalServiceDigest])
}

// Submariner shortens what its names are made of to these lengths.
const (
	podInName     = 59
	serviceInName = 44
	nameDigest    = 10
)

// HeadlessPodName returns the names that the GlobalIngressIP of a pod behind a
// headless Service may bear: Submariner's, "pod-" and the pod's, and one to fall
// back on when Submariner's is another's. A pod whose name Submariner would
// shorten has the latter only, so that two pods cannot meet in one name.
//
// The second holds a digest of Service and pod behind a dot, which no Service's
// name has: it cannot be the name of an exported Service's GlobalIngressIP.
// HeadlessPodName("db", "db-0") is "pod-db-0", "pod-db-0.mmxyraqxwj".
func HeadlessPodName(service, pod string) (name, fallback string) {
	fallback = digested("pod-"+shortened(pod, podInName), service, pod)
	if len(pod) > podInName {
		return fallback, fallback
	}

	return "pod-" + pod, fallback
}

// HeadlessEndpointName returns the name of the GlobalIngressIP of an address
// behind a headless Service without pods: Submariner's where it is not
// shortened, else one with a digest.
// HeadlessEndpointName("db", 192.0.2.7) is "ep-db-192.0.2.7".
func HeadlessEndpointName(service string, address netip.Addr) string {
	name := fmt.Sprintf("ep-%s-%s", shortened(service, serviceInName), address)
	if len(service) > serviceInName {
		return digested(name, service, address.String())
	}

	return name
}

// shortened cuts a name so that what is left may stand before a dot.
func shortened(name string, length int) string {
	return strings.TrimRight(name[:min(len(name), length)], "-.")
}

// digested appends a digest of the parts. They are told apart by a slash, which
// no name has.
func digested(name string, parts ...string) string {
	digest := sha256.Sum256([]byte(strings.Join(parts, "/")))

	return name + "." + strings.ToLower(base32.StdEncoding.EncodeToString(digest[:])[:nameDigest])
}
