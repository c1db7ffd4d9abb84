package apiserver_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// Objects of a definition with a conversion webhook are converted by it on every way in and
// out, and by nothing else; when it is away, what needs it fails or is late, and the rest
// goes on. The webhook is played by a function that moves spec.size to spec.box.size.

const boxes = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"boxes.example.com"},"spec":{
	"group":"example.com","scope":"Namespaced","names":{"plural":"boxes","singular":"box","kind":"Box","listKind":"BoxList"},
	"conversion":{"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1"],"clientConfig":{"url":"https://convert.example.com/convert"}}},
	"versions":[
		{"name":"v1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"size":{"type":"integer"}}}}}}},
		{"name":"v2","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"box":{"type":"object","properties":{"size":{"type":"integer"}}}}}}}}}
	]}}`

const (
	boxesV1 = "/apis/example.com/v1/namespaces/default/boxes"
	boxesV2 = "/apis/example.com/v2/namespaces/default/boxes"
)

// converter answers conversion reviews, or refuses the connection.
type converter struct {
	clock *fuzzClock
	away  bool
	spoil func(*unstructured.Unstructured)
	asked []string
}

func (c *converter) call(call apiserver.WebhookCall, answered func(apiserver.WebhookAnswer)) func() {
	c.asked = append(c.asked, call.Identity)
	return c.clock.AfterFunc(10*time.Millisecond, func() {
		if c.away {
			answered(apiserver.WebhookAnswer{Err: errors.New("connect: connection refused")})
			return
		}
		var review apiextensionsv1.ConversionReview
		if err := json.Unmarshal(call.Body, &review); err != nil {
			answered(apiserver.WebhookAnswer{Err: err})
			return
		}
		r := &apiextensionsv1.ConversionResponse{UID: review.Request.UID, Result: metav1.Status{Status: metav1.StatusSuccess}}
		for _, raw := range review.Request.Objects {
			obj := &unstructured.Unstructured{}
			if err := obj.UnmarshalJSON(raw.Raw); err != nil {
				answered(apiserver.WebhookAnswer{Err: err})
				return
			}
			if size, found, _ := unstructured.NestedInt64(obj.Object, "spec", "size"); found {
				obj.Object["spec"] = map[string]any{"box": map[string]any{"size": size}}
			} else if size, found, _ := unstructured.NestedInt64(obj.Object, "spec", "box", "size"); found {
				obj.Object["spec"] = map[string]any{"size": size}
			}
			obj.SetAPIVersion(review.Request.DesiredAPIVersion)
			if c.spoil != nil {
				c.spoil(obj)
			}
			out, err := obj.MarshalJSON()
			if err != nil {
				answered(apiserver.WebhookAnswer{Err: err})
				return
			}
			r.ConvertedObjects = append(r.ConvertedObjects, runtime.RawExtension{Raw: out})
		}
		review.Request, review.Response = nil, r
		body, err := json.Marshal(review)
		answered(apiserver.WebhookAnswer{Code: 200, Body: body, Err: err})
	})
}

type boxWorld struct {
	*world
	converter *converter
}

func newBoxWorld(t *testing.T) *boxWorld {
	c := &converter{}
	w := newWorld(t, apiserver.Config{CallWebhook: c.call})
	c.clock = w.clock
	crd, err := apiserver.ParseCRD([]byte(boxes))
	require.NoError(t, err)
	require.NoError(t, w.server.InstallCRDs(crd))
	return &boxWorld{w, c}
}

// ask waits for the answer.
func (w *boxWorld) ask(method, path, body string) *recorder {
	r := w.do(0, method, path, body)
	for i := 0; i < 10 && r.code == 0; i++ {
		w.clock.pass(10 * time.Millisecond)
	}
	return r
}

func TestConversionWebhook(t *testing.T) {
	w := newBoxWorld(t)
	r := w.ask("POST", boxesV1, `{"apiVersion":"example.com/v1","kind":"Box","metadata":{"name":"a"},"spec":{"size":3}}`)
	require.Equal(t, 201, r.code, "%s", r.body)
	assert.Contains(t, string(r.body), `"apiVersion":"example.com/v1"`)
	assert.Contains(t, string(r.body), `"spec":{"size":3}`)
	assert.Contains(t, string(w.ask("GET", boxesV2+"/a", "").body), `"spec":{"box":{"size":3}}`, "it is stored as the webhook made it")

	require.Equal(t, 201, w.ask("POST", boxesV2, `{"apiVersion":"example.com/v2","kind":"Box","metadata":{"name":"b"},"spec":{"box":{"size":4}}}`).code)
	assert.Contains(t, string(w.ask("GET", boxesV1+"/b", "").body), `"spec":{"size":4}`)
	before := len(w.converter.asked)
	list := string(w.ask("GET", boxesV1, "").body)
	assert.Contains(t, list, `"spec":{"size":3}`)
	assert.Contains(t, list, `"spec":{"size":4}`)
	assert.Len(t, w.converter.asked, before, "a state is converted once")

	w.patchAndWait(boxesV1+"/b", `{"spec":{"size":5}}`, 200)
	assert.Contains(t, string(w.ask("GET", boxesV2+"/b", "").body), `"spec":{"box":{"size":5}}`)
	r = w.ask("PUT", boxesV1+"/b", `{"apiVersion":"example.com/v1","kind":"Box","metadata":{"name":"b"},"spec":{"size":5}}`)
	assert.Equal(t, 422, r.code, "without a resourceVersion, as ever: %s", r.body)
	assert.Equal(t, 200, w.ask("DELETE", boxesV1+"/b", "").code)
	assert.Equal(t, 404, w.ask("GET", boxesV1+"/b", "").code)
}

func (w *boxWorld) patchAndWait(path, body string, code int) *recorder {
	w.t.Helper()
	r := w.patch(path, mergeType, body)
	w.clock.pass(100 * time.Millisecond)
	require.Equal(w.t, code, r.code, "%s", r.body)
	return r
}

func TestWatchInAnotherVersion(t *testing.T) {
	w := newBoxWorld(t)
	watch := w.do(0, "GET", boxesV1+"?watch=1&resourceVersion=0&allowWatchBookmarks=true", "")
	for _, body := range []string{`{"metadata":{"name":"a"},"spec":{"box":{"size":1}}}`, `{"metadata":{"name":"b"},"spec":{"box":{"size":2}}}`} {
		require.Equal(t, 201, w.do(0, "POST", boxesV2, strings.Replace(body, "{", `{"apiVersion":"example.com/v2","kind":"Box",`, 1)).code)
	}
	assert.Empty(t, watch.frames, "the webhook is asked first")
	w.clock.pass(100 * time.Millisecond)
	require.Len(t, watch.frames, 2)
	assert.Contains(t, string(watch.frames[0].Data), `"spec":{"size":1}`)
	assert.Contains(t, string(watch.frames[1].Data), `"spec":{"size":2}`)

	w.converter.away = true
	require.Equal(t, 201, w.do(0, "POST", boxesV2, `{"apiVersion":"example.com/v2","kind":"Box","metadata":{"name":"c"},"spec":{"box":{"size":3}}}`).code)
	w.clock.pass(5 * time.Second)
	assert.Len(t, watch.frames, 2, "late")
	w.converter.away = false
	w.clock.pass(2 * time.Second)
	require.Len(t, watch.frames, 3, "and not lost")
	assert.Contains(t, string(watch.frames[2].Data), `"spec":{"size":3}`)
}

func TestConversionThatFails(t *testing.T) {
	w := newBoxWorld(t)
	require.Equal(t, 201, w.ask("POST", boxesV2, `{"apiVersion":"example.com/v2","kind":"Box","metadata":{"name":"a"},"spec":{"box":{"size":1}}}`).code)
	w.converter.away = true
	r := w.ask("GET", boxesV1+"/a", "")
	assert.Equal(t, 500, r.code)
	assert.Contains(t, string(r.body), `conversion webhook for example.com/v2, Kind=Box failed: Post \"https://convert.example.com/convert?timeout=30s\": connect: connection refused`)
	assert.Equal(t, 500, w.ask("GET", boxesV1, "").code)
	assert.Equal(t, 200, w.ask("GET", boxesV2+"/a", "").code, "the stored version needs no webhook")
	assert.Equal(t, 500, w.ask("POST", boxesV1, `{"apiVersion":"example.com/v1","kind":"Box","metadata":{"name":"b"},"spec":{"size":3}}`).code)
	assert.Equal(t, 404, w.ask("GET", boxesV2+"/b", "").code, "nothing was stored")
	assert.Equal(t, 500, w.ask("DELETE", boxesV1+"/a", "").code)

	w.converter.away = false
	for name, spoil := range map[string]func(*unstructured.Unstructured){
		"must have the same name: a != x":                                 func(u *unstructured.Unstructured) { u.SetName("x") },
		"must have the same apiVersion: example.com/v1 != example.com/v3": func(u *unstructured.Unstructured) { u.SetAPIVersion("example.com/v3") },
	} {
		w.converter.spoil = spoil
		r := w.ask("GET", boxesV1+"/a", "")
		assert.Equal(t, 500, r.code)
		assert.Contains(t, string(r.body), name)
	}
	w.converter.spoil = func(u *unstructured.Unstructured) {
		u.SetLabels(map[string]string{"by": "webhook"})
		u.SetFinalizers([]string{"example.com/mine"})
	}
	r = w.ask("GET", boxesV1+"/a", "")
	assert.Equal(t, 200, r.code)
	assert.Contains(t, string(r.body), `"by":"webhook"`, "labels are the webhook's")
	assert.NotContains(t, string(r.body), "finalizers", "the rest of the metadata is not")
}
