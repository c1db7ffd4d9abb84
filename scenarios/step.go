package scenarios

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial/internal/format"
)

// Step is one action of a user at a time.
//
// A user performs its steps one after the other in order of At (steps of one
// time in the order of the file) and repeats each until it has taken effect, as
// a person would. Users act independently of each other.
type Step struct {
	// ID tells steps apart. Default: user, action, object and time.
	ID     string
	At     time.Duration
	User   string // default "user"
	Action Action
}

// Action is what a step does. The general ones are [Apply], [Patch], [Delete]
// and [Do]; a [Language] may have more.
type Action interface {
	// Type is the action's name, as scenario files spell it.
	Type() string
	// Object names what the action is about: namespace/name, with the resource or
	// kind in front when the action does not imply it.
	Object() string
	// Default gives the fields that are at their zero values their defaults.
	Default(*Catalog)
	// Validate reports what is wrong; field is where the action stands.
	Validate(report Report, field string, scope Scope)
	// Perform does it once. Nil means that it has taken effect, now or, when an
	// earlier answer was lost, before; [ErrNothingToDo] that there is nothing (any
	// more) that it could have an effect on.
	Perform(context.Context, *Actor) error
	Clone() Action
}

// Maker is an [Action] that makes an object.
type Maker interface {
	Action
	// Makes is the object's resource, as steps name it, and its name.
	Makes(*Catalog) ResourceRef
}

// Scope is what actions are validated in.
type Scope struct {
	Catalog    *Catalog
	Namespaces []string
	// AnyNamespace: others than those may come to be.
	AnyNamespace bool
	Do           map[string]DoFunc
}

// Actor is a user at work.
type Actor struct {
	Name    string
	REST    *rest.Config
	Client  dynamic.Interface
	Catalog *Catalog
	do      map[string]DoFunc
	deleted types.UID // what the step deleted that is under way, and waits for
}

// On is where the objects of a resource are.
func (a *Actor) On(r Resource, namespace string) dynamic.ResourceInterface {
	if !r.Namespaced {
		return a.Client.Resource(r.GroupVersionResource)
	}
	return a.Client.Resource(r.GroupVersionResource).Namespace(namespace)
}

// By is the step as another user's.
func (s Step) By(user string) Step {
	s.User = user
	return s
}

func (s *Step) setDefaults(c *Catalog) {
	if s.User == "" {
		s.User = DefaultUser
	}
	if s.Action != nil {
		s.Action.Default(c)
	}
	if s.ID == "" {
		s.ID = s.contentID()
	}
}

// NameTwins gives steps that would share an ID, because the same user does the
// same thing twice at the same millisecond, IDs that differ.
func NameTwins(steps []Step) {
	seen := map[string]int{}
	for i := range steps {
		id := steps[i].ID
		if seen[id]++; seen[id] > 1 {
			steps[i].ID = fmt.Sprintf("%s-again-%d", id, seen[id])
		}
	}
}

// ActionType is the name of what the step does, and empty when it does nothing.
func (s *Step) ActionType() string {
	if s.Action == nil {
		return ""
	}
	return s.Action.Type()
}

// Object names what the step acts on.
func (s *Step) Object() string {
	if s.Action == nil {
		return ""
	}
	return s.Action.Object()
}

// JoinName is namespace/name, or name alone for what is in no namespace.
func JoinName(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// String is one line for people: "12s alice export shop/web".
func (s *Step) String() string {
	return fmt.Sprintf("%s %s %s %s", format.FormatDuration(s.At), s.User, s.ActionType(), s.Object())
}

// contentID makes an ID of what the step is rather than of where it stands, so
// that it stays when other steps come and go.
func (s *Step) contentID() string {
	words := strings.FieldsFunc(strings.ToLower(s.String()), func(r rune) bool { return r == ' ' || r == '/' })
	if s.User == DefaultUser && len(words) > 1 {
		words = append(words[:1], words[2:]...)
	}
	return strings.Join(append(words[1:], words[0]), "-")
}
