package apiserver_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
	"github.com/seatrial/seatrial/sim/apiserver/loopback"
)

// Real clients must not notice that the server is simulated: client-go's typed
// client in protobuf, the dynamic client in JSON, informers with and without
// WatchList, and a complete controller-runtime manager, all unmodified.

func newHost(t testing.TB, config apiserver.Config) *loopback.Host {
	t.Helper()
	config.Kinds = registry.New(kinds.Options{})
	host, err := loopback.New(config)
	require.NoError(t, err)
	host.Do(func(s *apiserver.Server) {
		require.NoError(t, s.InstallCRDs(widgetsCRD(t)))
	})
	return host
}

func widgetsCRD(t testing.TB) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "widgets.yaml"))
	require.NoError(t, err)
	crd, err := apiserver.ParseCRD(b)
	require.NoError(t, err)
	return crd
}

var widgets = schema.GroupVersionResource{Group: "sim.example.com", Version: "v1", Resource: "widgets"}

func widget(name string, size int64) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "sim.example.com/v1", "kind": "Widget",
		"metadata": map[string]any{"name": name},
		"spec":     map[string]any{"size": size},
	}}
}

func TestTypedClientProtobuf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newHost(t, apiserver.Config{})
		c, err := kubernetes.NewForConfig(&rest.Config{
			Host: "http://apiserver", Transport: host.Transport(0), QPS: -1,
			ContentConfig: rest.ContentConfig{ContentType: runtime.ContentTypeProtobuf},
		})
		require.NoError(t, err)
		ctx := t.Context()

		svc, err := c.CoreV1().Services("default").Create(ctx, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "a"},
			Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
		assert.NotEmpty(t, svc.Spec.ClusterIP)
		assert.NotEmpty(t, svc.UID)

		svc.Labels = map[string]string{"x": "1"}
		updated, err := c.CoreV1().Services("default").Update(ctx, svc, metav1.UpdateOptions{})
		require.NoError(t, err)
		assert.NotEqual(t, svc.ResourceVersion, updated.ResourceVersion)
		_, err = c.CoreV1().Services("default").Update(ctx, svc, metav1.UpdateOptions{})
		assert.True(t, apierrors.IsConflict(err), "stale update: %v", err)

		_, err = c.NetworkingV1().IPAddresses().Create(ctx, &networkingv1.IPAddress{
			ObjectMeta: metav1.ObjectMeta{Name: "192.0.2.7"},
			Spec:       networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{Resource: "services", Name: "a", Namespace: "default"}},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
		holder := "me"
		_, err = c.CoordinationV1().Leases("default").Create(ctx, &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: "l"}, Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
		_, err = c.CoreV1().Events("default").Create(ctx, &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{GenerateName: "e-"},
			InvolvedObject: corev1.ObjectReference{Kind: "Service", Namespace: "default", Name: "a"},
		}, metav1.CreateOptions{})
		require.NoError(t, err)

		list, err := c.CoreV1().Services("").List(ctx, metav1.ListOptions{})
		require.NoError(t, err)
		require.Len(t, list.Items, 1)
		assert.Equal(t, updated.ResourceVersion, list.Items[0].ResourceVersion)
		require.NoError(t, c.CoreV1().Services("default").Delete(ctx, "a", metav1.DeleteOptions{}))
		_, err = c.CoreV1().Services("default").Get(ctx, "a", metav1.GetOptions{})
		assert.True(t, apierrors.IsNotFound(err))
	})
}

func TestDynamicClientJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newHost(t, apiserver.Config{})
		c, err := dynamic.NewForConfig(&rest.Config{Host: "http://apiserver", Transport: host.Transport(0), QPS: -1})
		require.NoError(t, err)
		w, err := c.Resource(widgets).Namespace("default").Watch(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		defer w.Stop()
		_, err = c.Resource(widgets).Namespace("default").Create(t.Context(), widget("a", 1), metav1.CreateOptions{})
		require.NoError(t, err)
		got := <-w.ResultChan()
		assert.Equal(t, "a", got.Object.(*unstructured.Unstructured).GetName())
		_, err = c.Resource(widgets).Namespace("default").Create(t.Context(), widget("b", -1), metav1.CreateOptions{})
		assert.True(t, apierrors.IsInvalid(err), "schema violation: %v", err)
	})
}

