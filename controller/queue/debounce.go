package queue

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Debounce collects the keys of events that come together, and puts them into the
// queue after a while, by namespace and name.
//
// A Service and its export usually come together, and a relist brings many
// events at once: each burst becomes one look at a cache at rest. The order in
// which its events come is that of a map in client-go; worked on in that order,
// the same cluster would be looked after in another way each time.
type Debounce struct {
	mutex sync.Mutex
	keys  map[Key]bool
}

// NewDebounce returns one without keys.
func NewDebounce() *Debounce { return &Debounce{keys: map[Key]bool{}} }

// Add puts keys into q once settle has passed since the first of the burst.
func (b *Debounce) Add(q Interface, keys []Key) {
	b.mutex.Lock()
	defer b.mutex.Unlock()

	if len(b.keys) == 0 && len(keys) > 0 {
		time.AfterFunc(settle, func() { b.flush(q) })
	}

	for _, k := range keys {
		b.keys[k] = true
	}
}

func (b *Debounce) flush(q Interface) {
	b.mutex.Lock()
	keys := slices.SortedFunc(maps.Keys(b.keys), Compare)
	clear(b.keys)
	b.mutex.Unlock()

	for _, k := range keys {
		q.Add(k)
	}
}
