package scenarios

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/internal/yamlread"
)

var (
	// ErrNothingToDo: what an action is about is not there.
	ErrNothingToDo = errors.New("there is nothing to do")
	// errNotYet: the world has to come to a certain point first, and will if the
	// subject does what it should. It is waited for without end.
	errNotYet  = errors.New("not yet")
	errNotJSON = errors.New("not JSON")
)

// NotYet marks an error of an action that has to wait for what the subject does.
func NotYet(err error) error { return fmt.Errorf("%w: %w", errNotYet, err) }

// generalActions are those that every language has.
func generalActions() []ActionType {
	return []ActionType{applyType(), patchType(), deleteType(), doType()}
}

// Apply creates an object, or replaces it when it exists, as kubectl apply
// --server-side --force-conflicts does. A former object of the name that is
// still being deleted is waited for.
type Apply struct{ Manifest }

// Manifest is an object as files hold it: map[string]any, []any, string, int64,
// float64, bool and nil.
type Manifest struct{ Object map[string]any }

func applyType() ActionType {
	const want = "a manifest with apiVersion, kind and metadata"
	return ActionType{
		Name: "apply", Doc: "Create the object, or replace it when it exists.",
		Schema: func() format.Schema {
			object := format.AnyObject()
			object["required"] = []any{"apiVersion", "kind"}
			object["properties"] = format.Schema{"apiVersion": format.AnyText(), "kind": format.AnyText()}
			return format.Schema{"anyOf": []any{format.AnyText(), object}}
		},
		Read: func(o *yamlread.Object, name string) Action {
			if file := o.Peek(name); file != "" {
				return applyFile(o, name, file)
			}
			object := o.JSONObject(name, want)
			if object != nil {
				headed(object, func(key, problem string) { o.Doc.ReportAt(o.Field(name)+"."+key, problem, wantKinds) })
			}
			return &Apply{Manifest{object}}
		},
		Write: func(a Action) *yaml.Node { return format.JSONNode(a.(*Apply).Manifest.Object) },
	}
}

// applyFile applies the one object of a file, whose name is relative to the
// document's.
func applyFile(o *yamlread.Object, name, file string) Action {
	o.Value(name)
	m := Files(filepath.Join(filepath.Dir(o.Doc.File()), file))
	if err := m.one(); err != nil {
		o.Doc.ReportMeaning(o.Field(name), err.Error(), "the name of a file, or a manifest with apiVersion, kind and metadata")
		return &Apply{}
	}
	return &Apply{m.objects[0].Manifest}
}

const wantKinds = "a built-in kind, or one of a definition in the cluster"

// headed says what is wrong with what heads a manifest, and whether nothing is.
func headed(object map[string]any, report func(key, problem string)) bool {
	for _, key := range []string{"apiVersion", "kind"} {
		switch text, isText := object[key].(string); {
		case object[key] == nil || isText && text == "":
			report(key, "missing")
			return false
		case !isText:
			report(key, fmt.Sprintf("%v is not text", object[key]))
			return false
		}
	}
	return true
}

// Type implements [Action].
func (a *Apply) Type() string { return "apply" }

// Object implements [Action].
func (a *Apply) Object() string {
	kind, namespace, name := a.Identity()
	if kind == "" {
		return JoinName(namespace, name)
	}
	return kind + " " + JoinName(namespace, name)
}

// Default implements [Action].
func (a *Apply) Default(*Catalog) {}

// Clone implements [Action]; the object is shared, and never changed in place.
func (a *Apply) Clone() Action { return &Apply{a.Manifest} }

// Perform implements [Action].
func (a *Apply) Perform(ctx context.Context, actor *Actor) error {
	r, ok := a.Resource(actor.Catalog)
	if !ok {
		return apierrors.NewBadRequest("there is no such kind")
	}
	object := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(a.Manifest.Object)}
	if r.Namespaced {
		object.SetNamespace(cmp.Or(object.GetNamespace(), metav1.NamespaceDefault))
	}
	on := actor.On(r, object.GetNamespace())
	existing, err := on.Get(ctx, object.GetName(), metav1.GetOptions{})
	switch {
	case err == nil && existing.GetDeletionTimestamp() != nil:
		return fmt.Errorf("the former %s is still being deleted: %w", a.Object(), errNotYet)
	case err != nil && !apierrors.IsNotFound(err):
		return err
	}
	_, err = on.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: actor.Name, Force: true})
	return err
}