func TestInformers(t *testing.T) {
	for name, watchList := range map[string]bool{"WatchList": true, "ListAndWatch": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := newHost(t, apiserver.Config{WatchList: watchList})
				c, err := kubernetes.NewForConfig(&rest.Config{Host: "http://apiserver", Transport: host.Transport(0), QPS: -1})
				require.NoError(t, err)
				ctx, cancel := context.WithCancel(t.Context())
				f := informers.NewSharedInformerFactory(c, 0)
				lister := f.Core().V1().Services().Lister()
				informer := f.Core().V1().Services().Informer()
				f.Start(ctx.Done())
				require.True(t, cache.WaitForCacheSync(ctx.Done(), informer.HasSynced))
				_, err = c.CoreV1().Services("default").Create(ctx, &corev1.Service{
					ObjectMeta: metav1.ObjectMeta{Name: "a"},
					Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
				}, metav1.CreateOptions{})
				require.NoError(t, err)
				synctest.Wait()
				_, err = lister.Services("default").Get("a")
				assert.NoError(t, err)
				// Watches time out after at most ten minutes; the informer goes on.
				time.Sleep(2 * time.Hour)
				require.NoError(t, c.CoreV1().Services("default").Delete(ctx, "a", metav1.DeleteOptions{}))
				synctest.Wait()
				_, err = lister.Services("default").Get("a")
				assert.True(t, apierrors.IsNotFound(err))
				cancel()
				f.Shutdown()
			})
		})
	}
}

func TestManager(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newHost(t, apiserver.Config{})
		skip := true
		mgr, err := ctrl.NewManager(&rest.Config{Host: "http://apiserver", Transport: host.Transport(0), QPS: -1}, ctrl.Options{
			Metrics:    metricsserver.Options{BindAddress: "0"},
			Controller: config.Controller{SkipNameValidation: &skip},
		})
		require.NoError(t, err)
		example := widget("", 0)
		seen := 0
		err = ctrl.NewControllerManagedBy(mgr).Named("labeller").For(example).
			Complete(reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
				w := widget("", 0)
				if err := mgr.GetClient().Get(ctx, req.NamespacedName, w); err != nil {
					return reconcile.Result{}, client.IgnoreNotFound(err)
				}
				seen++
				svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: req.Namespace, Name: req.Name}}
				svc.Spec.Ports = []corev1.ServicePort{{Port: 80}}
				if err := mgr.GetClient().Create(ctx, svc); err != nil && !apierrors.IsAlreadyExists(err) {
					return reconcile.Result{}, err
				}
				if err := unstructured.SetNestedField(w.Object, "Ready", "status", "phase"); err != nil {
					return reconcile.Result{}, err
				}
				return reconcile.Result{}, mgr.GetClient().Status().Update(ctx, w)
			}))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- mgr.Start(ctx) }()
		synctest.Wait()

		w := widget("a", 1)
		w.SetNamespace("default")
		require.NoError(t, mgr.GetClient().Create(ctx, w))
		time.Sleep(time.Second)
		assert.Positive(t, seen)
		host.Do(func(s *apiserver.Server) {
			o := s.Object(widgets.GroupResource(), types.NamespacedName{Namespace: "default", Name: "a"})
			phase, _, err := unstructured.NestedString(o.(*unstructured.Unstructured).Object, "status", "phase")
			assert.NoError(t, err)
			assert.Equal(t, "Ready", phase)
			assert.NotNil(t, s.Object(schema.GroupResource{Resource: "services"}, types.NamespacedName{Namespace: "default", Name: "a"}))
		})
		cancel()
		require.NoError(t, <-done)
	})
}
