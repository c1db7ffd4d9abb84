package controller

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/ipam"
	"github.com/seatrial/seatrial/controller/queue"
)

const testNamespace = "shop"

// world is a reconciler over controller-runtime's fake client, driven by hand:
// its cache is never behind, its calls can be made to fail.
type world struct {
	*testing.T
	client.Client
	ctx    context.Context
	scheme *runtime.Scheme
	cidr   string
	path   DataPath
	r      *reconciler

	uids   int
	writes []string // "create Service shop/x", in order
	reads  int
	// before and after see every call of the reconciler; an error they return
	// is the call's answer. After an after-error the call has taken effect.
	before, after func(call string) error
	lookedUp      func() error // sees every read of the cache, as before does every call
	failed        error        // the first such error since it was last set to nil
	written       func()       // after each write
	seen          map[types.NamespacedName]bool
	claims        map[string]*networkingv1.IPAddress
	gips          map[types.NamespacedName]*v1.GlobalIngressIP
}

func newWorld(t *testing.T, cidr string) *world {
	t.Helper()

	w := &world{
		T: t, ctx: context.Background(), scheme: runtime.NewScheme(), cidr: cidr,
		seen: map[types.NamespacedName]bool{},
	}
	require.NoError(t, AddToScheme(w.scheme))

	builder := fake.NewClientBuilder().WithScheme(w.scheme).WithStatusSubresource(&v1.GlobalIngressIP{})
	for _, index := range indexes() {
		builder = builder.WithIndex(index.kind, index.name, index.of)
	}

	w.Client = builder.
		WithInterceptorFuncs(interceptor.Funcs{
			Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
				w.uids++
				obj.SetUID(types.UID(fmt.Sprint("uid-", w.uids)))

				return c.Create(ctx, obj, opts...)
			},
		}).Build()
	w.restart()

	return w
}

// restart replaces the reconciler: whatever it had in memory is gone.
func (w *world) restart() {
	calling := interceptor.NewClient(w.Client.(client.WithWatch), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			w.reads++

			return w.call("get", obj, key, func() error { return c.Get(ctx, key, obj, opts...) })
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			w.reads++

			return w.call("list", nil, client.ObjectKey{}, func() error { return c.List(ctx, list, opts...) })
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			return w.call("create", obj, client.ObjectKeyFromObject(obj), func() error { return c.Create(ctx, obj, opts...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
			return w.call("update", obj, client.ObjectKeyFromObject(obj), func() error { return c.Update(ctx, obj, opts...) })
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, obj client.Object, opts ...client.SubResourceUpdateOption) error {
			return w.call("update status of", obj, client.ObjectKeyFromObject(obj),
				func() error { return c.SubResource(sub).Update(ctx, obj, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			return w.call("delete", obj, client.ObjectKeyFromObject(obj), func() error { return c.Delete(ctx, obj, opts...) })
		},
	})

	metrics := newCollectors()
	w.claims, w.gips = map[string]*networkingv1.IPAddress{}, map[types.NamespacedName]*v1.GlobalIngressIP{}
	w.r = &reconciler{
		cached:   lookUps{w},
		calls:    &calls{direct: calling, timeout: DefaultRequestTimeout, metrics: metrics},
		path:     w.path,
		pool:     ipam.NewPool([]netip.Prefix{netip.MustParsePrefix(w.cidr)}),
		own:      newOwnClaims(),
		waiting:  queue.NewWaitlist(),
		events:   record.NewFakeRecorder(10000),
		metrics:  metrics,
		failures: queue.NewFailures(),
		started:  queue.NewStarted(),
	}
}

func (w *world) call(verb string, obj client.Object, key client.ObjectKey, do func() error) error {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", obj), "*v1.")
	call := fmt.Sprintf("%s %s %s", verb, kind, strings.TrimPrefix(key.String(), "/"))

	if w.before != nil {
		if err := w.before(call); err != nil {
			return w.note(err)
		}
	}

	if verb == "get" {
		require.NotEmpty(w, key.Name, "the API server refuses to get nothing")
	}

	err := do()
	if err == nil && verb != "get" && verb != "list" {
		w.writes = append(w.writes, call)

		if w.written != nil {
			w.written()
		}
	}

	if err == nil && w.after != nil {
		return w.note(w.after(call))
	}

	return err
}

var errUnwell = errors.New("etcd is unwell")

// failing lets the calls fail that begin in one of these ways.
func failing(calls ...string) func(call string) error {
	return func(call string) error {
		if slices.ContainsFunc(calls, func(begin string) bool { return strings.HasPrefix(call, begin) }) {
			return errUnwell
		}

		return nil
	}
}

func (w *world) note(err error) error {
	if w.failed == nil {
		w.failed = err
	}

	return err
}

// lookUps is the reconciler's cache.
type lookUps struct{ *world }

func (l lookUps) Get(ctx context.Context, name client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	if l.lookedUp != nil {
		if err := l.lookedUp(); err != nil {
			return l.note(err)
		}
	}

	return l.Client.Get(ctx, name, obj, opts...)
}

func (l lookUps) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if l.lookedUp != nil {
		if err := l.lookedUp(); err != nil {
			return l.note(err)
		}
	}

	return l.Client.List(ctx, list, opts...)
}

// without is a cache that shows no objects of a kind.
type without[kind client.Object] struct{ client.Reader }

func (c without[kind]) Get(ctx context.Context, name client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	if _, hidden := obj.(kind); hidden {
		return apierrors.NewNotFound(schema.GroupResource{}, name.Name)
	}

	return c.Reader.Get(ctx, name, obj, opts...)
}

func (c without[kind]) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	err := c.Reader.List(ctx, list, opts...)

	items, _ := apimeta.ExtractList(list)
	if len(items) > 0 {
		if _, hidden := items[0].(kind); hidden {
			return apimeta.SetList(list, nil)
		}
	}

	return err
}

// drive reconciles every key there is until a round changes nothing, and
// returns the errors of the last round.
func (w *world) drive() []error {
	w.Helper()

	for range 60 {
		writes := len(w.writes)
		if errs := w.round(); len(w.writes) == writes {
			return errs
		}
	}

	require.Fail(w, "the world does not come to rest", "%v", w.writes)

	return nil
}

// round reconciles every key once and returns what went wrong. Of each key it is told
// whatever failed: what is swallowed is never tried again.
func (w *world) round() []error {
	w.Helper()

	var errs []error

	if _, err := w.r.Reconcile(w.ctx, queue.Key{Kind: queue.Adoption}); err != nil {
		errs = append(errs, err)
	}

	for _, name := range w.names() {
		for _, k := range []queue.Key{{Kind: queue.Export, NamespacedName: name}, {Kind: queue.Ingress, NamespacedName: name}} {
			w.feed()
			w.failed = nil

			_, err := w.r.Reconcile(w.ctx, k)
			if err != nil {
				errs = append(errs, err)
			}

			if w.failed != nil {
				require.Error(w, err, "%s: %v", k, w.failed)
			}
		}
	}

	return errs
}

// feed tells the pool what changed, as the informers would.
func (w *world) feed() {
	var claims networkingv1.IPAddressList
	require.NoError(w, w.Client.List(w.ctx, &claims))

	now := map[string]*networkingv1.IPAddress{}
	for i := range claims.Items {
		now[claims.Items[i].Name] = &claims.Items[i]
		w.r.observeClaim(&claims.Items[i], true)
	}

	for name, claim := range w.claims {
		if now[name] == nil {
			w.r.observeClaim(claim, false)
		}
	}

	w.claims = now

	var gips v1.GlobalIngressIPList
	require.NoError(w, w.Client.List(w.ctx, &gips))

	present := map[types.NamespacedName]*v1.GlobalIngressIP{}
	for i := range gips.Items {
		present[client.ObjectKeyFromObject(&gips.Items[i])] = &gips.Items[i]
		w.r.observeIngress(&gips.Items[i], true)
	}

	for name, gip := range w.gips {
		if present[name] == nil {
			w.r.observeIngress(gip, false)
		}
	}

	w.gips = present
}

// names are all keys that ever had an object, in order.
func (w *world) names() []types.NamespacedName {
	var (
		services corev1.ServiceList
		exports  mcsv1alpha1.ServiceExportList
		gips     v1.GlobalIngressIPList
	)

	for _, list := range []client.ObjectList{&services, &exports, &gips} {
		require.NoError(w, w.Client.List(w.ctx, list))
	}

	for _, s := range services.Items {
		if exported := s.Labels[v1.InternalServiceLabel]; exported != "" {
			w.seen[types.NamespacedName{Namespace: s.Namespace, Name: exported}] = true
		} else {
			w.seen[client.ObjectKeyFromObject(&s)] = true
		}
	}

	for _, e := range exports.Items {
		w.seen[client.ObjectKeyFromObject(&e)] = true
	}

	for _, g := range gips.Items {
		w.seen[client.ObjectKeyFromObject(&g)] = true
	}

	names := make([]types.NamespacedName, 0, len(w.seen))
	for name := range w.seen {
		names = append(names, name)
	}

	slices.SortFunc(names, func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) })

	return names
}

