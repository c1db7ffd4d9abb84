package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// setUp sets the cluster up before anybody looks at it: the API server, the
// namespaces, the custom resources. What is wrong with them is the caller's
// mistake and panics.
func (w *world) setUp() {
	config := w.config.Server
	registry := kinds.NewRegistry(kinds.Options{Seed: hashOf(w.config.Seed, "kinds")})
	w.history.Serves = func(resource string) bool {
		_, ok := registry.GroupResource(schema.ParseGroupResource(resource))
		return ok
	}
	server, err := apiserver.New(apiserver.Config{
		Clock:               clock{w},
		Seed:                hashOf(w.config.Seed, "apiserver"),
		Kinds:               registry,
		Replicas:            config.Replicas,
		WatchList:           config.WatchList,
		CompactionInterval:  config.CompactEvery,
		GarbageCollector:    true,
		NamespaceController: true,
		QuotaController:     true,
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
	w.server = server
}

func createNamespace(server *apiserver.Server, name string) error {
	body, err := json.Marshal(&corev1.Namespace{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: name},
	})
	if err != nil {
		return err
	}
	var got statusCode
	server.Handle(0, &apiserver.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/api/v1/namespaces"},
		Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
	}, &got)
	if got != http.StatusCreated && got != http.StatusConflict {
		return fmt.Errorf("creating namespace %q: HTTP status %d", name, got)
	}
	return nil
}

// statusCode is a ResponseWriter that keeps the code of an answer only.
type statusCode int

// Respond implements [apiserver.ResponseWriter].
func (s *statusCode) Respond(code int, _ http.Header, _ []byte, _ bool) { *s = statusCode(code) }

// Send implements [apiserver.ResponseWriter].
func (s *statusCode) Send(apiserver.Frame) {}

// Close implements [apiserver.ResponseWriter].
func (s *statusCode) Close() {}