// Validate implements [Action].
func (a *Apply) Validate(report Report, field string, scope Scope) {
	if !headed(a.Manifest.Object, func(key, problem string) { report(field+"."+key, problem, wantKinds) }) {
		return
	}
	r, ok := a.Resource(scope.Catalog)
	if !ok {
		head := fmt.Sprintf("%v %v", a.Manifest.Object["apiVersion"], a.Manifest.Object["kind"])
		report(field, "this world has no kind "+head, closest(head, scope.Catalog.Manifests(), wantKinds))
		return
	}
	if !isJSON(a.Manifest.Object) {
		report(field, "holds a value of a Go type that YAML does not give", wantJSON)
	}
	_, namespace, name := a.Identity()
	if len(validation.IsDNS1123Subdomain(name)) > 0 && r.Group != "rbac.authorization.k8s.io" {
		report(field+".metadata.name", fmt.Sprintf("%q is not a name", name), "a name, as text")
	}
	switch {
	case !r.Namespaced && namespace != "":
		report(field+".metadata.namespace", r.Kind+" objects are in no namespace", "no namespace")
	case r.Namespaced && namespace != "":
		(&ObjectRef{Namespace: namespace}).ValidateNamespace(report, field+".metadata", scope)
	}
}

// ApplyOf is the action that applies the one object of some manifests. What is
// wrong with them, or that they are none or several, is told when it is validated.
func ApplyOf(m Manifests) Action {
	if err := m.one(); err != nil {
		return &broken{"apply", err}
	}
	return &Apply{m.objects[0].Manifest}
}

// DeleteOf is the action that deletes the one object of some manifests and waits
// until it is gone.
func DeleteOf(m Manifests) Action {
	if err := m.one(); err != nil {
		return &broken{"delete", err}
	}
	return DeleteManifest(m.objects[0].Manifest)
}

// DeleteManifest is the action that deletes the object of a manifest, and its
// dependents after it, and waits until it is gone. Its resource is looked up by
// [Plan.Default].
func DeleteManifest(m Manifest) *Delete {
	return &Delete{of: m, Propagation: "Background", Wait: true}
}

// Identity is what a manifest says of itself. What is missing or of the wrong
// type is empty.
func (m *Manifest) Identity() (kind, namespace, name string) {
	kind, _ = m.Object["kind"].(string)
	meta, _ := m.Object["metadata"].(map[string]any)
	namespace, _ = meta["namespace"].(string)
	name, _ = meta["name"].(string)
	return kind, namespace, name
}

// Resource is where objects of the manifest's kind are to be found.
func (m *Manifest) Resource(c *Catalog) (Resource, bool) {
	apiVersion, _ := m.Object["apiVersion"].(string)
	kind, _ := m.Object["kind"].(string)
	return c.Kind(apiVersion, kind)
}

// Makes implements [Maker].
func (a *Apply) Makes(c *Catalog) ResourceRef {
	r, ok := a.Resource(c)
	if !ok {
		return ResourceRef{}
	}
	_, namespace, name := a.Identity()
	if r.Namespaced {
		namespace = cmp.Or(namespace, metav1.NamespaceDefault)
	}
	return ResourceRef{Resource: r.GroupResource().String(), ObjectRef: ObjectRef{namespace, name}}
}

// MoveTo puts the object into another namespace; empty: the default one.
func (a *Apply) MoveTo(namespace string) {
	metadata, ok := a.Manifest.Object["metadata"].(map[string]any)
	if !ok {
		return
	}
	metadata = maps.Clone(metadata)
	if delete(metadata, "namespace"); namespace != "" {
		metadata["namespace"] = namespace
	}
	object := maps.Clone(a.Manifest.Object)
	object["metadata"] = metadata
	a.Manifest.Object = object
}

