package apiserver

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/seatrial/seatrial/sim/apiserver/admission"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Custom resources whose definition has conversion strategy Webhook are converted by
// calls, which take time, while the code of a request expects an object at once. So what
// a request will need is asked for before it goes on ([call.whenConverted],
// [call.whenConvertible]) or, in the middle of a write, by ending the attempt
// ([write.convertForStorage], see suspend.go), and kept: an object that is stored is
// converted once to each version. What nobody asked for in advance (managedFields of
// another version, webhooks with matchPolicy Equivalent, selectable fields) is converted
// as strategy None does.

// conversionTimeout is how long a real API server waits for a conversion.
const conversionTimeout = 30 * time.Second

// retryConversion is after how long a watch asks again when a conversion failed, as the
// reflector of a real watch cache does.
const retryConversion = time.Second

// conversions are those of one custom resource, under one state of its definition.
type conversions struct {
	server   *Server
	name     string // of the definition
	config   admissionregistrationv1.WebhookClientConfig
	versions []string // of reviews
	group    string
	storage  string // the version in which objects are stored
	known    map[conversion]*unstructured.Unstructured
}

// conversion is what becomes of an object in a version. The object is identified by its
// content, but for managedFields, which no webhook decides about.
type conversion struct{ of, version string }

// converting is the kind with conversions by the definition's webhook in the place of
// those of strategy None; nil and the kind itself when it has none.
func (s *Server) converting(kind *kinds.Kind, crd *apiextensionsv1.CustomResourceDefinition) (*kinds.Kind, *conversions) {
	by := crd.Spec.Conversion
	if by == nil || by.Strategy != apiextensionsv1.WebhookConverter || by.Webhook == nil || by.Webhook.ClientConfig == nil {
		return kind, nil
	}
	c := &conversions{
		server: s, name: crd.Name, group: crd.Spec.Group, versions: by.Webhook.ConversionReviewVersions,
		known: map[conversion]*unstructured.Unstructured{}, config: clientConfig(by.Webhook.ClientConfig),
	}
	for _, v := range crd.Spec.Versions {
		if v.Storage {
			c.storage = v.Name
		}
	}
	out := *kind
	out.Versions = slices.Clone(kind.Versions)
	for i := range out.Versions {
		v := &out.Versions[i]
		if v.FromStorage == nil {
			continue
		}
		plain := *v
		v.FromStorage = func(obj runtime.Object) runtime.Object {
			return plain.FromStorage(c.converted(obj, plain.Name))
		}
		v.ToStorage = func(obj runtime.Object) runtime.Object {
			return plain.ToStorage(c.converted(obj, c.storage))
		}
		v.Converted = func(obj runtime.Object) runtime.Object {
			return plain.Converted(c.converted(obj, c.storage))
		}
	}
	return &out, c
}

func clientConfig(c *apiextensionsv1.WebhookClientConfig) admissionregistrationv1.WebhookClientConfig {
	out := admissionregistrationv1.WebhookClientConfig{URL: c.URL, CABundle: c.CABundle}
	if s := c.Service; s != nil {
		out.Service = &admissionregistrationv1.ServiceReference{Namespace: s.Namespace, Name: s.Name, Path: s.Path, Port: s.Port}
	}
	return out
}

// converted is what is known of the object in a version, or the object as it is.
func (c *conversions) converted(obj runtime.Object, version string) runtime.Object {
	known := c.known[conversionOf(obj, version)]
	if known == nil {
		return obj
	}
	out := known.DeepCopy()
	keepMetadata(obj.(*unstructured.Unstructured), out)
	return out
}

func conversionOf(obj runtime.Object, version string) conversion {
	u := obj.(*unstructured.Unstructured)
	if len(u.GetManagedFields()) > 0 {
		u = shallowCopy(u).(*unstructured.Unstructured)
		u.SetManagedFields(nil)
	}
	sum := sha256.Sum256(marshalJSON(u))
	return conversion{hex.EncodeToString(sum[:]), version}
}

// missing are the objects of which the version is not known yet, that of storage
// excepted, which needs no conversion.
func (c *conversions) missing(objects []*object, version string) []*object {
	if c == nil || version == c.storage {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(objects), func(o *object) bool {
		return o == nil || c.known[conversionOf(o.value, version)] != nil
	})
}

