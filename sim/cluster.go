package sim

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
)

// setUp sets the cluster up before anybody looks at it: the API server, the
// namespaces, the custom resources. What is wrong with them is the caller's
// mistake and panics.
func (w *world) setUp() {
	config := w.config.Server
	served := registry.New(kinds.Options{Seed: hashOf(w.config.Seed, "kinds")})
	w.history.Serves = func(resource string) bool {
		_, ok := served.GroupResource(schema.ParseGroupResource(resource))
		return ok
	}
	server, err := apiserver.New(apiserver.Config{
		Clock:               clock{w},
		Seed:                hashOf(w.config.Seed, "apiserver"),
		Kinds:               served,
		Replicas:            config.Replicas,
		WatchList:           config.WatchList,
		CompactionInterval:  config.CompactEvery,
		GarbageCollector:    !slices.Contains(config.Without, GarbageCollector),
		NamespaceController: !slices.Contains(config.Without, NamespaceController),
		QuotaController:     !slices.Contains(config.Without, QuotaController),
		ClaimProtection:     !slices.Contains(config.Without, ClaimProtection),
		VolumeProtection:    !slices.Contains(config.Without, VolumeProtection),
		CallWebhook:         w.callWebhook,
		OnCommit:            w.commit,
	})
	if err != nil {
		panic(fmt.Sprintf("sim: the API server does not start: %v", err))
	}
	if err := server.InstallCRDs(config.CRDs...); err != nil {
		panic(fmt.Sprintf("sim: the cluster cannot be set up: %v", err))
	}
	for _, name := range config.Namespaces {
		if err := createNamespace(server, name); err != nil {
			panic(fmt.Sprintf("sim: the cluster cannot be set up: %v", err))
		}
	}
	for _, object := range config.Objects {
		if err := createObject(server, served, object); err != nil {
			panic(fmt.Sprintf("sim: the cluster cannot be set up: %v", err))
		}
	}
	w.server = server
}
