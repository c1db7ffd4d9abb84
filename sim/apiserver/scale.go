package apiserver

import (
	"fmt"
	"math"
	"net/http"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

var scaleGVK = autoscalingv1.SchemeGroupVersion.WithKind("Scale")

// noReplicas marks a custom resource whose replica count is not set: a Scale
// that still has it after a write did not set it either.
const noReplicas = math.MinInt32

// scalable: the version has a /scale subresource.
func scalable(k *kinds.Kind, v *kinds.Version) bool {
	if v.Scale != nil {
		return true
	}
	if k.Resource.Group != "apps" && k.Resource.Group != "" || k.Custom {
		return false
	}
	switch k.Resource.Resource {
	case "replicationcontrollers":
		return k.Resource.Group == ""
	case "deployments", "replicasets", "statefulsets":
		return k.Resource.Group == "apps"
	}
	return false
}

// scaleOf shows an object as a Scale; found is false if it has no replica count.
func scaleOf(v *kinds.Version, obj runtime.Object) (scale *autoscalingv1.Scale, found bool, err error) {
	m := metaOf(obj)
	scale = &autoscalingv1.Scale{
		TypeMeta: metav1.TypeMeta{APIVersion: "autoscaling/v1", Kind: "Scale"},
		ObjectMeta: metav1.ObjectMeta{
			Name: m.GetName(), Namespace: m.GetNamespace(), UID: m.GetUID(),
			ResourceVersion: m.GetResourceVersion(), CreationTimestamp: m.GetCreationTimestamp(),
		},
	}
	if u, ok := obj.(*unstructured.Unstructured); ok {
		found, err = customScale(v.Scale, u, scale)
		return scale, found, err
	}
	replicas, status, selector := builtInScale(obj)
	scale.Spec.Replicas, scale.Status.Replicas = ptr.Deref(*replicas, 1), status
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return nil, false, apierrors.NewBadRequest(err.Error())
	}
	scale.Status.Selector = s.String()
	return scale, true, nil
}

func customScale(paths *kinds.Scale, u *unstructured.Unstructured, scale *autoscalingv1.Scale) (found bool, err error) {
	replicas, found, err := unstructured.NestedInt64(u.Object, paths.SpecReplicas...)
	if err != nil {
		return false, err
	}
	scale.Spec.Replicas = int32(replicas)
	status, _, err := unstructured.NestedInt64(u.Object, paths.StatusReplicas...)
	if err != nil {
		return false, err
	}
	scale.Status.Replicas = int32(status)
	if len(paths.LabelSelector) > 0 {
		if scale.Status.Selector, _, err = unstructured.NestedString(u.Object, paths.LabelSelector...); err != nil {
			return false, err
		}
	}
	return found, nil
}

// builtInScale points at what a Scale is made of.
func builtInScale(obj runtime.Object) (replicas **int32, status int32, selector *metav1.LabelSelector) {
	switch o := obj.(type) {
	case *appsv1.Deployment:
		return &o.Spec.Replicas, o.Status.Replicas, o.Spec.Selector
	case *appsv1.ReplicaSet:
		return &o.Spec.Replicas, o.Status.Replicas, o.Spec.Selector
	case *appsv1.StatefulSet:
		return &o.Spec.Replicas, o.Status.Replicas, o.Spec.Selector
	}
	if o, ok := obj.(*corev1.ReplicationController); ok {
		return &o.Spec.Replicas, o.Status.Replicas, &metav1.LabelSelector{MatchLabels: o.Spec.Selector}
	}
	panic(fmt.Sprintf("apiserver: scale: %T has no replicas", obj))
}

func (c *call) getScale() {
	existing := c.res.objects[objectKey(c.info.Namespace, c.info.Name)]
	if existing == nil {
		c.fail(c.notFound())
		return
	}
	c.answerScale(fromStorage(c.version, existing.value), true)
}

// answerScale answers with an object's Scale.
func (c *call) answerScale(obj runtime.Object, needReplicas bool) {
	scale, found, err := scaleOf(c.version, obj)
	if err == nil && !found && needReplicas {
		err = apierrors.NewInternalError(fmt.Errorf("the spec replicas field %q does not exist", dotted(c.version.Scale.SpecReplicas)))
	}
	if err != nil {
		c.fail(err)
		return
	}
	f, ok := c.accept(acceptStatus)
	if !ok {
		f = format{}
	}
	c.respond(http.StatusOK, contentTypes[f.encoding], encodeMeta(scale, f.encoding))
}

func dotted(path []string) string {
	out := ""
	for _, p := range path {
		out += "." + p
	}
	return out
}

// writeScale sets the replica count of an object through its Scale.
func (c *call) writeScale(patch bool) {
	o, err := c.scaleFromBody(patch)
	if err != nil {
		c.fail(err)
		return
	}
	c.answerScale(fromStorage(c.version, o.value), false)
}

