package globalingressip

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/scenarios"
)

// Validate implements [scenarios.Action].
func (c *CreateService) Validate(report scenarios.Report, field string, scope scenarios.Scope) {
	validateService(&c.ObjectRef, report, field, scope)
	switch {
	case !slices.Contains(serviceTypes, c.Kind):
		report(field+".type", fmt.Sprintf("unknown type %q", c.Kind), "one of "+strings.Join(serviceTypes, ", "))
	case c.Headless && c.Kind != "ClusterIP":
		report(field+".headless", c.Kind+" services have an address", "type ClusterIP")
	}
	validatePorts(report, field, c.Ports)
	validateSelector(report, field, c.Selector)
}

// Validate implements [scenarios.Action].
func (u *UpdateService) Validate(report scenarios.Report, field string, scope scenarios.Scope) {
	validateService(&u.ObjectRef, report, field, scope)
	if u.Ports == nil && u.Selector == nil {
		report(field, "changes nothing", "ports, selector or both")
	}
	validatePorts(report, field, u.Ports)
	validateSelector(report, field, u.Selector)
}

// Validate implements [scenarios.Action].
func (d *DeleteService) Validate(report scenarios.Report, field string, scope scenarios.Scope) {
	validateService(&d.ObjectRef, report, field, scope)
}

// Validate implements [scenarios.Action].
func (e *Export) Validate(report scenarios.Report, field string, scope scenarios.Scope) {
	validateService(&e.ObjectRef, report, field, scope)
}

// Validate implements [scenarios.Action].
func (u *Unexport) Validate(report scenarios.Report, field string, scope scenarios.Scope) {
	validateService(&u.ObjectRef, report, field, scope)
}

func validateService(r *scenarios.ObjectRef, report scenarios.Report, field string, scope scenarios.Scope) {
	switch {
	case r.Name == "":
		report(field+".name", "missing", "the name of a Service")
	case len(validation.IsDNS1035Label(r.Name)) > 0:
		report(field+".name", fmt.Sprintf("%q cannot be the name of a Service", r.Name),
			"at most 63 lower case letters, digits and -, beginning with a letter and ending with a letter or digit")
	}
	r.ValidateNamespace(report, field, scope)
}

var serviceTypes = []string{"ClusterIP", "NodePort", "LoadBalancer"}

var protocols = []string{"TCP", "UDP", "SCTP"}

// validatePorts checks what the API server would refuse, so that a user is not
// left repeating a request that cannot succeed.
func validatePorts(report scenarios.Report, field string, ports []Port) {
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
			report(field+".name", fmt.Sprintf("%q is not a name", p.Name), scenarios.WantLabel)
		case slices.ContainsFunc(ports[:i], func(o Port) bool { return o.Name == p.Name }):
			report(field+".name", fmt.Sprintf("%q is there twice", p.Name), "each name once")
		}
		if slices.ContainsFunc(ports[:i], func(o Port) bool { return o.Port == p.Port && o.Protocol == p.Protocol }) {
			report(field+".port", fmt.Sprintf("%d/%s is there twice", p.Port, p.Protocol), "each port and protocol once")
		}
	}
}

func validateSelector(report scenarios.Report, field string, selector map[string]string) {
	for _, key := range scenarios.SortedKeys(selector) {
		if len(validation.IsQualifiedName(key)) > 0 {
			report(field+".selector."+key, fmt.Sprintf("%q is not a label key", key), "a key such as app or example.com/app")
		}
		if value := selector[key]; len(validation.IsValidLabelValue(value)) > 0 {
			report(field+".selector."+key, fmt.Sprintf("%q is not a label value", value), "at most 63 letters, digits, -, _ and .")
		}
	}
}

// validateOrder follows the Services and ServiceExports that steps create and
// delete, in order of time. A second create, or a delete of what is not there,
// would do nothing: names overlap, or a step is missing.
func validateOrder(p *scenarios.Plan, report scenarios.Report) {
	order := make([]int, len(p.Steps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.Steps[a].At, p.Steps[b].At) })
	made := map[string]int{} // by which step
	for _, i := range order {
		s := &p.Steps[i]
		field := fmt.Sprintf("steps[%d].%s", i, s.ActionType())
		if change := changeOf(s.Action); change.thing != "" {
			by, exists := made[change.thing]
			switch {
			case change.makes && exists && !change.lenient:
				report(field+".name", fmt.Sprintf("%s exists already, made by steps[%d]", change.thing, by), "another name, or a step before it that deletes it")
			case !change.makes && !exists && !change.lenient:
				report(field+".name", fmt.Sprintf("%s does not exist at %s", change.thing, format.FormatDuration(s.At)), "a step before it that creates it")
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
func validateExports(p *scenarios.Plan, report scenarios.Report) {
	made := map[string]bool{}
	for i := range p.Steps {
		s := &p.Steps[i]
		if c, ok := s.Action.(*CreateService); s.Action == nil || ok && c.Name == "" {
			return
		}
		if change := changeOf(s.Action); change.makes {
			made[change.thing] = true
		}
	}
	namespaces := p.Namespaces()
	for i := range p.Steps {
		ref, ok := p.Steps[i].Action.(*Export)
		if !ok || ref.Name == "" || !slices.Contains(namespaces, ref.Namespace) {
			continue
		}
		if thing := serviceThing(ref.ObjectRef); !made[thing] {
			report(fmt.Sprintf("steps[%d].export.name", i), thing+" is created by no step", "a step that creates it, or apply instead of export if it is to be missing")
		}
	}
}

func serviceThing(r scenarios.ObjectRef) string { return "service " + object(r) }

func exportThing(r scenarios.ObjectRef) string { return "export " + object(r) }

// change is what a step does to the existence of a Service or ServiceExport.
// lenient: it has an effect whether or not the thing exists.
type change struct {
	thing                   string
	makes, removes, lenient bool
}

func changeOf(a scenarios.Action) change {
	switch a := a.(type) {
	case *CreateService:
		return change{thing: serviceThing(a.ObjectRef), makes: true}
	case *UpdateService:
		return change{thing: serviceThing(a.ObjectRef)}
	case *DeleteService:
		return change{thing: serviceThing(a.ObjectRef), removes: true}
	case *Export:
		return change{thing: exportThing(a.ObjectRef), makes: true}
	case *Unexport:
		return change{thing: exportThing(a.ObjectRef), removes: true}
	case *scenarios.Delete:
		switch a.Resource {
		case "services":
			return change{thing: serviceThing(a.ObjectRef), removes: true, lenient: true}
		case "serviceexports":
			return change{thing: exportThing(a.ObjectRef), removes: true, lenient: true}
		}
	case *scenarios.Apply:
		kind, namespace, name := a.Identity()
		ref := scenarios.ObjectRef{Namespace: cmp.Or(namespace, "default"), Name: name}
		switch kind {
		case "Service":
			return change{thing: serviceThing(ref), makes: true, lenient: true}
		case "ServiceExport":
			return change{thing: exportThing(ref), makes: true, lenient: true}
		}
	}
	return change{}
}
