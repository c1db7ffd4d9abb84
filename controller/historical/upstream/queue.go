package upstream

import (
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Kind says what an item of the queue is.
type Kind string

// The kinds that are watched.
const (
	KindExport  Kind = "ServiceExport"
	KindService Kind = "Service"
	KindIngress Kind = "GlobalIngressIP"
)

type item struct {
	kind Kind
	types.NamespacedName
}

func (i item) String() string { return fmt.Sprintf("%s %s", i.kind, i.NamespacedName) }

// event is what is known to have happened to an item since it was last
// processed. If neither is set, it was updated.
type event struct {
	created bool
	// deleted is the object as last seen; nil if it was not deleted.
	deleted client.Object
}

// eventQueue keeps the items to process, in order, each once, and beside them
// whether they were created or deleted.
type eventQueue struct {
	queue     workqueue.TypedRateLimitingInterface[item]
	isAnother func(before, now client.Object) bool

	mutex  sync.Mutex
	events map[item]event
	active map[item]event // what is being processed
}

func newEventQueue(isAnother func(before, now client.Object) bool) *eventQueue {
	return &eventQueue{
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[item](firstRetry, lastRetry)),
		isAnother: isAnother,
		events:    map[item]event{},
		active:    map[item]event{},
	}
}

func (q *eventQueue) note(i item, change func(e *event)) {
	q.mutex.Lock()
	e := q.events[i]
	change(&e)
	q.events[i] = e
	q.mutex.Unlock()

	q.queue.Add(i)
}

func (q *eventQueue) created(i item) {
	q.note(i, func(e *event) { e.created, e.deleted = true, nil })
}

// updated adds nothing for a GlobalIngressIP that is being allocated or waits
// for its next attempt: the update is that attempt's own write, and would do
// away with the back-off.
func (q *eventQueue) updated(i item, before, now client.Object) {
	q.mutex.Lock()
	own := i.kind == KindIngress && (q.events[i].created || q.active[i].created)
	q.mutex.Unlock()

	if own && now.GetDeletionTimestamp() == nil && !q.isAnother(before, now) {
		return
	}

	q.note(i, func(e *event) { e.created = e.created || q.isAnother(before, now) })
}

func (q *eventQueue) deleted(i item, last client.Object) {
	q.note(i, func(e *event) { e.created, e.deleted = false, last })
}

func (q *eventQueue) requeue(i item) {
	q.note(i, func(e *event) { e.created = true })
}

// take returns what happened to an item and forgets it.
func (q *eventQueue) take(i item) event {
	q.mutex.Lock()
	defer q.mutex.Unlock()

	e := q.events[i]
	delete(q.events, i)
	q.active[i] = e

	return e
}

// putBack keeps what happened for the next attempt, unless something newer
// happened meanwhile.
func (q *eventQueue) putBack(i item, e event) {
	q.mutex.Lock()
	defer q.mutex.Unlock()

	newer, ok := q.events[i]
	if !ok {
		q.events[i] = e

		return
	}

	newer.created = newer.created || e.created && newer.deleted == nil
	q.events[i] = newer
}

func (q *eventQueue) next() (item, bool) {
	i, shutdown := q.queue.Get()

	return i, !shutdown
}

func (q *eventQueue) done(i item, err error) {
	q.mutex.Lock()
	delete(q.active, i)
	q.mutex.Unlock()

	if err != nil {
		q.queue.AddRateLimited(i)
	} else {
		q.queue.Forget(i)
	}

	q.queue.Done(i)
}

func (q *eventQueue) shutDown() { q.queue.ShutDown() }
