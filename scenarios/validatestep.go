package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seatrial/seatrial/scenarios/yamlread"
)

func (p *Plan) validateSteps(report report) {
	byID := map[string]int{}
	namespaces := p.namespaces()
	for i := range p.Steps {
		s := &p.Steps[i]
		field := fmt.Sprintf("steps[%d]", i)
		switch names := s.actions(); {
		case len(names) == 0:
			report(field, "no action", "one of "+strings.Join(Actions(), ", "))
			continue
		case len(names) > 1:
			report(field, strings.Join(names, " and ")+" in one step", "one action a step")
			continue
		}
		validateID(report, field, s.ID)
		if first, twice := byID[s.ID]; twice {
			report(field+".id", fmt.Sprintf("%q is also the id of steps[%d]", s.ID, first), "ids that differ")
		} else {
			byID[s.ID] = i
		}
		p.validateWhenAndWho(report, field, s)
		s.validateAction(report, field+"."+s.Action(), namespaces)
	}
	p.validateOrder(report)
	p.validateExports(report)
}

func (p *Plan) validateWhenAndWho(report report, field string, s *Step) {
	switch {
	case s.At < 0:
		report(field+".at", s.At.String()+" is negative", yamlread.WantDuration)
	case s.At >= p.Safety:
		report(field+".at", formatDuration(s.At)+" is not within the safety phase", "less than "+formatDuration(p.Safety))
	}
	switch {
	case len(validation.IsDNS1123Label(s.User)) > 0:
		report(field+".user", fmt.Sprintf("%q is not a name", s.User), wantLabel)
	case slices.Contains(p.World.Subjects(), s.User):
		report(field+".user", fmt.Sprintf("%q is the name of a controller", s.User), "another name")
	case slices.Contains(p.World.consumers(), s.User):
		report(field+".user", fmt.Sprintf("%q is the name of a consumer", s.User), "another name")
	}
}

func (s *Step) validateAction(report report, field string, namespaces []string) {
	if ref := s.ServiceRef(); ref != nil {
		ref.validateService(report, field, namespaces)
	}
	switch {
	case s.CreateService != nil:
		s.CreateService.validate(report, field)
	case s.UpdateService != nil:
		u := s.UpdateService
		if u.Ports == nil && u.Selector == nil {
			report(field, "changes nothing", "ports, selector or both")
		}
		validatePorts(report, field, u.Ports)
		validateSelector(report, field, u.Selector)
	case s.Apply != nil:
		s.Apply.validate(report, field, namespaces)
	case s.Patch != nil:
		s.Patch.validate(report, field, namespaces)
	case s.Delete != nil:
		s.Delete.validate(report, field, namespaces, false)
	}
}

func (r *ObjectRef) validateService(report report, field string, namespaces []string) {
	switch {
	case r.Name == "":
		report(field+".name", "missing", "the name of a Service")
	case len(validation.IsDNS1035Label(r.Name)) > 0:
		report(field+".name", fmt.Sprintf("%q cannot be the name of a Service", r.Name),
			"at most 63 lower case letters, digits and -, beginning with a letter and ending with a letter or digit")
	}
	r.validateNamespace(report, field, namespaces)
}

func (r *ObjectRef) validateNamespace(report report, field string, namespaces []string) {
	if !slices.Contains(namespaces, r.Namespace) {
		report(field+".namespace", fmt.Sprintf("this world has no namespace %q", r.Namespace), "one of "+strings.Join(namespaces, ", "))
	}
}

var serviceTypes = []string{"ClusterIP", "NodePort", "LoadBalancer"}

func (c *CreateService) validate(report report, field string) {
	switch {
	case !slices.Contains(serviceTypes, c.Type):
		report(field+".type", fmt.Sprintf("unknown type %q", c.Type), "one of "+strings.Join(serviceTypes, ", "))
	case c.Headless && c.Type != "ClusterIP":
		report(field+".headless", c.Type+" services have an address", "type ClusterIP")
	}
	validatePorts(report, field, c.Ports)
	validateSelector(report, field, c.Selector)
}

var protocols = []string{"TCP", "UDP", "SCTP"}

