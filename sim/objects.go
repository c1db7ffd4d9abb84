package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
)

// setUpAnswer is a ResponseWriter for requests of the set-up, which are answered at
// once.
type setUpAnswer struct {
	code int
	body []byte
}

// Respond implements [apiserver.ResponseWriter].
func (a *setUpAnswer) Respond(code int, _ http.Header, body []byte, _ bool) {
	a.code, a.body = code, body
}

// Send implements [apiserver.ResponseWriter].
func (a *setUpAnswer) Send(apiserver.Frame) {}

// Close implements [apiserver.ResponseWriter].
func (a *setUpAnswer) Close() {}

// ask makes a request before the world begins.
func ask(server *apiserver.Server, method, path string, body []byte) setUpAnswer {
	var answer setUpAnswer
	server.Handle(0, &apiserver.Request{
		Method: method, URL: &url.URL{Path: path}, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
	}, &answer)
	return answer
}

func createNamespace(server *apiserver.Server, name string) error {
	body, err := json.Marshal(&corev1.Namespace{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: name},
	})
	if err != nil {
		return err
	}
	if got := ask(server, http.MethodPost, "/api/v1/namespaces", body); got.code != http.StatusCreated && got.code != http.StatusConflict {
		return fmt.Errorf("creating namespace %q: HTTP status %d: %s", name, got.code, got.body)
	}
	return nil
}

// createObject makes an object, and then gives it the status that it has, which
// most kinds drop when they are made.
func createObject(server *apiserver.Server, served *registry.Registry, object runtime.Object) error {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return err
	}
	gvk := object.GetObjectKind().GroupVersionKind()
	what := fmt.Sprintf("%s %s/%s", gvk.Kind, accessor.GetNamespace(), accessor.GetName())
	path, hasStatus := collectionPath(served, gvk, accessor.GetNamespace())
	if path == "" {
		return fmt.Errorf("%s: the API server has no kind %s (want apiVersion and kind of a built-in kind or of a definition)", what, gvk)
	}
	body, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	made := ask(server, http.MethodPost, path, body)
	if made.code != http.StatusCreated {
		return fmt.Errorf("creating %s: HTTP status %d: %s", what, made.code, made.body)
	}
	var wanted, got map[string]any
	if err := json.Unmarshal(body, &wanted); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if wanted["status"] == nil || !hasStatus {
		return nil
	}
	if err := json.Unmarshal(made.body, &got); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	got["status"] = wanted["status"]
	if body, err = json.Marshal(got); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if put := ask(server, http.MethodPut, path+"/"+accessor.GetName()+"/status", body); put.code != http.StatusOK {
		return fmt.Errorf("the status of %s: HTTP status %d: %s", what, put.code, put.body)
	}
	return nil
}

// collectionPath is where objects of a kind are made; empty: nowhere.
func collectionPath(served *registry.Registry, gvk schema.GroupVersionKind, namespace string) (path string, hasStatus bool) {
	kind, version, ok := served.Kind(gvk)
	if !ok {
		return "", false
	}
	path = "/apis/" + gvk.Group + "/" + gvk.Version
	if gvk.Group == "" {
		path = "/api/" + gvk.Version
	}
	if kind.Namespaced {
		path += "/namespaces/" + namespace
	}
	return path + "/" + kind.Resource.Resource, version.Status != nil
}
