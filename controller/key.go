package controller

import (
	"cmp"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
)

// keyKind says what a key of the work queue is about.
type keyKind string

const (
	// keyAdoption: take over what is published before allocating anything.
	// There is one such key, and every other one waits for it.
	keyAdoption keyKind = "adoption"
	// keyExport: an exported Service, by its name. Decides which
	// GlobalIngressIPs exist.
	keyExport keyKind = "export"
	// keyIngress: a GlobalIngressIP, by its name. Decides about its address.
	keyIngress keyKind = "ingress"
)

type key struct {
	kind keyKind
	types.NamespacedName
}

func exportKey(namespace, name string) key {
	return key{keyExport, types.NamespacedName{Namespace: namespace, Name: name}}
}

func ingressKey(namespace, name string) key {
	return key{keyIngress, types.NamespacedName{Namespace: namespace, Name: name}}
}

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.kind, b.kind))
}

func (k key) String() string { return fmt.Sprintf("%s %s", k.kind, k.NamespacedName) }

type queue = workqueue.TypedRateLimitingInterface[key]

const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 30 * time.Second

	// settle is how long an event waits before its key is worked on: see burst.
	settle = 2 * time.Millisecond
)

// newRateLimiter backs off each key on its own, 50 ms doubling to 30 s, without
// end.
func newRateLimiter() workqueue.TypedRateLimiter[key] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[key](firstRetry, lastRetry)
}
