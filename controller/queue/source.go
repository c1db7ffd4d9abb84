package queue

import (
	"context"
	"fmt"

	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// Source feeds the queue from the informer of one kind.
//
// It is not controller-runtime's source.Kind, because that one polls: it asks
// whether its handler has been told everything, in a race with the goroutine
// that tells it, and whoever loses asks again 100 ms later. A take-over would be
// late by chance, and one seed in a thousand would start another way.
type Source[object client.Object] struct {
	Informers cache.Cache
	Kind      object

	// Of what happens to an object of the kind. created is told whether the
	// object was there when the source started.
	Created func(q Interface, obj object, present bool)
	Updated func(q Interface, before, now object)
	Deleted func(q Interface, last object)

	told toolscache.DoneChecker
}

var _ source.TypedSyncingSource[Key] = &Source[client.Object]{}

// Start implements source.TypedSource. It does not wait for the API server.
func (s *Source[object]) Start(ctx context.Context, q Interface) error {
	informer, err := s.Informers.GetInformer(ctx, s.Kind, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("get the informer of %T: %w", s.Kind, err)
	}

	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(obj any, present bool) {
			if o, ok := obj.(object); ok {
				s.Created(q, o, present)
			}
		},
		UpdateFunc: func(before, now any) {
			b, ok := before.(object)
			if n, also := now.(object); ok && also {
				s.Updated(q, b, n)
			}
		},
		DeleteFunc: func(obj any) {
			if missed, ok := obj.(toolscache.DeletedFinalStateUnknown); ok {
				obj = missed.Obj
			}

			if o, ok := obj.(object); ok {
				s.Deleted(q, o)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("watch %T: %w", s.Kind, err)
	}

	s.told = registration.HasSyncedChecker()

	return nil
}

// WaitForSync implements source.TypedSyncingSource. It returns nil when the
// context ends first: the controller is stopping, and nothing has gone wrong.
func (s *Source[object]) WaitForSync(ctx context.Context) error {
	toolscache.WaitFor(ctx, "", s.told)

	return nil
}

// String implements fmt.Stringer for the logs.
func (s *Source[object]) String() string { return fmt.Sprintf("kind source: %T", s.Kind) }
