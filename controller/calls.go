package controller

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// calls is the only way reconcilers talk to the API server. Reads are quorum
// reads; each call has its own time limit, is counted when it fails, and says
// in its error what was being done to which object.
type calls struct {
	direct  client.Client // past the cache
	timeout time.Duration
	metrics *collectors
}

func (c *calls) get(ctx context.Context, name types.NamespacedName, obj client.Object) error {
	obj.SetNamespace(name.Namespace)
	obj.SetName(name.Name)

	return c.do(ctx, "get", obj, func(ctx context.Context) error {
		return c.direct.Get(ctx, name, obj)
	})
}

// list is not bounded by the timeout of a single object's call: a list of
// 10,000 objects may take its time.
func (c *calls) list(ctx context.Context, list client.ObjectList) error {
	return c.direct.List(ctx, list)
}

func (c *calls) create(ctx context.Context, obj client.Object) error {
	return c.do(ctx, "create", obj, func(ctx context.Context) error {
		return c.direct.Create(ctx, obj)
	})
}

func (c *calls) update(ctx context.Context, obj client.Object) error {
	return c.do(ctx, "update", obj, func(ctx context.Context) error {
		return c.direct.Update(ctx, obj)
	})
}

// verbStatus names the writing of a status in errors.
const verbStatus = "update status of"

func (c *calls) updateStatus(ctx context.Context, obj client.Object) error {
	return c.do(ctx, verbStatus, obj, func(ctx context.Context) error {
		return c.direct.Status().Update(ctx, obj)
	})
}

// delete deletes the very object that was read: under another UID the call is
// refused with a conflict. An object already gone is success.
func (c *calls) delete(ctx context.Context, obj client.Object) error {
	uid := obj.GetUID()

	return c.deleteIf(ctx, obj, metav1.Preconditions{UID: &uid})
}

// deleteAsRead deletes an object in the form in which it was read: one that was
// written since is left alone, and the call refused with a conflict. So a
// deletion that arrives long after its time-out cannot take what somebody else
// has taken over meanwhile.
func (c *calls) deleteAsRead(ctx context.Context, obj client.Object) error {
	uid, version := obj.GetUID(), obj.GetResourceVersion()

	return c.deleteIf(ctx, obj, metav1.Preconditions{UID: &uid, ResourceVersion: &version})
}

func (c *calls) deleteIf(ctx context.Context, obj client.Object, conditions metav1.Preconditions) error {
	err := c.do(ctx, "delete", obj, func(ctx context.Context) error {
		return c.direct.Delete(ctx, obj, client.Preconditions(conditions))
	})
	if apierrors.IsNotFound(err) {
		return nil
	}

	return err
}

func (c *calls) do(ctx context.Context, verb string, obj client.Object, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	namespace, name := obj.GetNamespace(), obj.GetName()

	err := call(ctx)
	if err == nil {
		return nil
	}

	kind := "object"
	if gvk, unknown := apiutil.GVKForObject(obj, c.direct.Scheme()); unknown == nil {
		kind = gvk.Kind
	}

	failed := &callError{verb: verb, kind: kind, namespace: namespace, name: name, err: err}
	if !apierrors.IsNotFound(err) {
		c.metrics.errors.WithLabelValues(string(classify(failed)), verb, kind).Inc()
	}

	return failed
}
