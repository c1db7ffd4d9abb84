package explain

import (
	"bytes"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
)

// resource is what lists and watches are about.
type resource struct{ group, name string }

// knowledge is what an incarnation had last been told of an object: up to which
// revision its changes, when, and by what.
type knowledge struct {
	revision uint64
	at       time.Duration
	by       *model.Call
}

// knows says what an incarnation had been told of an object before an event. A
// list counts for all that it covers, up to the revision it was made at. With cached
// only lists and watch events count, of which caches are made. Found is false for one
// that never asked: what it does not look at it cannot be late in.
func (x *run) knows(who string, seq uint64, of *model.Commit, cached bool) (k knowledge, found bool) {
	for _, i := range x.before(who, seq) {
		if cached && i.call != nil && i.frame == nil && i.call.Verb != "list" {
			continue
		}
		revision, about := tells(i, of)
		if !about {
			continue
		}
		found = true
		if revision >= k.revision {
			k = knowledge{revision, i.at, i.call}
		}
	}
	return k, found
}

// tells is the revision up to which an input tells of an object.
func tells(i input, of *model.Commit) (revision uint64, about bool) {
	c := i.call
	if c == nil || i.ends || c.Resource != of.Resource || c.Group != of.Group {
		return 0, false
	}
	covers := c.Namespace == "" || c.Namespace == of.Namespace
	switch {
	case i.frame != nil:
		about = covers && (i.frame.Type == "BOOKMARK" || i.frame.Namespace == of.Namespace && i.frame.Name == of.Name)
		return i.frame.Revision, about
	case c.Verb == "watch" || c.Outcome != model.OK && c.Code != 404:
		return 0, false
	case c.Verb == "list":
		return revisionIn(c.Response), covers && c.Code == 200
	case c.Subresource != "" && c.Subresource != "status":
		return 0, false
	case c.Namespace != of.Namespace || c.Name != of.Name:
		return 0, false
	case c.Code == 404:
		// It is gone: what was changed before the request arrived is known.
		if of.At <= c.Arrived {
			return of.Revision, true
		}
		return 0, true
	}
	return revisionIn(c.Response), true
}

// revisionIn reads metadata.resourceVersion of an object or list as it went over
// the wire; 0 when it has none or cannot be read.
func revisionIn(body []byte) uint64 {
	var named struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
	}
	if raw, ok := bytes.CutPrefix(body, []byte("k8s\x00")); ok {
		// Objects and lists alike have their metadata in the first field.
		var unknown runtime.Unknown
		if unknown.Unmarshal(raw) != nil {
			return 0
		}
		var object metav1.PartialObjectMetadata
		var list metav1.PartialObjectMetadataList
		if strings.HasSuffix(unknown.Kind, "List") {
			_ = list.Unmarshal(unknown.Raw) // items are of another type; the metadata comes first
			named.Metadata.ResourceVersion = list.ResourceVersion
		} else if object.Unmarshal(unknown.Raw) == nil {
			named.Metadata.ResourceVersion = object.ResourceVersion
		}
	} else if json.Unmarshal(body, &named) != nil {
		return 0
	}
	revision, err := strconv.ParseUint(named.Metadata.ResourceVersion, 10, 64)
	if err != nil {
		return 0
	}
	return revision
}

// concerns is what a decision is about: the names that it and the message of the
// verdict speak of. Objects that belong together mostly share a name, and those
// that do not are named by the message.
type concerns map[string]bool

// about collects the names of the changed object, of every object that the message
// names, and of what refers to one of those by an owner reference, a label or an
// annotation.
func (x *run) about(object, message string) concerns {
	out := concerns{}
	for name := range x.Named(message) {
		out[name] = true
	}
	if object != "" {
		out[object] = true
	}
	words := said(message)
	for i := range x.Commits {
		if c := &x.Commits[i]; words[c.Name] {
			out[keyOf(c.Namespace, c.Name)] = true
		}
	}
	named := maps.Clone(out)
	for i := range x.Commits {
		c := &x.Commits[i]
		if key := keyOf(c.Namespace, c.Name); !out[key] && (refersTo(c, named) || namedAfter(key, named)) {
			out[key] = true
		}
	}
	// Siblings are made of one name: that of the object whose they are.
	named = maps.Clone(out)
	for i := range x.Commits {
		if key := keyOf(x.Commits[i].Namespace, x.Commits[i].Name); !out[key] && namedAfter(key, named) {
			out[key] = true
		}
	}
	return out
}

// said are the words of a message.
func said(message string) map[string]bool {
	out := map[string]bool{}
	for _, word := range strings.FieldsFunc(message, func(r rune) bool { return strings.ContainsRune(" ,;:()\"'=", r) }) {
		out[strings.TrimRight(word, ".")] = true
	}
	return out
}

// namedAfter tells whether an object has a name that is made of one of the names, such as
// web-x7k2q or shop-web of shop/web, or one of those is made of its.
func namedAfter(object string, names concerns) bool {
	for name := range names {
		if madeOf(object, name) || madeOf(name, object) {
			return true
		}
	}
	return false
}

// refersTo tells whether an object's metadata name one of the names.
func refersTo(c *model.Commit, names concerns) bool {
	if c.New == nil {
		return false
	}
	object, err := meta.Accessor(c.New)
	if err != nil {
		return false
	}
	says := func(value string) bool { return value != "" && (names[value] || names[keyOf(c.Namespace, value)]) }
	for _, owner := range object.GetOwnerReferences() {
		if says(owner.Name) {
			return true
		}
	}
	for _, pairs := range []map[string]string{object.GetLabels(), object.GetAnnotations()} {
		for _, value := range pairs {
			if says(value) {
				return true
			}
		}
	}
	return false
}

// madeOf tells whether an object's name, as namespace/name, is made of another's: it
// begins with it and a dash in the same namespace, or has the namespace before it.
func madeOf(object, of string) bool {
	namespace, name, _ := strings.Cut(object, "/")
	ownNamespace, own, ok := strings.Cut(of, "/")
	if !ok || name == "" {
		return false
	}
	full := ownNamespace + "-" + own
	return namespace == ownNamespace && strings.HasPrefix(name, own+"-") || name == full || strings.HasPrefix(name, full+"-")
}

// call tells whether a call is about one of the names.
func (c concerns) call(call *model.Call) bool {
	return call != nil && call.Name != "" && c[keyOf(call.Namespace, call.Name)]
}

// input tells whether what was handed over is about one of the names.
func (c concerns) input(i input) bool {
	if i.frame != nil {
		return c[keyOf(i.frame.Namespace, i.frame.Name)]
	}
	return c.call(i.call)
}
