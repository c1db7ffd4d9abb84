package globalingressip

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/scenarios"
)

// CreateService creates a Service. That it exists already is success.
type CreateService struct {
	scenarios.ObjectRef
	// Kind is ClusterIP (default), NodePort or LoadBalancer.
	Kind string
	// Headless sets clusterIP: None.
	Headless bool
	Ports    []Port // default one, 80/TCP
	// Selector is by default app: NAME; empty but not nil: none.
	Selector map[string]string
}

// UpdateService sets a Service's ports, its selector or both. Nil leaves as is.
type UpdateService struct {
	scenarios.ObjectRef
	Ports    []Port
	Selector map[string]string
}

// DeleteService deletes a Service, Export creates its ServiceExport, and Unexport
// deletes that.
type (
	DeleteService struct{ scenarios.ObjectRef }
	Export        struct{ scenarios.ObjectRef }
	Unexport      struct{ scenarios.ObjectRef }
)

// Port is one port of a Service.
type Port struct {
	Name       string
	Port       int
	TargetPort int    // 0: as Port
	Protocol   string // TCP (default), UDP or SCTP
}

// actions are those of this family's language.
func actions() []scenarios.ActionType {
	create := append(scenarios.RefFields(func(c *CreateService) *scenarios.ObjectRef { return &c.ObjectRef }),
		format.TextOr("type", "ClusterIP (default), NodePort or LoadBalancer.", "ClusterIP", func(c *CreateService) *string { return &c.Kind }).Enum("type", serviceTypes...),
		format.Flag("headless", "Without an address of its own.", func(c *CreateService) *bool { return &c.Headless }),
		format.List("ports", "Ports; by default one, 80/TCP.", portFields, func(c *CreateService) *[]Port { return &c.Ports }).
			OmitIf(func(c *CreateService) bool {
				return slices.Equal(c.Ports, []Port{{Port: 80, TargetPort: 80, Protocol: "TCP"}})
			}),
		format.TextMap("selector", "Labels of the pods; by default app: NAME.", func(c *CreateService) *map[string]string { return &c.Selector }).
			OmitIf(func(c *CreateService) bool { return len(c.Selector) == 1 && c.Selector["app"] == c.Name }),
	)
	update := append(scenarios.RefFields(func(u *UpdateService) *scenarios.ObjectRef { return &u.ObjectRef }),
		format.List("ports", "Ports, instead of those there are.", portFields, func(u *UpdateService) *[]Port { return &u.Ports }),
		format.TextMap("selector", "Labels, instead of those there are.", func(u *UpdateService) *map[string]string { return &u.Selector }),
	)
	return []scenarios.ActionType{
		scenarios.NewActionType("createService", "Create a Service.", create),
		scenarios.NewActionType("updateService", "Change a Service's ports or selector.", update),
		scenarios.NewActionType("deleteService", "Delete a Service.", scenarios.RefFields(func(d *DeleteService) *scenarios.ObjectRef { return &d.ObjectRef })),
		scenarios.NewActionType("export", "Create the ServiceExport of a Service.", scenarios.RefFields(func(e *Export) *scenarios.ObjectRef { return &e.ObjectRef })),
		scenarios.NewActionType("unexport", "Delete the ServiceExport of a Service.", scenarios.RefFields(func(u *Unexport) *scenarios.ObjectRef { return &u.ObjectRef })),
	}
}

var portFields = format.Object[Port]{
	format.Text("name", "Name of the port.", func(p *Port) *string { return &p.Name }),
	format.Integer("port", "Its number.", func(p *Port) *int { return &p.Port }),
	format.Count("targetPort", "The pods' port; by default the same.", 0, func(p *Port) *int { return &p.TargetPort }).
		OmitIf(func(p *Port) bool { return p.TargetPort == p.Port }),
	format.TextOr("protocol", "TCP (default), UDP or SCTP.", "TCP", func(p *Port) *string { return &p.Protocol }).Enum("protocol", protocols...),
}

// Names of the actions, as [scenarios.Action] wants them.
func (*CreateService) Type() string { return "createService" }
func (*UpdateService) Type() string { return "updateService" }
func (*DeleteService) Type() string { return "deleteService" }
func (*Export) Type() string        { return "export" }
func (*Unexport) Type() string      { return "unexport" }

// What they are about.
func (c *CreateService) Object() string { return object(c.ObjectRef) }
func (u *UpdateService) Object() string { return object(u.ObjectRef) }
func (d *DeleteService) Object() string { return object(d.ObjectRef) }
func (e *Export) Object() string        { return object(e.ObjectRef) }
func (u *Unexport) Object() string      { return object(u.ObjectRef) }

func object(ref scenarios.ObjectRef) string { return scenarios.JoinName(ref.Namespace, ref.Name) }

// Clones, whose lists and maps are shared and never changed in place.
func (c *CreateService) Clone() scenarios.Action { d := *c; return &d }
func (u *UpdateService) Clone() scenarios.Action { d := *u; return &d }
func (d *DeleteService) Clone() scenarios.Action { c := *d; return &c }
func (e *Export) Clone() scenarios.Action        { c := *e; return &c }
func (u *Unexport) Clone() scenarios.Action      { c := *u; return &c }

// Makes implements [scenarios.Maker].
func (c *CreateService) Makes(*scenarios.Catalog) scenarios.ResourceRef {
	return scenarios.ResourceRef{Resource: "services", ObjectRef: c.ObjectRef}
}

