package scenarios

import (
	"sync"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/internal/yamlread"
)

// Language is what the plans of one family of subjects can say beside what every
// plan can: settings of the world, and actions of users. A subject that needs
// nothing of its own has the language of its cluster's kinds and processes.
type Language struct {
	Name string
	// Catalog knows the kinds of objects that steps and faults may name.
	Catalog *Catalog
	// Namespaces exist in the cluster beside those of every one and of the plan.
	Namespaces []string
	// AnyNamespace: programs make namespaces, too, so that steps and faults may name
	// any.
	AnyNamespace bool
	// Processes names the processes under test, one for each replica, and the
	// others, which faults spare unless they name them. Nil: one, "controller".
	Processes func(*Plan) (underTest, others []string)
	// Programs are the names of those that are programs of their own, with a clock
	// and a life of theirs.
	Programs []string
	// Hosts are the names of servers beside the API server.
	Hosts []string
	// Webhooks are the hosts of webhooks that are known before a run.
	Webhooks []string
	// Settings is nil when the world has nothing of the language's own.
	Settings *SettingsType
	// Actions beside apply, patch, delete and do.
	Actions []ActionType
	// Do are the functions that a step can name.
	Do map[string]DoFunc
	// Validate reports what is wrong with the steps of a plan taken together. Nil: nothing is.
	Validate func(*Plan, Report)
	// Simplify lists changes that may make a plan's world smaller, for the
	// shrinker. Nil: none beside those of every world.
	Simplify func(*Plan) []func(*Plan)
}

// Basic is the language of plans that are nobody's in particular.
var Basic = sync.OnceValue(func() *Language { return &Language{Name: "basic", Catalog: Builtin()} })

// Foreign is the language of plans whose subject another process has: only their
// form is checked, and what they are about is for that process to say.
var Foreign = sync.OnceValue(func() *Language { return &Language{Name: "foreign"} })

// foreign: nothing is known of the world that plans are about.
func (l *Language) foreign() bool { return l.Catalog == nil }

// Settings are what a language adds to the world of a plan.
type Settings interface {
	Default()
	// Validate reports problems of fields as they are spelt in a file, below "world".
	Validate(Report)
	Clone() Settings
}

// SettingsType reads, writes and describes settings; its fields stand below
// "world" beside those of every plan.
type SettingsType struct {
	New    func() Settings
	read   func(*yamlread.Object, Settings)
	write  func(Settings) *format.Mapping
	schema func() format.Schema
}

// NewSettingsType makes the type of settings whose fields are those of a T. *T
// has to be [Settings].
func NewSettingsType[T any, P interface {
	*T
	Settings
}](fields format.Object[T]) *SettingsType {
	return &SettingsType{
		New:    func() Settings { return P(new(T)) },
		read:   func(o *yamlread.Object, into Settings) { fields.Read(o, (*T)(into.(P))) },
		write:  func(from Settings) *format.Mapping { return fields.Write((*T)(from.(P))) },
		schema: fields.Schema,
	}
}

// ActionType reads, writes and describes an action.
type ActionType struct {
	Name, Doc string
	Read      func(o *yamlread.Object, name string) Action
	Write     func(Action) *yaml.Node
	Schema    func() format.Schema
}

// NewActionType makes the type of an action whose fields are those of a T. *T
// has to be an [Action] of that name.
func NewActionType[T any, P interface {
	*T
	Action
}](name, doc string, fields format.Object[T]) ActionType {
	return ActionType{
		Name: name, Doc: doc, Schema: fields.Schema,
		Read: func(o *yamlread.Object, name string) Action {
			action := P(new(T))
			if inner := o.Child(name); inner != nil {
				fields.Read(inner, (*T)(action))
				inner.Done()
			}
			return action
		},
		Write: func(a Action) *yaml.Node { return fields.Write((*T)(a.(P))).Node() },
	}
}

// actionTypes are all that the language has, in the order in which messages list them.
func (l *Language) actionTypes() []ActionType {
	return append(l.Actions[:len(l.Actions):len(l.Actions)], generalActions()...)
}

func (l *Language) actionNames() []string {
	var names []string
	for _, t := range l.actionTypes() {
		names = append(names, t.Name)
	}
	return names
}