// Patch changes part of any object.
type Patch struct {
	ResourceRef
	Media string // merge (default), json or strategic
	Body  any    // as in [Manifest]
	// MayBeRefused: that the server refuses the patch as invalid is no failure of
	// the scenario.
	MayBeRefused bool
}

var patchMediaTypes = map[string]types.PatchType{
	"merge": types.MergePatchType, "json": types.JSONPatchType, "strategic": types.StrategicMergePatchType,
}

var patchTypes = []string{"merge", "json", "strategic"}

func patchType() ActionType {
	fields := append(resourceRefFields(func(p *Patch) *ResourceRef { return &p.ResourceRef }),
		format.TextOr("type", "How the patch is meant: merge (default), json or strategic.", "merge", func(p *Patch) *string { return &p.Media }).Enum("type", patchTypes...),
		format.Structure("patch", "The change.", func(p *Patch) *any { return &p.Body }),
		format.Flag("mayBeRefused", "That the server refuses the patch is no failure of the scenario.", func(p *Patch) *bool { return &p.MayBeRefused }),
	)
	return NewActionType("patch", "Change part of an object, or of a subresource.", fields)
}

// Type implements [Action].
func (p *Patch) Type() string { return "patch" }

// Object implements [Action].
func (p *Patch) Object() string { return p.ResourceRef.String() }

// Default implements [Action].
func (p *Patch) Default(c *Catalog) {
	p.setDefaults(c)
	if p.Media == "" {
		p.Media = "merge"
	}
}

// Clone implements [Action]; the body is shared, and never changed in place.
func (p *Patch) Clone() Action {
	c := *p
	return &c
}

// Perform implements [Action].
func (p *Patch) Perform(ctx context.Context, a *Actor) error {
	r, subresource, _ := a.Catalog.Resource(p.Resource)
	body, err := json.Marshal(p.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotJSON, err)
	}
	name, err := p.find(ctx, a, r)
	if err != nil {
		return err
	}
	var subresources []string
	if subresource != "" {
		subresources = []string{subresource}
	}
	_, err = a.On(r, p.Namespace).Patch(ctx, name, patchMediaTypes[p.Media], body, metav1.PatchOptions{FieldManager: a.Name}, subresources...)
	if p.MayBeRefused && refused(err) {
		return fmt.Errorf("%w: %w", ErrNothingToDo, err)
	}
	return gone(err)
}

// Validate implements [Action].
func (p *Patch) Validate(report Report, field string, scope Scope) {
	p.validate(report, field, scope, true)
	if !slices.Contains(patchTypes, p.Media) {
		report(field+".type", fmt.Sprintf("unknown type %q", p.Media), "one of merge, json, strategic")
	}
	_, isList := p.Body.([]any)
	_, isObject := p.Body.(map[string]any)
	switch {
	case p.Body == nil:
		report(field+".patch", "missing", "the change")
	case p.Media == "json" && !isList:
		report(field+".patch", "a json patch is a list of operations", "a list")
	case p.Media != "json" && !isObject:
		report(field+".patch", "a "+p.Media+" patch is a part of the object", "a mapping")
	case !isJSON(p.Body):
		report(field+".patch", "holds a value of a Go type that YAML does not give", wantJSON)
	}
}

// Delete deletes any object.
type Delete struct {
	ResourceRef
	// Propagation is what becomes of dependents: Background, Foreground or
	// Orphan; empty: what the kind's API does by default.
	Propagation string
	// Wait: the step is over when the object is gone. A user who makes it anew
	// later does not meet the old one then.
	Wait bool

	of Manifest // whose resource is still to be looked up
}

var propagations = []string{"Background", "Foreground", "Orphan"}

func deleteType() ActionType {
	fields := append(resourceRefFields(func(d *Delete) *ResourceRef { return &d.ResourceRef }),
		format.Text("propagation", "What becomes of dependents: Background, Foreground or Orphan.", func(d *Delete) *string { return &d.Propagation }).Enum("policy", propagations...),
		format.Flag("wait", "Wait until the object is gone.", func(d *Delete) *bool { return &d.Wait }),
	)
	return NewActionType("delete", "Delete an object.", fields)
}

// Type implements [Action].
func (d *Delete) Type() string { return "delete" }

