package scenarios

import "github.com/seatrial/seatrial/scenarios/yamlread"

func readStep(o *yamlread.Object) Step {
	var s Step
	o.Text("id", &s.ID)
	o.Duration("at", &s.At)
	o.Require("at", yamlread.WantDuration)
	o.Text("user", &s.User)
	if c := o.Child("createService"); c != nil {
		s.CreateService = readCreateService(c)
	}
	if u := o.Child("updateService"); u != nil {
		s.UpdateService = readUpdateService(u)
	}
	if r := o.Child("deleteService"); r != nil {
		s.DeleteService = readObjectRef(r)
	}
	if r := o.Child("export"); r != nil {
		s.Export = readObjectRef(r)
	}
	if r := o.Child("unexport"); r != nil {
		s.Unexport = readObjectRef(r)
	}
	if object := o.JSONObject("apply", "a manifest with apiVersion, kind and metadata"); o.Has("apply") {
		s.Apply = &Manifest{Object: object}
	}
	if p := o.Child("patch"); p != nil {
		s.Patch = readPatch(p)
	}
	if r := o.Child("delete"); r != nil {
		s.Delete = &ResourceRef{}
		readResourceRef(r, s.Delete)
		r.Done()
	}
	o.Done()
	return s
}

// readNames reads what every reference to an object has.
func readNames(o *yamlread.Object, ref *ObjectRef) {
	o.Text("namespace", &ref.Namespace)
	o.Text("name", &ref.Name)
}

func readObjectRef(o *yamlread.Object) *ObjectRef {
	var ref ObjectRef
	readNames(o, &ref)
	o.Done()
	return &ref
}

func readResourceRef(o *yamlread.Object, ref *ResourceRef) {
	o.Text("resource", &ref.Resource)
	readNames(o, &ref.ObjectRef)
}

func readCreateService(o *yamlread.Object) *CreateService {
	var c CreateService
	readNames(o, &c.ObjectRef)
	o.Text("type", &c.Type)
	o.Flag("headless", &c.Headless)
	readPorts(o, &c.Ports)
	o.TextMap("selector", &c.Selector)
	o.Done()
	return &c
}

func readUpdateService(o *yamlread.Object) *UpdateService {
	var u UpdateService
	readNames(o, &u.ObjectRef)
	readPorts(o, &u.Ports)
	o.TextMap("selector", &u.Selector)
	o.Done()
	return &u
}

func readPorts(o *yamlread.Object, into *[]Port) {
	o.Objects("ports", func(port *yamlread.Object) {
		var p Port
		port.Text("name", &p.Name)
		port.Integer("port", &p.Port)
		port.Count("targetPort", &p.TargetPort)
		port.Text("protocol", &p.Protocol)
		port.Done()
		*into = append(*into, p)
	})
}

func readPatch(o *yamlread.Object) *Patch {
	var p Patch
	readResourceRef(o, &p.ResourceRef)
	o.Text("type", &p.Type)
	p.Body = o.JSON("patch")
	o.Done()
	return &p
}
