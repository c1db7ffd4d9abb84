package bugs

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var missedExpiries = []Bug{
	{
		Name: "dotnet-sdk-724", Class: "missed 410", Source: "https://github.com/dotnet/dotnet-operator-sdk/issues/724",
		Story:      "A watch that ends with 410 Gone is begun again from where it was, and so without end.",
		Controller: neverLists,
		Objects:    apps("{text: a}", "first", "second", "third"),
	},
	{
		Name: "kopf-8", Class: "missed 410", Source: "https://github.com/zalando-incubator/kopf/pull/8",
		Story:      "The error in a watch is taken for an object, and what the watch missed is never listed.",
		Controller: errorIsAnObject,
		Objects:    apps("{text: a}", "first", "second", "third"),
	},
}

// byHand lists and watches without a reflector. expired says what becomes of the
// resourceVersion when a watch ends with an error; empty: list again.
func byHand(expired func(ctx context.Context, w *handmade) string) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		untyped, err := dynamic.NewForConfig(cfg)
		if err != nil {
			return err
		}
		direct, err := newClient(cfg)
		if err != nil {
			return err
		}
		w := &handmade{resource: untyped.Resource(appsResource), client: direct}
		for ctx.Err() == nil {
			if w.last == "" {
				err = w.list(ctx)
			} else {
				err = w.watch(ctx)
			}
			if err == errExpired {
				w.last = expired(ctx, w)
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
		return nil
	}
}

// handmade is a client that knows by itself where it is.
type handmade struct {
	resource dynamic.NamespaceableResourceInterface
	client   client.Client
	last     string
}

func (w *handmade) list(ctx context.Context) error {
	list, err := w.resource.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		if err := w.serve(ctx, &list.Items[i]); err != nil {
			return err
		}
	}
	w.last = list.GetResourceVersion()
	return nil
}

type expiredError struct{}

func (expiredError) Error() string { return "the watch has expired" }

var errExpired = expiredError{}

// watch serves what comes until the watch ends. What could not be served is lost to the
// original; here the watch is begun again before it.
func (w *handmade) watch(ctx context.Context) error {
	stream, err := w.resource.Watch(ctx, metav1.ListOptions{ResourceVersion: w.last})
	if err != nil {
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			return errExpired
		}
		return err
	}
	defer stream.Stop()
	for event := range stream.ResultChan() {
		if event.Type == apiwatch.Error {
			return errExpired
		}
		object, ok := event.Object.(*unstructured.Unstructured)
		if !ok {
			continue
		}
		if event.Type == apiwatch.Added || event.Type == apiwatch.Modified {
			if err := w.serve(ctx, object); err != nil {
				return err
			}
		}
		w.last = object.GetResourceVersion()
	}
	return nil
}

func (w *handmade) serve(ctx context.Context, o *unstructured.Unstructured) error {
	a := asApp(o)
	if a.DeletionTimestamp != nil {
		return nil
	}
	return ensure(ctx, w.client, w.client, a, configOf(a, map[string]string{"text": a.Spec.Text}))
}

func neverLists(mended bool) Run {
	return byHand(func(_ context.Context, w *handmade) string {
		if mended {
			return ""
		}
		return w.last
	})
}

// errorIsAnObject goes on from now: it asks for the resourceVersion, and not for what
// there is.
func errorIsAnObject(mended bool) Run {
	return byHand(func(ctx context.Context, w *handmade) string {
		list, err := w.resource.List(ctx, metav1.ListOptions{})
		if err != nil || mended {
			return ""
		}
		return list.GetResourceVersion()
	})
}
