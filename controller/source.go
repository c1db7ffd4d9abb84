package controller

import (
	"context"
	"fmt"

	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// kindSource feeds the queue from the informer of one kind.
//
// It is not controller-runtime's source.Kind, because that one polls: it asks
// whether its handler has been told everything, in a race with the goroutine
// that tells it, and whoever loses asks again 100 ms later. A take-over would be
// late by chance, and one seed in a thousand would start another way.
type kindSource[object client.Object] struct {
	informers cache.Cache
	kind      object

	// Of what happens to an object of the kind. created is told whether the
	// object was there when the source started.
	created func(q queue, obj object, present bool)
	updated func(q queue, before, now object)
	deleted func(q queue, last object)

	told toolscache.DoneChecker
}

var _ source.TypedSyncingSource[key] = &kindSource[client.Object]{}

// Start implements source.TypedSource. It does not wait for the API server.
func (s *kindSource[object]) Start(ctx context.Context, q queue) error {
	informer, err := s.informers.GetInformer(ctx, s.kind, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("get the informer of %T: %w", s.kind, err)
	}

	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(obj any, present bool) {
			if o, ok := obj.(object); ok {
				s.created(q, o, present)
			}
		},
		UpdateFunc: func(before, now any) {
			b, ok := before.(object)
			if n, also := now.(object); ok && also {
				s.updated(q, b, n)
			}
		},
		DeleteFunc: func(obj any) {
			if missed, ok := obj.(toolscache.DeletedFinalStateUnknown); ok {
				obj = missed.Obj
			}

			if o, ok := obj.(object); ok {
				s.deleted(q, o)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("watch %T: %w", s.kind, err)
	}

	s.told = registration.HasSyncedChecker()

	return nil
}

// WaitForSync implements source.TypedSyncingSource. It returns nil when the
// context ends first: the controller is stopping, and nothing has gone wrong.
func (s *kindSource[object]) WaitForSync(ctx context.Context) error {
	toolscache.WaitFor(ctx, "", s.told)

	return nil
}

// String implements fmt.Stringer for the logs.
func (s *kindSource[object]) String() string { return fmt.Sprintf("kind source: %T", s.kind) }
