package globalnet

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"

	"github.com/seatrial/seatrial/model"
	"k8s.io/apimachinery/pkg/types"
)

// effect is one thing that a call did, or may have done, as its client knows it.
type effect struct {
	kind    effectKind
	owner   owner
	ips     []string // that the owner has by this effect from then on; for a claim exactly one
	on      bool     // for service and export: it is there
	user    bool     // not a subject's doing
	tampers bool     // a user took what was the controller's to give back
	forges  bool     // a user wrote an IP onto what a subject had made
	late    bool     // a GlobalIngressIP was made for a Service that is no more
	unknown bool     // may have happened, at any time since the call
	call    *model.Call
}

type effectKind uint8

const (
	effectService effectKind = iota // the service exists and is of the right type, or not
	effectExport                    // it is exported, or not
	effectBorn                      // a GlobalIngressIP was created
	effectDeleted                   // a GlobalIngressIP's deletion was requested
	effectPublish                   // its status now has these IPs (one or none), and no others
	effectRoute                     // the internal Service now has these external IPs, and no others
	effectClaim                     // an IPAddress of this name was created
	effectUnclaim                   // it was deleted, whoever had it
)

// effects reads the calls of a history, in the order in which they were made.
// err names the first successful answer that could not be read.
//
// What cannot be seen at the client's edge: what the server does of its own
// accord. Garbage collection follows ownerReferences, and the removal of a
// namespace empties it. So once an object with ownerReferences was seen, every
// deletion in its namespace may take it along (an unknown effect), and deleting
// a namespace, or a collection, may take everything in it.
func effects(h *model.History) ([]effect, error) {
	reader := effectReader{made: map[owner]bool{}, uids: map[owner]types.UID{}, routes: map[owner]owner{}, dependants: map[string][]effect{}}
	for i := range h.Calls {
		call := &h.Calls[i]
		if !call.Writes() || call.Outcome == model.Failed && call.ReturnSeq != 0 {
			continue
		}
		if err := reader.read(call); err != nil {
			return nil, fmt.Errorf("%s: %w", call, err)
		}
	}
	return reader.effects, nil
}

type effectReader struct {
	effects []effect
	made    map[owner]bool      // a subject made the GlobalIngressIP, or one of its name before
	uids    map[owner]types.UID // of Services, as last heard of
	routes  map[owner]owner     // internal Service, by its own name, to whom it serves
	// dependants are the effects that garbage collection in a namespace would make.
	dependants map[string][]effect
}

func (r *effectReader) read(call *model.Call) error {
	switch {
	case call.Verb == "deletecollection" || call.Group == "" && call.Resource == namespaceResource && call.Verb == "delete":
		r.emptied(call)
		return nil
	case call.Group == ingressIPGroup && call.Resource == ingressIPResource:
		return r.ingressIP(call)
	case call.Group == "" && call.Resource == serviceResource:
		return r.service(call)
	case call.Group == exportGroup && call.Resource == exportResource:
		r.export(call)
	case call.Group == claimGroup && call.Resource == claimResource:
		return r.claim(call)
	}
	return nil
}

func (r *effectReader) add(call *model.Call, f effect) {
	f.call, f.user, f.unknown = call, f.user || call.User, f.unknown || call.Unknown()
	if f.owner == "" {
		f.owner = ownerOf(call.Namespace, call.Name)
	}
	r.effects = append(r.effects, f)
}

// object reads the answer, or the request when there is no answer to rely on.
func bodyOf(c *model.Call) (*body, error) {
	if c.Unknown() {
		return readBody(c.Request)
	}
	return readBody(c.Response)
}

// mentions spares decoding a body that cannot matter.
func mentions(c *model.Call, word string) bool {
	return bytes.Contains(c.Response, []byte(word)) || c.Unknown() && bytes.Contains(c.Request, []byte(word))
}

func (r *effectReader) ingressIP(call *model.Call) error {
	if mentions(call, "ownerReferences") {
		r.dependent(call.Namespace, effect{kind: effectPublish, owner: ownerOf(call.Namespace, call.Name)})
	}
	switch {
	case call.Subresource == "status":
		return r.status(call)
	case call.Verb == "create" || call.Code == http.StatusCreated: // apply creates, too
		return r.born(call)
	case call.Verb == "delete":
		return r.deletion(call)
	case call.Unknown() && mentions(call, "finalizers"):
		r.add(call, effect{kind: effectPublish, tampers: call.User})
	case mentions(call, "deletionTimestamp"):
		object, err := bodyOf(call)
		if err != nil {
			return err
		}
		if !object.terminating() {
			r.add(call, effect{kind: effectPublish, tampers: call.User})
		}
	}
	return nil
}

func (r *effectReader) born(call *model.Call) error {
	key := ownerOf(call.Namespace, call.Name)
	r.made[key] = r.made[key] || !call.User
	object, err := bodyOf(call)
	if err != nil {
		return err
	}
	meant, known := types.UID(object.Metadata.Annotations[serviceUIDNote]), r.uids[key]
	r.add(call, effect{kind: effectBorn, late: meant != "" && known != "" && meant != known})
	return nil
}

func (r *effectReader) status(call *model.Call) error {
	var ips []string
	if call.Unknown() {
		ip, touched := requestedIP(call)
		if !touched {
			return nil
		}
		ips = oneOrNone(ip)
	} else {
		ip, err := answeredIP(call.Response)
		if err != nil {
			return err
		}
		ips = oneOrNone(ip)
	}
	forges := call.User && r.made[ownerOf(call.Namespace, call.Name)]
	r.add(call, effect{kind: effectPublish, ips: ips, tampers: call.User, forges: forges})
	return nil
}

