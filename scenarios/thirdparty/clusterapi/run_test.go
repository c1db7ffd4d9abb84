package clusterapi

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/controllers/clustercache"
	"sigs.k8s.io/cluster-api/core/reconcilers/machinedeployment"
	"sigs.k8s.io/cluster-api/core/reconcilers/machineset"
	"sigs.k8s.io/cluster-api/core/setup"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/model"
)

var scheme = runtime.NewScheme()

func init() {
	utilruntime.Must(corev1.AddToScheme(scheme))
	utilruntime.Must(apiextensionsv1.AddToScheme(scheme))
	utilruntime.Must(clusterv1.AddToScheme(scheme))
}

// run starts the two reconcilers as capi-controller-manager does, with one
// worker each. Workload clusters are not reached: the cache of their clients is
// the project's own fake.
func run(ctx context.Context, cfg *rest.Config) error {
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme:  scheme,
		Client:  setup.ManagerClientOptions(),
		Metrics: metricsserver.Options{BindAddress: "0"},
		// Several incarnations live in one process, one after another.
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
		NewCache:   newUngated,
	})
	if err != nil {
		return err
	}
	one := controller.Options{MaxConcurrentReconciles: 1}
	if err := (&machinedeployment.Reconciler{
		Client: mgr.GetClient(), APIReader: mgr.GetAPIReader(),
	}).SetupWithManager(ctx, mgr, one); err != nil {
		return err
	}
	if err := (&machineset.Reconciler{
		Client: mgr.GetClient(), APIReader: mgr.GetAPIReader(), ClusterCache: clustercache.NewFakeEmptyClusterCache(),
	}).SetupWithManager(ctx, mgr, one); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// ungated is a cache that the manager does not wait for. If it did, a context
// that ends before the caches have synced would leave it spinning for ever
// (controller-runtime v0.25.2, runnableGroup.Start); controllers wait for their
// own sources anyway.
type ungated struct{ cache.Cache }

func newUngated(cfg *rest.Config, o cache.Options) (cache.Cache, error) {
	c, err := cache.New(cfg, o)
	return ungated{c}, err
}

// WaitForCacheSync implements [cache.Cache].
func (ungated) WaitForCacheSync(context.Context) bool { return true }

// moduleFiles finds files of Cluster API in the module cache: its definitions
// are used as they are published.
func moduleFiles(t *testing.T, names ...string) seatrial.Manifests {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/cluster-api").Output()
	require.NoError(t, err)
	for i := range names {
		names[i] = filepath.Join(strings.TrimSpace(string(dir)), names[i])
	}
	return seatrial.Files(names...)
}

func TestMachineDeployment(t *testing.T) {
	definitions := moduleFiles(t,
		"core/config/crd/bases/cluster.x-k8s.io_clusters.yaml",
		"core/config/crd/bases/cluster.x-k8s.io_machinedeployments.yaml",
		"core/config/crd/bases/cluster.x-k8s.io_machinesets.yaml",
		"core/config/crd/bases/cluster.x-k8s.io_machines.yaml")
	seatrial.Check(t, seatrial.Trial{
		Name:       "cluster-api",
		Controller: run,
		MayExit:    seatrial.RestartsAreFine,
		Processes:  []seatrial.Process{machines},
		Cluster:    definitions.And(seatrial.Files("testdata/provider.yaml")),
		Objects:    seatrial.Files("testdata/machinedeployments.yaml"),
		// The reconcilers keep goroutines that clean caches for as long as the
		// program runs.
		Except: []string{"no-goroutine-leak"},
		// Deprecated conditions quote messages as they once were.
		Ignore:     []string{"machinedeployments.cluster.x-k8s.io: status.deprecated", "machinesets.cluster.x-k8s.io: status.deprecated"},
		Properties: []model.Property{model.Eventually("right-size", "Every MachineDeployment has the machines that it asks for, and no other is left.", rightSize)},
	})
}

func rightSize(s *model.State) error {
	want := 0
	for _, md := range model.Objects[*clusterv1.MachineDeployment](s, "machinedeployments.cluster.x-k8s.io") {
		want += int(*md.Spec.Replicas)
	}
	if machines, made := len(s.List("machines.cluster.x-k8s.io")), len(s.List("boatmachines.infrastructure.cluster.x-k8s.io")); machines != want || made != want {
		return fmt.Errorf("%d machines on %d boats, want %d of each", machines, made, want)
	}
	return nil
}
