package apiserver

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver/admission"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// admissionWorld is what admission knows of the cluster, for one write.
type admissionWorld struct{ write *write }

var _ admission.World = admissionWorld{}

// Namespace implements [admission.World].
func (w admissionWorld) Namespace(name string) *corev1.Namespace {
	if o := w.write.server.resources[namespaceResource].objects[name]; o != nil {
		return o.value.(*corev1.Namespace)
	}
	return nil
}

// Equivalents implements [admission.World].
func (w admissionWorld) Equivalents(resource schema.GroupVersionResource) []admission.Served {
	var out []admission.Served
	for _, g := range w.write.server.groups {
		for _, v := range g.versions {
			for _, name := range v.names {
				s := v.resources[name]
				if gvr := v.gv.WithResource(name); s.res == w.write.res && gvr != resource {
					out = append(out, admission.Served{Resource: gvr, Kind: s.kind.GroupVersionKind(v.gv.Version)})
				}
			}
		}
	}
	return out
}

// served finds the kind that is called kind, with its resource.
func (s *Server) servedKind(kind schema.GroupVersionKind) (served, *kinds.Version, bool) {
	v := s.byVersion[kind.GroupVersion()]
	if v == nil {
		return served{}, nil, false
	}
	for _, name := range v.names {
		if found := v.resources[name]; found.kind.Kind == kind.Kind {
			version, ok := found.kind.Version(kind.Version)
			return found, version, ok
		}
	}
	return served{}, nil, false
}

// Convert implements [admission.World].
func (w admissionWorld) Convert(obj runtime.Object, to schema.GroupVersionKind) (runtime.Object, error) {
	from := obj.GetObjectKind().GroupVersionKind()
	if from == to {
		return obj, nil
	}
	_, source, ok := w.write.server.servedKind(from)
	_, target, ok2 := w.write.server.servedKind(to)
	if !ok || !ok2 {
		return nil, fmt.Errorf("cannot convert %v to %v", from, to)
	}
	if source.ToStorage != nil {
		obj = source.ToStorage(obj)
	}
	out := shallowCopy(fromStorage(target, obj))
	out.GetObjectKind().SetGroupVersionKind(to)
	return out, nil
}

// Decode implements [admission.World].
func (w admissionWorld) Decode(data []byte, kind schema.GroupVersionKind) (runtime.Object, error) {
	s, version, ok := w.write.server.servedKind(kind)
	if !ok {
		return decodeUnserved(data, kind)
	}
	if s.kind.Custom {
		u, _, err := customDecoders.lenient[encodeJSON].Decode(data, &kind, nil)
		if err != nil {
			return nil, err
		}
		// Nothing is pruned of what a webhook adds before the object is validated.
		version.Strategy.Default(u)
		return u, nil
	}
	obj, _, err := typedDecoders.lenient[encodeJSON].Decode(data, &kind, version.New())
	if err != nil {
		return nil, err
	}
	untyped(obj)
	if _, err := version.Strategy.Decoded(obj); err != nil {
		return nil, err
	}
	obj.GetObjectKind().SetGroupVersionKind(kind)
	return obj, nil
}

// decodeUnserved decodes what is not stored, such as a Scale or an Eviction.
func decodeUnserved(data []byte, kind schema.GroupVersionKind) (runtime.Object, error) {
	obj, _, err := typedDecoders.lenient[encodeJSON].Decode(data, &kind, nil)
	return obj, err
}

// Params implements [admission.World].
func (w admissionWorld) Params(kind schema.GroupVersionKind) (admission.Params, bool) {
	s, version, ok := w.write.server.servedKind(kind)
	if !ok {
		return admission.Params{}, false
	}
	show := func(o *object) runtime.Object {
		out := shallowCopy(fromStorage(version, o.value))
		out.GetObjectKind().SetGroupVersionKind(kind)
		return out
	}
	return admission.Params{
		Namespaced: s.kind.Namespaced,
		Get: func(namespace, name string) runtime.Object {
			if o := s.res.objects[objectKey(namespace, name)]; o != nil {
				return show(o)
			}
			return nil
		},
		List: func(namespace string) (out []runtime.Object) {
			for _, key := range span(s.res.keys, namespace) {
				out = append(out, show(s.res.objects[key]))
			}
			return out
		},
	}, true
}

// Authorizer implements [admission.World].
func (w admissionWorld) Authorizer() admission.Authorizer {
	return w.write.server.authorizer()
}

// Types implements [admission.World].
func (w admissionWorld) Types(kind schema.GroupVersionKind) admission.TypeConverter {
	_, version, ok := w.write.server.servedKind(kind)
	if !ok {
		return nil
	}
	types, err := version.TypeConverter()
	if err != nil {
		return nil
	}
	return types
}

// Ask implements [admission.World].
func (w admissionWorld) Ask(q admission.Question) (admission.Answer, bool) { return w.write.ask(q) }

// Warn implements [admission.World].
func (w admissionWorld) Warn(text string) { w.write.warn(text) }