// validatePorts checks what the API server would refuse, so that a user is not
// left repeating a request that cannot succeed.
func validatePorts(report report, field string, ports []Port) {
	for i, p := range ports {
		field := fmt.Sprintf("%s.ports[%d]", field, i)
		if p.Port == 0 {
			report(field+".port", "missing", "1 to 65535")
		} else if len(validation.IsValidPortNum(p.Port)) > 0 {
			report(field+".port", fmt.Sprintf("%d is not a port", p.Port), "1 to 65535")
		} else if len(validation.IsValidPortNum(p.TargetPort)) > 0 {
			report(field+".targetPort", fmt.Sprintf("%d is not a port", p.TargetPort), "1 to 65535")
		}
		if !slices.Contains(protocols, p.Protocol) {
			report(field+".protocol", fmt.Sprintf("unknown protocol %q", p.Protocol), "one of "+strings.Join(protocols, ", "))
		}
		switch {
		case p.Name == "" && len(ports) > 1:
			report(field+".name", "missing", "a name for each port when there are several")
		case p.Name != "" && len(validation.IsDNS1123Label(p.Name)) > 0:
			report(field+".name", fmt.Sprintf("%q is not a name", p.Name), wantLabel)
		case slices.ContainsFunc(ports[:i], func(o Port) bool { return o.Name == p.Name }):
			report(field+".name", fmt.Sprintf("%q is there twice", p.Name), "each name once")
		}
		if slices.ContainsFunc(ports[:i], func(o Port) bool { return o.Port == p.Port && o.Protocol == p.Protocol }) {
			report(field+".port", fmt.Sprintf("%d/%s is there twice", p.Port, p.Protocol), "each port and protocol once")
		}
	}
}

func validateSelector(report report, field string, selector map[string]string) {
	for _, key := range sortedKeys(selector) {
		if len(validation.IsQualifiedName(key)) > 0 {
			report(field+".selector."+key, fmt.Sprintf("%q is not a label key", key), "a key such as app or example.com/app")
		}
		if value := selector[key]; len(validation.IsValidLabelValue(value)) > 0 {
			report(field+".selector."+key, fmt.Sprintf("%q is not a label value", value), "at most 63 letters, digits, -, _ and .")
		}
	}
}

func (m *Manifest) validate(report report, field string, namespaces []string) {
	for _, key := range []string{"apiVersion", "kind"} {
		if m.Object[key] == nil {
			report(field+"."+key, "missing", "one of "+strings.Join(manifestKinds(), ", "))
			return
		}
	}
	r, ok := m.resource()
	if !ok {
		report(field, fmt.Sprintf("this world has no kind %v %v", m.Object["apiVersion"], m.Object["kind"]),
			"one of "+strings.Join(manifestKinds(), ", "))
		return
	}
	if !isJSON(m.Object) {
		report(field, "holds a value of a Go type that YAML does not give", wantJSON)
	}
	_, namespace, name := m.identity()
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		report(field+".metadata.name", fmt.Sprintf("%q is not a name", name), "a name, as text")
	}
	switch {
	case !r.Namespaced && namespace != "":
		report(field+".metadata.namespace", r.Kind+" objects are in no namespace", "no namespace")
	case r.Namespaced && namespace != "":
		(&ObjectRef{Namespace: namespace}).validateNamespace(report, field+".metadata", namespaces)
	}
}

func (r *ResourceRef) validate(report report, field string, namespaces []string, withStatus bool) {
	found, subresource, ok := lookupResource(r.Resource)
	switch {
	case r.Resource == "":
		report(field+".resource", "missing", "one of "+strings.Join(resourceNames(withStatus), ", "))
		return
	case !ok || subresource != "" && !withStatus:
		report(field+".resource", fmt.Sprintf("this world has no resource %q", r.Resource), "one of "+strings.Join(resourceNames(withStatus), ", "))
		return
	}
	switch {
	case r.Name == "":
		report(field+".name", "missing", "the name of an object")
	case len(validation.IsDNS1123Subdomain(r.Name)) > 0:
		report(field+".name", fmt.Sprintf("%q is not a name", r.Name), "the name of an object")
	}
	switch {
	case found.Namespaced:
		r.validateNamespace(report, field, namespaces)
	case r.Namespace != "":
		report(field+".namespace", found.Resource+" are in no namespace", "no namespace")
	}
}

var patchTypes = []string{"merge", "json", "strategic"}