func (c *call) scaleFromBody(patch bool) (*object, error) {
	e := endpoint{subresource: "scale", strategy: c.version.Strategy}
	if patch {
		if err := c.checkPatchType(); err != nil {
			return nil, err
		}
		p, err := c.patching(e)
		if err != nil {
			return nil, err
		}
		o, _, err := p.update(updateSource{next: p.scaled(p.patchScale)})
		return o, err
	}
	var opts metav1.UpdateOptions
	if err := c.decodeOptions(&opts); err != nil {
		return nil, err
	}
	if err := invalidOptions("UpdateOptions", metav1validation.ValidateUpdateOptions(&opts)); err != nil {
		return nil, err
	}
	sent := &autoscalingv1.Scale{}
	if err := c.decodeInto(sent, scaleGVK); err != nil {
		if c.kind.Custom && apierrors.IsBadRequest(err) {
			err = apierrors.NewBadRequest(fmt.Sprintf("no kind is registered for the type v1.Scale in scheme %q", schemeName))
		}
		return nil, err
	}
	if err := checkName(sent, c.info.Name); err != nil {
		return nil, err
	}
	w := &write{call: c, endpoint: e, manager: c.manager(opts.FieldManager), dryRun: isDryRun(opts.DryRun), options: withType(&opts, "UpdateOptions")}
	o, _, err := w.update(updateSource{uid: sent.UID, next: w.scaled(func(*autoscalingv1.Scale) (*autoscalingv1.Scale, error) {
		return sent, nil
	})})
	return o, err
}

// scaled turns a change of a Scale into one of the object.
func (w *write) scaled(change func(*autoscalingv1.Scale) (*autoscalingv1.Scale, error)) func(*object) (runtime.Object, error) {
	return func(existing *object) (runtime.Object, error) {
		obj := fromStorage(w.version, existing.value).DeepCopyObject()
		scale, found, err := scaleOf(w.version, obj)
		if err != nil {
			return nil, err
		}
		if !found {
			scale.Spec.Replicas = noReplicas
		}
		fields, err := w.scaleFields(existing, scale)
		if err != nil {
			return nil, err
		}
		next, err := change(scale.DeepCopy())
		if err != nil {
			return nil, err
		}
		if err := w.checkScale(next); err != nil {
			return nil, err
		}
		if err := setReplicas(w.version, obj, next.Spec.Replicas); err != nil {
			return nil, err
		}
		if next.ResourceVersion != "" {
			metaOf(obj).SetResourceVersion(next.ResourceVersion)
		}
		return fields.record(w, obj, next)
	}
}

func (w *write) checkScale(scale *autoscalingv1.Scale) error {
	if err := checkName(scale, w.info.Name); err != nil {
		return err
	}
	if err := w.ensureNamespace(scale); err != nil {
		return err
	}
	if w.kind.Custom {
		if scale.Spec.Replicas == noReplicas {
			return apierrors.NewBadRequest(fmt.Sprintf("the spec replicas field %q cannot be empty", dotted(w.version.Scale.SpecReplicas)))
		}
		return nil
	}
	if scale.Spec.Replicas < 0 {
		return apierrors.NewInvalid(schema.GroupKind{Group: "autoscaling", Kind: "Scale"}, scale.Name, field.ErrorList{
			field.Invalid(field.NewPath("spec", "replicas"), scale.Spec.Replicas, "must be greater than or equal to 0"),
		})
	}
	return nil
}

func setReplicas(v *kinds.Version, obj runtime.Object, n int32) error {
	if u, ok := obj.(*unstructured.Unstructured); ok {
		return unstructured.SetNestedField(u.Object, int64(n), v.Scale.SpecReplicas...)
	}
	replicas, _, _ := builtInScale(obj)
	*replicas = &n
	return nil
}

// patchScale applies the patch to a Scale. An applied configuration is merged
// like a patch: only the replica count in it means anything.
func (p *patching) patchScale(scale *autoscalingv1.Scale) (*autoscalingv1.Scale, error) {
	current := marshalJSON(scale)
	var after []byte
	var err error
	switch p.mediaType {
	case patchJSON:
		after, _, err = p.jsonPatch(current)
	case patchApply:
		if p.body, err = utilyaml.ToJSON(p.body); err == nil {
			after, _, err = p.mergePatch(current)
		}
	default:
		after, _, err = p.mergePatch(current)
	}
	if err != nil {
		return nil, err
	}
	gvk := scaleGVK
	next := &autoscalingv1.Scale{}
	if _, _, err := typedDecoders.lenient[encodeJSON].Decode(after, &gvk, next); err != nil {
		return nil, invalidPatch(string(after), err)
	}
	return next, nil
}
