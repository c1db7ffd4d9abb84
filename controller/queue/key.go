package queue

import (
	"cmp"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
)

// Kind says what a key of the work queue is about.
type Kind string

const (
	// Adoption: take over what is published before allocating anything.
	// There is one such key, and every other one waits for it.
	Adoption Kind = "adoption"
	// Export: an exported Service, by its name. Decides which
	// GlobalIngressIPs exist.
	Export Kind = "export"
	// Ingress: a GlobalIngressIP, by its name. Decides about its address.
	Ingress Kind = "ingress"
)

// Key is the name of something to be looked at: Kind says as what.
type Key struct {
	Kind Kind
	types.NamespacedName
}

// ExportKey is the key of an exported Service.
func ExportKey(namespace, name string) Key {
	return Key{Export, types.NamespacedName{Namespace: namespace, Name: name}}
}

// IngressKey is the key of a GlobalIngressIP.
func IngressKey(namespace, name string) Key {
	return Key{Ingress, types.NamespacedName{Namespace: namespace, Name: name}}
}

// Compare orders keys by namespace, name and kind.
func Compare(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
}

func (k Key) String() string { return fmt.Sprintf("%s %s", k.Kind, k.NamespacedName) }

// Interface is the queue as controller-runtime has it.
type Interface = workqueue.TypedRateLimitingInterface[Key]

const (
	firstRetry = 50 * time.Millisecond
	// LastRetry is the longest that a key waits before it is tried again.
	LastRetry = 30 * time.Second

	// settle is how long an event waits before its key is worked on: see [Debounce].
	settle = 2 * time.Millisecond
)

// NewRateLimiter backs off each key on its own, 50 ms doubling to 30 s, without
// end.
func NewRateLimiter() workqueue.TypedRateLimiter[Key] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[Key](firstRetry, LastRetry)
}