func oneOrNone(ip string) []string {
	if ip == "" {
		return nil
	}
	return []string{ip}
}

// deletion reads a DELETE of a GlobalIngressIP: the object comes back when
// finalizers keep it, a Status when it is gone.
func (r *effectReader) deletion(call *model.Call) error {
	r.add(call, effect{kind: effectDeleted})
	if !call.Unknown() {
		object, err := bodyOf(call)
		if err != nil {
			return err
		}
		if object.terminating() {
			return nil
		}
	}
	r.add(call, effect{kind: effectPublish})
	r.collected(call)
	return nil
}

func (r *effectReader) service(call *model.Call) error {
	key := ownerOf(call.Namespace, call.Name)
	if call.Verb == "delete" {
		defer r.collected(call)
	}
	object, err := bodyOf(call)
	if call.Unknown() && (err != nil || call.Verb == "delete" || call.Verb == "patch") {
		object, err = nil, nil // the request does not tell the object
	}
	if err != nil {
		return err
	}
	of, internal := r.routes[key]
	if object != nil && object.Kind != "Status" && object.Metadata.Labels[exportedRefLabel] != "" {
		of, internal = ownerOf(call.Namespace, object.Metadata.Labels[exportedRefLabel]), true
		r.routes[key] = of
	}
	if internal {
		r.route(call, of, object)
		return nil
	}
	if object != nil && object.Kind != "Status" && object.Metadata.UID != "" {
		r.uids[key] = object.Metadata.UID
	}
	exists := call.Verb != "delete" && object != nil && object.exportable()
	// A patch with unknown outcome may have changed the type.
	r.add(call, effect{kind: effectService, on: exists})
	return nil
}

func (r *effectReader) route(call *model.Call, of owner, object *body) {
	f := effect{kind: effectRoute, owner: of, tampers: call.User, forges: call.User && r.made[of]}
	if mentions(call, "ownerReferences") {
		r.dependent(call.Namespace, effect{kind: effectRoute, owner: of})
	}
	gone := object == nil || object.Kind == "Status" || call.Verb == "delete" && !object.terminating() ||
		object.Metadata.DeletionTimestamp != "" && len(object.Metadata.Finalizers) == 0
	if !gone {
		f.ips = object.Spec.ExternalIPs
	}
	r.add(call, f)
}

func (r *effectReader) export(call *model.Call) {
	switch call.Verb {
	case "create":
		r.add(call, effect{kind: effectExport, on: true})
	case "delete":
		r.add(call, effect{kind: effectExport})
		r.collected(call)
	}
}

func (r *effectReader) claim(call *model.Call) error {
	if call.Verb == "delete" {
		if !call.Unknown() && mentions(call, "deletionTimestamp") {
			if object, err := bodyOf(call); err != nil || object.terminating() {
				return err
			}
		}
		r.add(call, effect{kind: effectUnclaim, ips: []string{call.Name}, tampers: call.User})
		return nil
	}
	if call.Verb != "create" {
		return nil // spec.parentRef is immutable
	}
	object, err := bodyOf(call)
	if err != nil {
		return err
	}
	of, _ := claimOwner(object.Spec.ParentRef)
	r.add(call, effect{kind: effectClaim, owner: of, ips: []string{call.Name}})
	return nil
}

// dependent remembers what garbage collection may do in a namespace.
func (r *effectReader) dependent(namespace string, f effect) {
	f.user, f.unknown = true, true
	known := slices.ContainsFunc(r.dependants[namespace], func(other effect) bool {
		return other.kind == f.kind && other.owner == f.owner
	})
	if !known {
		r.dependants[namespace] = append(r.dependants[namespace], f)
	}
}

// collected adds what garbage collection may do after a deletion.
func (r *effectReader) collected(call *model.Call) {
	for _, f := range r.dependants[call.Namespace] {
		r.add(call, f)
	}
}

// emptied adds what the deletion of a namespace or a collection may do: to any
// object in it, at any time since.
func (r *effectReader) emptied(call *model.Call) {
	namespace, all := call.Namespace, call.Resource == namespaceResource
	if all {
		namespace = call.Name
	}
	prefix := owner(namespace + "/")
	seen := map[owner]bool{}
	for _, f := range slices.Clone(r.effects) {
		if !within(f.owner, prefix) || seen[f.owner] {
			continue
		}
		seen[f.owner] = true
		if all || call.Group == exportGroup && call.Resource == exportResource {
			r.add(call, effect{kind: effectExport, owner: f.owner, unknown: true})
		}
		if all || call.Group == "" && call.Resource == serviceResource {
			r.add(call, effect{kind: effectService, owner: f.owner, unknown: true})
			r.add(call, effect{kind: effectRoute, owner: f.owner, unknown: true})
		}
		if all || call.Group == ingressIPGroup && call.Resource == ingressIPResource {
			r.add(call, effect{kind: effectDeleted, owner: f.owner, unknown: true})
			r.add(call, effect{kind: effectPublish, owner: f.owner, unknown: true})
		}
	}
	if call.Group == claimGroup && call.Resource == claimResource {
		for _, f := range slices.Clone(r.effects) {
			if f.kind == effectClaim {
				r.add(call, effect{kind: effectUnclaim, owner: f.owner, ips: f.ips, unknown: true})
			}
		}
	}
}

func within(who, prefix owner) bool {
	return len(who) > len(prefix) && who[:len(prefix)] == prefix
}
