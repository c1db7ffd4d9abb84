package scenarios

import "gopkg.in/yaml.v3"

func (d *document) step(n *yaml.Node, path string) Step {
	var s Step
	o := d.object(n, path)
	o.text("id", &s.ID)
	o.duration("at", &s.At)
	if !o.has("at") && n.Kind == yaml.MappingNode {
		d.report(n, o.field("at"), "missing", wantDuration)
	}
	o.text("user", &s.User)
	if c := o.child("createService"); c != nil {
		s.CreateService = c.createService()
	}
	if u := o.child("updateService"); u != nil {
		s.UpdateService = u.updateService()
	}
	if r := o.child("deleteService"); r != nil {
		s.DeleteService = r.objectRef()
	}
	if r := o.child("export"); r != nil {
		s.Export = r.objectRef()
	}
	if r := o.child("unexport"); r != nil {
		s.Unexport = r.objectRef()
	}
	if m := o.value("apply"); m != nil {
		s.Apply = d.manifest(m, o.field("apply"))
	}
	if r := o.child("patch"); r != nil {
		s.Patch = r.patch()
	}
	if r := o.child("delete"); r != nil {
		s.Delete = &ResourceRef{}
		r.resourceRef(s.Delete)
		r.done()
	}
	o.done()
	return s
}

// names reads what every reference to an object has.
func (o *object) names(ref *ObjectRef) {
	o.text("namespace", &ref.Namespace)
	o.text("name", &ref.Name)
}

func (o *object) objectRef() *ObjectRef {
	var ref ObjectRef
	o.names(&ref)
	o.done()
	return &ref
}

func (o *object) resourceRef(ref *ResourceRef) {
	o.text("resource", &ref.Resource)
	o.names(&ref.ObjectRef)
}

func (o *object) createService() *CreateService {
	var c CreateService
	o.names(&c.ObjectRef)
	o.text("type", &c.Type)
	o.flag("headless", &c.Headless)
	o.ports(&c.Ports)
	o.textMap("selector", &c.Selector)
	o.done()
	return &c
}

func (o *object) updateService() *UpdateService {
	var u UpdateService
	o.names(&u.ObjectRef)
	o.ports(&u.Ports)
	o.textMap("selector", &u.Selector)
	o.done()
	return &u
}

func (o *object) ports(into *[]Port) {
	o.list("ports", func(n *yaml.Node, path string) {
		var p Port
		inner := o.doc.object(n, path)
		inner.text("name", &p.Name)
		inner.integer("port", &p.Port)
		inner.count("targetPort", &p.TargetPort)
		inner.text("protocol", &p.Protocol)
		inner.done()
		*into = append(*into, p)
	})
}

func (o *object) patch() *Patch {
	var p Patch
	o.resourceRef(&p.ResourceRef)
	o.text("type", &p.Type)
	if n := o.value("patch"); n != nil {
		p.Body = o.doc.json(n, o.field("patch"))
	}
	o.done()
	return &p
}

func (d *document) manifest(n *yaml.Node, path string) *Manifest {
	if n.Kind != yaml.MappingNode {
		d.report(n, path, describe(n)+" is not an object", "a manifest with apiVersion, kind and metadata")
		return &Manifest{}
	}
	object, _ := d.json(n, path).(map[string]any)
	return &Manifest{Object: object}
}