func (p *Patch) validate(report report, field string, namespaces []string) {
	p.ResourceRef.validate(report, field, namespaces, true)
	if !slices.Contains(patchTypes, p.Type) {
		report(field+".type", fmt.Sprintf("unknown type %q", p.Type), "one of "+strings.Join(patchTypes, ", "))
	}
	_, isList := p.Body.([]any)
	_, isObject := p.Body.(map[string]any)
	switch {
	case p.Body == nil:
		report(field+".patch", "missing", "the change")
	case p.Type == "json" && !isList:
		report(field+".patch", "a json patch is a list of operations", "a list")
	case p.Type != "json" && !isObject:
		report(field+".patch", "a "+p.Type+" patch is a part of the object", "a mapping")
	case !isJSON(p.Body):
		report(field+".patch", "holds a value of a Go type that YAML does not give", wantJSON)
	}
}

const wantJSON = "map[string]any, []any, string, int64, finite float64, bool and nil only"

// isJSON says whether v is what reading YAML or JSON gives. Only a plan made in
// Go can hold anything else.
func isJSON(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
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

// validateOrder follows the Services and ServiceExports that steps create and
// delete, in order of time. A second create, or a delete of what is not there,
// would do nothing: names overlap, or a step is missing.
func (p *Plan) validateOrder(report report) {
	order := make([]int, len(p.Steps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.Steps[a].At, p.Steps[b].At) })
	made := map[string]int{} // by which step
	for _, i := range order {
		s := &p.Steps[i]
		field := fmt.Sprintf("steps[%d].%s", i, s.Action())
		if len(s.actions()) != 1 {
			continue
		}
		if change := s.change(); change.thing != "" {
			by, exists := made[change.thing]
			switch {
			case change.makes && exists && !change.lenient:
				report(field+".name", fmt.Sprintf("%s exists already, made by steps[%d]", change.thing, by), "another name, or a step before it that deletes it")
			case !change.makes && !exists && !change.lenient:
				report(field+".name", fmt.Sprintf("%s does not exist at %s", change.thing, formatDuration(s.At)), "a step before it that creates it")
			}
			switch {
			case change.makes:
				made[change.thing] = i
			case change.removes:
				delete(made, change.thing)
			}
		}
	}
}

// validateExports: an export whose Service no step creates, before it or after,
// comes to nothing, and so does one with a wrong name. Nothing is said when a step
// could not be read, because it may be the missing one.
func (p *Plan) validateExports(report report) {
	made := map[string]bool{}
	for i := range p.Steps {
		s := &p.Steps[i]
		if len(s.actions()) != 1 || s.CreateService != nil && s.CreateService.Name == "" {
			return
		}
		if change := s.change(); change.makes {
			made[change.thing] = true
		}
	}
	namespaces := p.namespaces()
	for i := range p.Steps {
		ref := p.Steps[i].Export
		if ref == nil || ref.Name == "" || !slices.Contains(namespaces, ref.Namespace) {
			continue
		}
		if thing := serviceThing(ref); !made[thing] {
			report(fmt.Sprintf("steps[%d].export.name", i), thing+" is created by no step", "a step that creates it, or apply instead of export if it is to be missing")
		}
	}
}

func serviceThing(r *ObjectRef) string { return "service " + join(r.Namespace, r.Name) }

// change is what a step does to the existence of a Service or ServiceExport.
// lenient: it has an effect whether or not the thing exists.
type change struct {
	thing                   string
	makes, removes, lenient bool
}

func (s *Step) change() change {
	export := func(r *ObjectRef) string { return "export " + join(r.Namespace, r.Name) }
	switch {
	case s.CreateService != nil:
		return change{thing: serviceThing(&s.CreateService.ObjectRef), makes: true}
	case s.UpdateService != nil:
		return change{thing: serviceThing(&s.UpdateService.ObjectRef)}
	case s.DeleteService != nil:
		return change{thing: serviceThing(s.DeleteService), removes: true}
	case s.Export != nil:
		return change{thing: export(s.Export), makes: true}
	case s.Unexport != nil:
		return change{thing: export(s.Unexport), removes: true}
	case s.Delete != nil && s.Delete.Resource == "services":
		return change{thing: serviceThing(&s.Delete.ObjectRef), removes: true, lenient: true}
	case s.Delete != nil && s.Delete.Resource == "serviceexports":
		return change{thing: export(&s.Delete.ObjectRef), removes: true, lenient: true}
	case s.Apply != nil:
		kind, namespace, name := s.Apply.identity()
		ref := &ObjectRef{Namespace: cmp.Or(namespace, "default"), Name: name}
		switch kind {
		case "Service":
			return change{thing: serviceThing(ref), makes: true, lenient: true}
		case "ServiceExport":
			return change{thing: export(ref), makes: true, lenient: true}
		}
	}
	return change{}
}