// Object implements [Action].
func (d *Delete) Object() string { return d.ResourceRef.String() }

// Default implements [Action].
func (d *Delete) Default(c *Catalog) {
	if r, ok := d.of.Resource(c); ok && d.Resource == "" {
		_, d.Namespace, d.Name = d.of.Identity()
		d.Resource, d.of = c.nameOf(r), Manifest{}
	}
	d.setDefaults(c)
}

// Clone implements [Action].
func (d *Delete) Clone() Action {
	c := *d
	return &c
}

// Perform implements [Action].
func (d *Delete) Perform(ctx context.Context, a *Actor) error {
	r, _, _ := a.Catalog.Resource(d.Resource)
	name, err := d.find(ctx, a, r)
	if err != nil {
		return err
	}
	on := a.On(r, d.Namespace)
	if d.Wait {
		existing, err := on.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return gone(err)
		}
		if a.deleted != "" && existing.GetUID() != a.deleted {
			return nil // a controller has made another one of the name
		}
		a.deleted = existing.GetUID()
		if existing.GetDeletionTimestamp() != nil {
			return fmt.Errorf("%s is still there: %w", d.Object(), errNotYet)
		}
	}
	var options metav1.DeleteOptions
	if d.Propagation != "" {
		policy := metav1.DeletionPropagation(d.Propagation)
		options.PropagationPolicy = &policy
	}
	if err := on.Delete(ctx, name, options); err != nil {
		return gone(err)
	}
	if d.Wait {
		return fmt.Errorf("%s is still there: %w", d.Object(), errNotYet)
	}
	return nil
}

// Validate implements [Action].
func (d *Delete) Validate(report Report, field string, scope Scope) {
	d.validate(report, field, scope, false)
	if d.Propagation != "" && !slices.Contains(propagations, d.Propagation) {
		report(field+".propagation", fmt.Sprintf("unknown policy %q", d.Propagation), "one of Background, Foreground, Orphan")
	}
}

// DoFunc is anything that a user does. It may be called more than once and must
// mean the same then.
type DoFunc func(ctx context.Context, cfg *rest.Config) error

// Do calls a function that the subject's language has.
type Do struct {
	Function string
	// Call is the function, for steps that are made in Go. A file names it.
	Call DoFunc
}

func doType() ActionType {
	return ActionType{
		Name: "do", Doc: "Call a function of the trial, by its name.",
		Schema: func() format.Schema { return format.Schema{"type": "string", "minLength": 1} },
		Read: func(o *yamlread.Object, name string) Action {
			var d Do
			o.Text(name, &d.Function)
			return &d
		},
		Write: func(a Action) *yaml.Node { return format.Scalar("!!str", a.(*Do).Function) },
	}
}

// Type implements [Action].
func (d *Do) Type() string { return "do" }

// Object implements [Action].
func (d *Do) Object() string { return d.Function }

// Default implements [Action].
func (d *Do) Default(*Catalog) {}

// Clone implements [Action].
func (d *Do) Clone() Action {
	c := *d
	return &c
}

// Perform implements [Action].
func (d *Do) Perform(ctx context.Context, a *Actor) error {
	if d.Call != nil {
		return d.Call(ctx, a.REST)
	}
	return a.do[d.Function](ctx, a.REST)
}

// Validate implements [Action].
func (d *Do) Validate(report Report, field string, scope Scope) {
	if d.Function != "" && scope.Do[d.Function] == nil {
		report(field, fmt.Sprintf("there is no function %q", d.Function), closest(d.Function, SortedKeys(scope.Do), "the name of a step of the trial that has one"))
	}
}

const wantJSON = "map[string]any, []any, string, int64, finite float64, bool and nil only"

// isJSON says whether v is what reading YAML or JSON gives. Only a plan made in
// Go can hold anything else.
func isJSON(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range SortedKeys(v) {
			if !isJSON(v[key]) {
				return false
			}
		}
		return true
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !isJSON(item) })
	case float64:
		return !math.IsNaN(v) && !math.IsInf(v, 0)
	case string, int64, bool, nil:
		return true
	}
	return false
}
