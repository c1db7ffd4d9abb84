package controller

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// burst collects the keys of events that come together, and puts them into the
// queue after a while, by namespace and name.
//
// A Service and its export usually come together, and a relist brings many
// events at once: each burst becomes one look at a cache at rest. The order in
// which its events come is that of a map in client-go; worked on in that order,
// the same cluster would be looked after in another way each time.
type burst struct {
	mutex sync.Mutex
	keys  map[key]bool
}

func newBurst() *burst { return &burst{keys: map[key]bool{}} }

// add puts keys into q once settle has passed since the first of the burst.
func (b *burst) add(q queue, keys []key) {
	b.mutex.Lock()
	defer b.mutex.Unlock()

	if len(b.keys) == 0 && len(keys) > 0 {
		time.AfterFunc(settle, func() { b.flush(q) })
	}

	for _, k := range keys {
		b.keys[k] = true
	}
}

func (b *burst) flush(q queue) {
	b.mutex.Lock()
	keys := slices.SortedFunc(maps.Keys(b.keys), compareKeys)
	clear(b.keys)
	b.mutex.Unlock()

	for _, k := range keys {
		q.Add(k)
	}
}