// learn converts objects that are stored, each by a call of its own, and is told the first
// error when all have been answered.
func (c *conversions) learn(request uint64, objects []*object, version string, done func(error)) (cancel func()) {
	waiting, gone := len(objects), false
	var failed error
	var cancels []func()
	for _, o := range objects {
		cancels = append(cancels, c.convert(request, o.value, version, func(result *unstructured.Unstructured, err error) {
			if err == nil {
				c.known[conversionOf(o.value, version)] = result
			} else if failed == nil {
				failed = err
			}
			if waiting--; waiting == 0 && !gone {
				done(failed)
			}
		}))
	}
	return func() {
		gone = true
		for _, cancel := range cancels {
			cancel()
		}
	}
}

// convert calls the webhook for one object.
func (c *conversions) convert(request uint64, obj runtime.Object, version string, answered func(*unstructured.Unstructured, error)) (cancel func()) {
	s, original := c.server, obj.(*unstructured.Unstructured)
	desired := schema.GroupVersion{Group: c.group, Version: version}.String()
	identity := fmt.Sprintf("%s to %s %s", c.name, version, objectKey(original.GetNamespace(), original.GetName()))
	if s.reviews == nil {
		s.reviews = map[string]uint64{}
	}
	uid := types.UID(s.uuid("conversion", identity, s.reviews[identity]))
	s.reviews[identity]++
	fail := func(err error) {
		answered(nil, fmt.Errorf("conversion webhook for %v failed: %w", original.GroupVersionKind(), err))
	}
	reviewed := slices.IndexFunc(c.versions, func(v string) bool { return v == "v1" || v == "v1beta1" })
	if reviewed < 0 {
		fail(errors.New("none of its review versions is known"))
		return func() {}
	}
	review := apiextensionsv1.ConversionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/" + c.versions[reviewed], Kind: "ConversionReview"},
		Request:  &apiextensionsv1.ConversionRequest{UID: uid, DesiredAPIVersion: desired, Objects: []runtime.RawExtension{{Raw: marshalJSON(original)}}},
	}
	call := WebhookCall{RequestID: request, Identity: identity, Timeout: conversionTimeout, Body: marshalJSON(&review)}
	return s.post(call, c.config, func(a WebhookAnswer) {
		if a.Err != nil {
			fail(a.Err)
			return
		}
		result, err := convertedObject(a, uid)
		if err != nil {
			fail(err)
			return
		}
		if err := completeConverted(original, result, desired); err != nil {
			answered(nil, fmt.Errorf("conversion webhook for %v returned invalid object: %w", original.GroupVersionKind(), err))
			return
		}
		answered(result, nil)
	})
}

// convertedObject reads the one object that an answer has to have.
func convertedObject(a WebhookAnswer, uid types.UID) (*unstructured.Unstructured, error) {
	if a.Code != http.StatusOK {
		return nil, fmt.Errorf("the server responded with the status code %d", a.Code)
	}
	var review apiextensionsv1.ConversionReview
	if err := json.Unmarshal(a.Body, &review); err != nil {
		return nil, err
	}
	r := review.Response
	switch {
	case r == nil:
		return nil, errors.New("no response provided")
	case r.UID != uid && review.APIVersion != "apiextensions.k8s.io/v1beta1":
		return nil, fmt.Errorf("expected response.uid=%q, got %q", uid, r.UID)
	case r.Result.Status != metav1.StatusSuccess && r.Result.Message != "":
		return nil, errors.New(r.Result.Message)
	case r.Result.Status != metav1.StatusSuccess:
		return nil, fmt.Errorf("response.result.status was '%s', not 'Success'", r.Result.Status)
	case len(r.ConvertedObjects) != 1:
		return nil, fmt.Errorf("returned %d objects, expected 1", len(r.ConvertedObjects))
	}
	out := &unstructured.Unstructured{}
	if err := out.UnmarshalJSON(r.ConvertedObjects[0].Raw); err != nil {
		return nil, err
	}
	return out, nil
}

