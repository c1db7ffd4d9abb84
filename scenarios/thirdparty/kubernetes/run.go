package kubernetes

import (
	"context"
	"embed"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/sim/cluster"
)

// parts are what kube-controller-manager hands to the constructors of its
// controllers.
type parts struct {
	informers.SharedInformerFactory
	ctx    context.Context
	cfg    *rest.Config
	client clientset.Interface
	// informersStarted is closed when they are.
	informersStarted chan struct{}
}

// controller is what most constructors make.
type controller interface {
	Run(ctx context.Context, workers int)
}

// alone is a controller that has nothing to do with numbers of workers.
type alone func(context.Context)

func (run alone) Run(ctx context.Context, _ int) { run(ctx) }

// program runs a controller as kube-controller-manager does, with one worker, so
// that seeds repeat.
func program(build func(parts) (controller, error)) func(context.Context, *rest.Config) error {
	return func(ctx context.Context, cfg *rest.Config) error {
		cfg = rest.CopyConfig(cfg)
		cfg.QPS, cfg.Burst = 20, 30
		client, err := clientset.NewForConfig(cfg)
		if err != nil {
			return err
		}
		p := parts{
			// Between the 12h and 24h that kube-controller-manager draws.
			SharedInformerFactory: informers.NewSharedInformerFactory(client, 18*time.Hour),
			ctx:                   ctx, cfg: cfg, client: client, informersStarted: make(chan struct{}),
		}
		c, err := build(p)
		if err != nil {
			return err
		}
		defer p.Shutdown()
		p.Start(ctx.Done())
		close(p.informersStarted)
		c.Run(ctx, 1)
		return nil
	}
}

// mapper is one that looks again every half minute.
func (p *parts) mapper() *restmapper.DeferredDiscoveryRESTMapper {
	m := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(p.client.Discovery()))
	go wait.Until(m.Reset, 30*time.Second, p.ctx.Done())
	return m
}

// scales reaches the scale subresources of all kinds.
func (p *parts) scales(m *restmapper.DeferredDiscoveryRESTMapper) (scale.ScalesGetter, error) {
	return scale.NewForConfig(p.cfg, m, dynamic.LegacyAPIPathResolverFunc, scale.NewDiscoveryScaleKindResolver(p.client.Discovery()))
}

// untyped reaches the metadata of objects of all kinds.
func (p *parts) untyped() (metadata.Interface, error) { return metadata.NewForConfig(p.cfg) }

//go:embed testdata/*.yaml
var files embed.FS

// manifests of a file below testdata, which go along to other modules that run the
// trials.
func manifests(name string) seatrial.Manifests {
	data, err := files.ReadFile("testdata/" + name + ".yaml")
	if err != nil {
		panic(err) // a misprint here
	}
	return seatrial.YAML(string(data))
}

// trial is a controller with what users work with and what else the cluster has.
func trial(build func(parts) (controller, error), objects string, rest cluster.Options) seatrial.Trial {
	return seatrial.Trial{Controller: program(build), Objects: manifests(objects), StandIns: rest}
}

// beside adds a real controller that is not under test.
func beside(tr seatrial.Trial, name string, build func(parts) (controller, error)) seatrial.Trial {
	tr.Processes = append(tr.Processes, seatrial.Process{Name: name, Run: program(build), StandIn: true})
	return tr
}
