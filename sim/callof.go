package sim

import (
	"net/http"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// CallOf reads off a request, whose body is given, what it asks for, as the calls
// of a simulated run are read: for those who record a run elsewhere. Who made it,
// when, and what came of it is left to them.
func CallOf(r *http.Request, body []byte) model.Call {
	info := parseRequest(r, body)
	return model.Call{
		Verb: info.verb, Group: info.group, Version: info.version, Resource: info.resource,
		Subresource: info.subresource, Namespace: info.namespace, Name: info.name,
		Query: r.URL.RawQuery, RequestType: r.Header.Get("Content-Type"), Request: body,
	}
}

// FaultCall is what fault rules see of a call: its identity, without the count of its
// like and the time.
func FaultCall(c *model.Call) faults.Call {
	return faults.Call{
		Process: c.Process, User: c.User, Verb: c.Verb, Resource: c.ResourcePath(), Namespace: c.Namespace, Name: c.Name,
	}
}

// Outcome says what the client of a call can know about its effect from the
// status code of the answer; 0 stands for none.
func Outcome(code int) model.Outcome {
	if code == 0 {
		return model.Unknown
	}
	return outcomeOf(code, nil)
}