// completeConverted checks that a webhook has left alone what it may not change, and gives
// the object the original's metadata but for labels and annotations, which are the
// webhook's.
func completeConverted(original, converted *unstructured.Unstructured, desired string) error {
	for _, c := range []struct{ what, want, got string }{
		{"apiVersion", desired, converted.GetAPIVersion()},
		{"kind", original.GetKind(), converted.GetKind()},
		{"name", original.GetName(), converted.GetName()},
		{"namespace", original.GetNamespace(), converted.GetNamespace()},
		{"UID", string(original.GetUID()), string(converted.GetUID())},
	} {
		if c.got != c.want {
			return fmt.Errorf("must have the same %s: %v != %v", c.what, c.want, c.got)
		}
	}
	if _, ok := converted.Object["metadata"].(map[string]any); !ok {
		return errors.New("missing metadata in converted object")
	}
	keepMetadata(original, converted)
	return nil
}

// keepMetadata gives a converted object the metadata of its original, but for labels and
// annotations.
func keepMetadata(original, converted *unstructured.Unstructured) {
	labels, annotations := converted.GetLabels(), converted.GetAnnotations()
	meta, _ := original.Object["metadata"].(map[string]any)
	converted.Object["metadata"] = runtime.DeepCopyJSON(meta)
	converted.SetLabels(labels)
	converted.SetAnnotations(annotations)
}

// whenConverted goes on when the objects are known in the version of the request, and
// fails it when they cannot be.
func (c *call) whenConverted(objects []*object, then func()) {
	missing := c.res.conversions.missing(objects, c.version.Name)
	if len(missing) == 0 {
		then()
		return
	}
	c.onCancel = c.res.conversions.learn(c.r.ID, missing, c.version.Name, func(err error) {
		if err != nil {
			c.fail(err)
			return
		}
		then()
	})
}

// whenConvertible serves a request that works on what is stored when that is known in the
// version of the request: again from the start when it has changed meanwhile.
func (c *call) whenConvertible(serve func()) {
	if c.res == nil || c.res.conversions == nil || c.version == nil {
		serve()
		return
	}
	var objects []*object
	switch c.verb() {
	case "get": // whose answer is waited for, unless it is a Scale
		if c.info.Subresource != "scale" {
			break
		}
		fallthrough
	case "update", "patch", "delete":
		objects = []*object{c.res.objects[objectKey(c.info.Namespace, c.info.Name)]}
	case "deletecollection":
		for _, key := range span(c.res.keys, c.info.Namespace) {
			objects = append(objects, c.res.objects[key])
		}
	}
	if len(c.res.conversions.missing(objects, c.version.Name)) == 0 {
		serve()
		return
	}
	c.whenConverted(objects, func() { c.whenConvertible(serve) })
}

// convertForStorage has the object that a write is about to store converted, or ends the
// attempt until it is.
func (w *write) convertForStorage(obj runtime.Object) error {
	c := w.res.conversions
	if c == nil || w.version.ToStorage == nil {
		return nil
	}
	key := conversionOf(obj, c.storage)
	answer, ok := w.await(question{key: "conversion " + key.of, ask: func(answered func(any)) func() {
		return c.convert(w.r.ID, obj, c.storage, func(result *unstructured.Unstructured, err error) {
			if err != nil {
				answered(err)
				return
			}
			c.known[key] = result
			answered(nil)
		})
	}})
	if !ok {
		return admission.ErrSuspended
	}
	if err, failed := answer.(error); failed {
		return err
	}
	return nil
}

// inOrder sends what concerns an object when that is known in the version of the watch,
// after all that came before. A conversion that fails is tried again: a watch is late
// then, and misses nothing.
func (w *watcher) inOrder(o *object, send func()) {
	c := w.cache.res.conversions
	if len(w.held) == 0 && len(c.missing([]*object{o}, w.shape.version.Name)) == 0 {
		send()
		return
	}
	w.held = append(w.held, heldEvent{o, send})
	if len(w.held) == 1 {
		w.release()
	}
}

// heldEvent waits for the conversion of an object.
type heldEvent struct {
	of   *object
	send func()
}

// release sends what is held for as long as nothing has to be asked.
func (w *watcher) release() {
	c := w.cache.res.conversions
	for len(w.held) > 0 && !w.closed {
		missing := c.missing([]*object{w.held[0].of}, w.shape.version.Name)
		if len(missing) > 0 {
			c.learn(0, missing, w.shape.version.Name, func(err error) {
				if err != nil {
					w.cache.server.config.Clock.AfterFunc(retryConversion, w.release)
					return
				}
				w.release()
			})
			return
		}
		send := w.held[0].send
		w.held = w.held[1:]
		send()
	}
}