// Makes implements [scenarios.Maker].
func (e *Export) Makes(*scenarios.Catalog) scenarios.ResourceRef {
	return scenarios.ResourceRef{Resource: "serviceexports", ObjectRef: e.ObjectRef}
}

// Deletes marks actions whose aim is that something is gone.
func (*DeleteService) Deletes() {}
func (*Unexport) Deletes()      {}

// Default implements [scenarios.Action].
func (c *CreateService) Default(*scenarios.Catalog) {
	setNamespace(&c.ObjectRef)
	if c.Kind == "" {
		c.Kind = "ClusterIP"
	}
	if c.Ports == nil {
		c.Ports = []Port{{Port: 80}}
	}
	setPortDefaults(c.Ports)
	if c.Selector == nil {
		c.Selector = map[string]string{"app": c.Name}
	}
}

// Default implements [scenarios.Action].
func (u *UpdateService) Default(*scenarios.Catalog) {
	setNamespace(&u.ObjectRef)
	setPortDefaults(u.Ports)
}

// Default implements [scenarios.Action].
func (d *DeleteService) Default(*scenarios.Catalog) { setNamespace(&d.ObjectRef) }

// Default implements [scenarios.Action].
func (e *Export) Default(*scenarios.Catalog) { setNamespace(&e.ObjectRef) }

// Default implements [scenarios.Action].
func (u *Unexport) Default(*scenarios.Catalog) { setNamespace(&u.ObjectRef) }

func setNamespace(ref *scenarios.ObjectRef) {
	if ref.Namespace == "" {
		ref.Namespace = "default"
	}
}

func setPortDefaults(ports []Port) {
	for i := range ports {
		if ports[i].Protocol == "" {
			ports[i].Protocol = "TCP"
		}
		if ports[i].TargetPort == 0 {
			ports[i].TargetPort = ports[i].Port
		}
	}
}

// Perform implements [scenarios.Action].
func (c *CreateService) Perform(ctx context.Context, a *scenarios.Actor) error {
	return create(ctx, a, "services", c.object())
}

// Perform implements [scenarios.Action].
func (u *UpdateService) Perform(ctx context.Context, a *scenarios.Actor) error {
	return u.asPatch().Perform(ctx, a)
}

// Perform implements [scenarios.Action].
func (d *DeleteService) Perform(ctx context.Context, a *scenarios.Actor) error {
	return (&scenarios.Delete{ResourceRef: scenarios.ResourceRef{Resource: "services", ObjectRef: d.ObjectRef}}).Perform(ctx, a)
}

// Perform implements [scenarios.Action].
func (e *Export) Perform(ctx context.Context, a *scenarios.Actor) error {
	r, _, _ := a.Catalog.Resource("serviceexports")
	return create(ctx, a, "serviceexports", newObject(r, e.ObjectRef))
}

// Perform implements [scenarios.Action].
func (u *Unexport) Perform(ctx context.Context, a *scenarios.Actor) error {
	return (&scenarios.Delete{ResourceRef: scenarios.ResourceRef{Resource: "serviceexports", ObjectRef: u.ObjectRef}}).Perform(ctx, a)
}

// create takes an object that exists for success, unless that one is on its
// way out: then what was asked for is not yet there.
func create(ctx context.Context, a *scenarios.Actor, plural string, object *unstructured.Unstructured) error {
	r, _, _ := a.Catalog.Resource(plural)
	client := a.On(r, object.GetNamespace())
	_, err := client.Create(ctx, object, metav1.CreateOptions{FieldManager: a.Name})
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	existing, getErr := client.Get(ctx, object.GetName(), metav1.GetOptions{})
	switch {
	case getErr != nil:
		return getErr
	case existing.GetDeletionTimestamp() != nil:
		return scenarios.NotYet(err)
	}
	return nil
}

func newObject(r scenarios.Resource, ref scenarios.ObjectRef) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{}}
	object.SetAPIVersion(r.GroupVersion().String())
	object.SetKind(r.Kind)
	object.SetNamespace(ref.Namespace)
	object.SetName(ref.Name)
	return object
}

func (c *CreateService) object() *unstructured.Unstructured {
	r, _, _ := scenarios.Builtin().Resource("services")
	object := newObject(r, c.ObjectRef)
	spec := map[string]any{"type": c.Kind, "ports": portsJSON(c.Ports)}
	if len(c.Selector) > 0 {
		spec["selector"] = textsJSON(c.Selector)
	}
	if c.Headless {
		spec["clusterIP"] = "None"
	}
	object.Object["spec"] = spec
	return object
}

// asPatch is a JSON patch, which replaces lists and maps whole, whatever is
// there, and does the same when it is repeated.
func (u *UpdateService) asPatch() *scenarios.Patch {
	var operations []any
	set := func(field string, value any) {
		operations = append(operations, map[string]any{"op": "add", "path": "/spec/" + field, "value": value})
	}
	if u.Ports != nil {
		set("ports", portsJSON(u.Ports))
	}
	if u.Selector != nil {
		set("selector", textsJSON(u.Selector))
	}
	return &scenarios.Patch{ResourceRef: scenarios.ResourceRef{Resource: "services", ObjectRef: u.ObjectRef}, Media: "json", Body: operations}
}

func portsJSON(ports []Port) []any {
	out := make([]any, len(ports))
	for i, p := range ports {
		port := map[string]any{"port": int64(p.Port), "targetPort": int64(p.TargetPort), "protocol": p.Protocol}
		if p.Name != "" {
			port["name"] = p.Name
		}
		out[i] = port
	}
	return out
}

func textsJSON(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
