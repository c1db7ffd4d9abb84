package scenarios

import (
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// SubjectCalls lists what the processes under test called, in order, each with
// the identity by which a rule can be aimed at that very call.
func SubjectCalls(h *model.History) []faults.Call {
	type identity struct{ process, verb, resource, namespace, name string }
	times := map[identity]int{}
	var out []faults.Call
	for i := range h.Calls {
		c := &h.Calls[i]
		if c.User {
			continue
		}
		resource := c.ResourcePath()
		id := identity{c.Process, c.Verb, resource, c.Namespace, c.Name}
		times[id]++
		out = append(out, faults.Call{
			Process: c.Process, Verb: c.Verb, Resource: resource,
			Namespace: c.Namespace, Name: c.Name, Nth: times[id], At: c.Called,
		})
	}
	return out
}

// IsDiscovery tells a call for no resource from others: what stands in the
// resource's place is the path, and rules do not strike it.
func IsDiscovery(resource string) bool { return resource == "" || resource[0] == '/' }