func named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: testNamespace, Name: name}
}

func newService(name string) *corev1.Service {
	return &corev1.Service{ObjectMeta: named(name), Spec: corev1.ServiceSpec{
		Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.96.0.1",
		Selector: map[string]string{"app": name},
		Ports:    []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromInt32(8080)}},
	}}
}

// export creates a Service and its export.
func (w *world) export(name string) {
	w.Helper()
	require.NoError(w, w.Client.Create(w.ctx, newService(name)))
	require.NoError(w, w.Client.Create(w.ctx, &mcsv1alpha1.ServiceExport{ObjectMeta: named(name)}))
}

func (w *world) remove(obj client.Object) {
	w.Helper()
	require.NoError(w, w.Client.Delete(w.ctx, obj))
}

func (w *world) gip(name string) *v1.GlobalIngressIP {
	w.Helper()

	gip := &v1.GlobalIngressIP{}
	require.NoError(w, w.Client.Get(w.ctx, types.NamespacedName{Namespace: testNamespace, Name: name}, gip))

	return gip
}

func (w *world) internal(name string) *corev1.Service {
	w.Helper()

	service := &corev1.Service{}
	require.NoError(w, w.Client.Get(w.ctx, internalServiceName(testNamespace, name), service))

	return service
}

// adopt lets the reconciler begin.
func (w *world) adopt() {
	w.Helper()

	_, err := w.r.Reconcile(w.ctx, queue.Key{Kind: queue.Adoption})
	require.NoError(w, err)
}

// told returns the Events since it was last asked.
func (w *world) told() []string {
	var told []string

	for recorder := w.r.events.(*record.FakeRecorder); len(recorder.Events) > 0; {
		told = append(told, <-recorder.Events)
	}

	return told
}

// claimed returns which GlobalIngressIP owns which address.
func (w *world) claimed() map[string]string {
	w.Helper()

	var claims networkingv1.IPAddressList
	require.NoError(w, w.Client.List(w.ctx, &claims))

	owners := map[string]string{}

	for i := range claims.Items {
		owner, _ := ownerOf(&claims.Items[i])
		owners[claims.Items[i].Name] = owner.Name
	}

	return owners
}
