package cluster

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

var everything = labels.Everything()

// expectations keep a controller from acting on a cache that does not show yet
// what it did itself: it would make, or delete, too many. As in the real
// controllers they lapse, should what was made be gone before it was seen.
type expectations struct {
	find func(namespace, name string) (metav1.Object, bool) // in the cache
	of   map[string][]expected
}

type expected struct {
	namespace, name string
	uid             types.UID
	gone            bool // it is to go, not to come
	until           time.Time
}

// lapse is how long one waits to see what one did.
const lapse = 30 * time.Second

func (e *expectations) expect(key string, o metav1.Object, gone bool) {
	if e.of == nil {
		e.of = map[string][]expected{}
	}
	e.of[key] = append(e.of[key], expected{o.GetNamespace(), o.GetName(), o.GetUID(), gone, now().Add(lapse)})
}

// met tells whether the cache shows everything that was done for the key.
func (e *expectations) met(key string) bool {
	open := slices.DeleteFunc(e.of[key], func(x expected) bool {
		if !now().Before(x.until) {
			return true
		}
		o, found := e.find(x.namespace, x.name)
		if x.gone {
			return !found || o.GetUID() != x.uid || o.GetDeletionTimestamp() != nil
		}
		return found
	})
	if len(open) == 0 {
		delete(e.of, key)
		return true
	}
	e.of[key] = open
	return false
}
