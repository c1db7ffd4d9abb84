package scenarios

import (
	"fmt"
	"strings"
	"time"
)

// Step is one action of a user: At, and exactly one of the actions.
//
// A user performs its steps one after the other in order of At (steps of one
// time in the order of the file) and repeats each until it has taken effect, as
// a person would. Users act independently of each other.
type Step struct {
	// ID tells steps apart. Default: user, action, object and time.
	ID   string
	At   time.Duration
	User string // default "user"

	CreateService *CreateService
	UpdateService *UpdateService
	DeleteService *ObjectRef
	Export        *ObjectRef // create the ServiceExport
	Unexport      *ObjectRef // delete it
	Apply         *Manifest
	Patch         *Patch
	Delete        *ResourceRef
}

// ObjectRef names a Service or its ServiceExport. Namespace is by default "default".
type ObjectRef struct{ Namespace, Name string }

// CreateService creates a Service. That it exists already is success.
type CreateService struct {
	ObjectRef
	// Type is ClusterIP (default), NodePort or LoadBalancer.
	Type string
	// Headless sets clusterIP: None.
	Headless bool
	Ports    []Port // default one, 80/TCP
	// Selector is by default app: NAME; empty but not nil: none.
	Selector map[string]string
}

// UpdateService sets a Service's ports, its selector or both. Nil leaves as is.
type UpdateService struct {
	ObjectRef
	Ports    []Port
	Selector map[string]string
}

// Port is one port of a Service.
type Port struct {
	Name       string
	Port       int
	TargetPort int    // 0: as Port
	Protocol   string // TCP (default), UDP or SCTP
}

// Manifest is an object to be created, or replaced when it exists (server-side
// apply with force). It holds what JSON can: map[string]any, []any, string,
// int64, float64, bool and nil.
type Manifest struct{ Object map[string]any }

// ResourceRef names any object.
type ResourceRef struct {
	Resource string // plural; with subresource after a slash
	ObjectRef
}

// Patch changes part of any object.
type Patch struct {
	ResourceRef
	Type string // merge (default), json or strategic
	Body any    // as in Manifest
}

func (s *Step) setDefaults() {
	if s.User == "" {
		s.User = defaultUser
	}
	if c := s.CreateService; c != nil {
		c.setDefaults()
	}
	if u := s.UpdateService; u != nil {
		setPortDefaults(u.Ports)
	}
	if s.Patch != nil && s.Patch.Type == "" {
		s.Patch.Type = "merge"
	}
	if ref := s.ServiceRef(); ref != nil && ref.Namespace == "" {
		ref.Namespace = "default"
	}
	for _, ref := range []*ResourceRef{s.patchRef(), s.Delete} {
		if ref != nil && ref.Namespace == "" && namespaced(ref.Resource) {
			ref.Namespace = "default"
		}
	}
	if s.ID == "" {
		s.ID = s.contentID()
	}
}

func (c *CreateService) setDefaults() {
	if c.Type == "" {
		c.Type = "ClusterIP"
	}
	if c.Ports == nil {
		c.Ports = []Port{{Port: 80}}
	}
	setPortDefaults(c.Ports)
	if c.Selector == nil {
		c.Selector = map[string]string{"app": c.Name}
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

func (s *Step) patchRef() *ResourceRef {
	if s.Patch == nil {
		return nil
	}
	return &s.Patch.ResourceRef
}

// ServiceRef is the Service, or ServiceExport, that the step names; nil when
// its action is one for any kind of object.
func (s *Step) ServiceRef() *ObjectRef {
	switch {
	case s.CreateService != nil:
		return &s.CreateService.ObjectRef
	case s.UpdateService != nil:
		return &s.UpdateService.ObjectRef
	case s.DeleteService != nil:
		return s.DeleteService
	case s.Export != nil:
		return s.Export
	}
	return s.Unexport
}

// Actions lists the names of the actions, as scenario files spell them.
func Actions() []string {
	return []string{"createService", "updateService", "deleteService", "export", "unexport", "apply", "patch", "delete"}
}

// actions are the names of those that the step has. A valid step has one.
func (s *Step) actions() []string {
	var out []string
	for i, has := range []bool{
		s.CreateService != nil, s.UpdateService != nil, s.DeleteService != nil, s.Export != nil,
		s.Unexport != nil, s.Apply != nil, s.Patch != nil, s.Delete != nil,
	} {
		if has {
			out = append(out, Actions()[i])
		}
	}
	return out
}

// Action is the name of what the step does, and empty when it does nothing.
func (s *Step) Action() string {
	if names := s.actions(); len(names) > 0 {
		return names[0]
	}
	return ""
}

// Object names what the step acts on: namespace/name, with the resource in
// front when the action does not imply it.
func (s *Step) Object() string {
	switch {
	case s.Apply != nil:
		kind, namespace, name := s.Apply.identity()
		return strings.TrimPrefix(kind+" "+join(namespace, name), " ")
	case s.Patch != nil:
		return s.Patch.Resource + " " + join(s.Patch.Namespace, s.Patch.Name)
	case s.Delete != nil:
		return s.Delete.Resource + " " + join(s.Delete.Namespace, s.Delete.Name)
	}
	if ref := s.ServiceRef(); ref != nil {
		return join(ref.Namespace, ref.Name)
	}
	return ""
}

func join(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// String is one line for people: "12s alice export shop/web".
func (s *Step) String() string {
	return fmt.Sprintf("%s %s %s %s", formatDuration(s.At), s.User, s.Action(), s.Object())
}

// contentID makes an ID of what the step is rather than of where it stands, so
// that it stays when other steps come and go.
func (s *Step) contentID() string {
	words := strings.FieldsFunc(strings.ToLower(s.String()), func(r rune) bool { return r == ' ' || r == '/' })
	if s.User == defaultUser && len(words) > 1 {
		words = append(words[:1], words[2:]...)
	}
	return strings.Join(append(words[1:], words[0]), "-")
}
