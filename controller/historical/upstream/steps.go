package upstream

import (
	"context"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// Steps are the decisions in which the historical bugs were made. Each field
// of what Sibling returns is right; a bug replaces one of them.
type Steps struct {
	// Elects reports whether leadership is waited for, when it is configured.
	Elects func() bool
	// WorkContext returns the context of one item's work: given are the one
	// that ends with the leadership and the one that ends with the process.
	WorkContext func(leading, living context.Context) context.Context

	// ListPublished lists the GlobalIngressIPs from which the pool is rebuilt.
	ListPublished func(ctx context.Context, c *Controller) ([]v1.GlobalIngressIP, error)
	// StartFailed decides about an error at start: nil means try again.
	StartFailed func(err error) error
	// ReservationFailed handles a published address that the pool refuses. An
	// error ends this attempt to start.
	ReservationFailed func(ctx context.Context, c *Controller, gip *v1.GlobalIngressIP, cause error) error
	// VerifyInternal checks, at start, the internal Service of a GlobalIngressIP
	// whose address was reserved.
	VerifyInternal func(ctx context.Context, c *Controller, gip *v1.GlobalIngressIP, addr netip.Addr) error
	// ReserveCarried reserves the address that an internal Service carries
	// though it was never published.
	ReserveCarried func(ctx context.Context, c *Controller, gip *v1.GlobalIngressIP) error
	// CompareAtStart looks for what was deleted while nobody watched.
	CompareAtStart func(c *Controller, gips []v1.GlobalIngressIP)

	// ServiceCreated and ServiceUpdated react to those events.
	ServiceCreated func(c *Controller, service *corev1.Service)
	ServiceUpdated func(c *Controller, service *corev1.Service)
	// ServiceUnreadable decides about an error in reading an exported Service
	// while its GlobalIngressIP is processed: nil means that it is done with.
	ServiceUnreadable func(err error) error
	// LeftoversOf returns which GlobalIngressIPs to delete when a Service turns
	// out to be headless.
	LeftoversOf func(service *corev1.Service) []client.ListOption

	// CurrentAddress returns the address a GlobalIngressIP already has, or the
	// zero Addr.
	CurrentAddress func(ctx context.Context, c *Controller, gip *v1.GlobalIngressIP) (netip.Addr, error)
	// StatusWriteFailed is told of a status that could not be written.
	StatusWriteFailed func(c *Controller, gip *v1.GlobalIngressIP, addr netip.Addr)
	// AddressToRelease returns the address of a GlobalIngressIP that is deleted,
	// or the zero Addr.
	AddressToRelease func(c *Controller, gip *v1.GlobalIngressIP) netip.Addr
	// SetCondition puts a condition into a status.
	SetCondition func(conditions *[]metav1.Condition, condition metav1.Condition)
	// Finalizers returns the finalizers a GlobalIngressIP is to have.
	Finalizers func() []string
	// IsAnother reports whether an update shows another object under the name
	// of the one that was known.
	IsAnother func(before, now client.Object) bool
}

// Sibling returns the steps of the correct sibling.
func Sibling() Steps {
	return Steps{
		Elects:            func() bool { return true },
		WorkContext:       func(leading, _ context.Context) context.Context { return leading },
		ListPublished:     listPublished,
		StartFailed:       func(error) error { return nil },
		ReservationFailed: reservationFailed,
		VerifyInternal:    verifyInternal,
		ReserveCarried:    reserveCarried,
		CompareAtStart:    compareAtStart,
		ServiceCreated:    func(c *Controller, s *corev1.Service) { c.Requeue(KindExport, s.Namespace, s.Name) },
		ServiceUpdated:    func(c *Controller, s *corev1.Service) { c.Requeue(KindIngress, s.Namespace, s.Name) },
		ServiceUnreadable: func(err error) error { return err },
		LeftoversOf: func(service *corev1.Service) []client.ListOption {
			return []client.ListOption{client.InNamespace(service.Namespace)}
		},
		CurrentAddress:    currentAddress,
		StatusWriteFailed: func(*Controller, *v1.GlobalIngressIP, netip.Addr) {},
		AddressToRelease:  addressToRelease,
		SetCondition:      setCondition,
		Finalizers:        func() []string { return []string{v1.Finalizer} },
		IsAnother:         func(before, now client.Object) bool { return before.GetUID() != now.GetUID() },
	}
}
