package model

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
)

// permitted is about the roles that a controller ships with. A call that they do not
// allow is answered 403, in every run alike, so no comparison with a run without faults
// shows it. Roles may come after the process does: a call of the kind that is allowed
// later excuses the ones before it. What is refused for another reason (a quota, a
// webhook, a namespace that is going) is none of this law's.
func permitted() Property {
	return Property{
		Name:     "permitted",
		Sentence: "A process with a service account asks for nothing that its roles do not allow, or not once they are there.",
		Source:   "Kubernetes documentation: RBAC good practices; what a role lacks shows first in production",
		Class:    ClassSafety,
		Check:    checkPermitted,
	}
}

// permission is what a rule of a role may allow.
type permission struct{ process, verb, group, resource, subresource, namespace string }

func checkPermitted(h *History) Result {
	refused := map[permission]*Call{} // the first
	var inOrder []permission
	for i := range h.Calls {
		call := &h.Calls[i]
		if call.User || call.Host != "" {
			continue
		}
		p := permission{call.Process, call.Verb, call.Group, call.Resource, call.Subresource, call.Namespace}
		switch first := refused[p]; {
		case call.forbidden() && first == nil:
			refused[p] = call
			inOrder = append(inOrder, p)
		case call.Outcome == OK && first != nil:
			refused[p] = nil
		}
	}
	for _, p := range inOrder {
		if call := refused[p]; call != nil {
			return Breach(fmt.Sprintf("the roles of %s do not allow it to %s %s: %s", call.Process, call.Verb, resourceText(call), call),
				Culprit{Seq: call.CallSeq, At: call.Called, CallID: call.ID, Text: call.String()})
		}
	}
	return Holds()
}

// forbidden: RBAC has refused the call, as the text of its Status says in any encoding.
func (c *Call) forbidden() bool {
	return c.Code == http.StatusForbidden && bytes.Contains(c.Response, []byte("forbidden: User "))
}

// resourceText is the resource as a rule has it, with where the call was about it.
func resourceText(c *Call) string {
	text := c.ResourcePath()
	if c.Group != "" {
		text += "." + c.Group
	}
	if c.Namespace == "" {
		return strings.TrimSpace(text + " in all namespaces")
	}
	return text + " in namespace " + c.Namespace
}
