package cel

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/seatrial/seatrial/model"
)

// Law is an expression and when it has to be true: exactly one of Always, Change
// and Eventually is given.
//
// What an expression may name:
//
//	object     an object of Resource, as JSON shows it
//	oldObject  in Change: the same before the commit, null when it was created
//	objects    all objects of Resource, in order of namespace and name
//	cluster    all objects by resource: cluster["deployments.apps"]; a resource
//	           without objects is not there, so ask with `in` or has first
//
// An expression that names object is evaluated once per object of Resource; one
// that does not, once. In Change, object is null when the commit deleted it. Functions are those of the CEL
// standard library and of cel-go's strings, lists, sets, math and optional
// extensions. A field that is not there is an error, as always in CEL; has()
// and orValue() are the remedy.
type Law struct {
	Name     string // kebab-case
	Sentence string // for people; default: the expression
	Resource string // as kubectl names it: "pods", "deployments.apps"

	Always     string // true after every commit
	Change     string // true of every commit to an object of Resource
	Eventually string // true at the end of the run
}

// Property compiles the law. The error names the field and the place in the
// expression, and says what the expression may name.
func (l Law) Property() (model.Property, error) {
	field, source, err := l.given()
	if err != nil {
		return model.Property{}, err
	}
	p, err := compile(source)
	if err != nil {
		return model.Property{}, fmt.Errorf("%s: %w", field, err)
	}
	if (p.perObject || p.perResource || field == "change") && l.Resource == "" {
		return model.Property{}, fmt.Errorf("resource: missing (want the plural and group of the objects that the expression is about, such as deployments.apps)")
	}
	p.law, p.source = l, source
	sentence := cmp.Or(l.Sentence, source)
	switch field {
	case "always":
		return model.Always(l.Name, sentence, p.holds), nil
	case "eventually":
		return model.Eventually(l.Name, sentence, p.holds), nil
	}
	return model.EveryChange(l.Name, sentence, p.permits), nil
}

func (l Law) given() (field, source string, err error) {
	given := 0
	for _, f := range []struct{ name, source string }{{"always", l.Always}, {"change", l.Change}, {"eventually", l.Eventually}} {
		if f.source != "" {
			given++
			field, source = f.name, f.source
		}
	}
	switch {
	case l.Name == "":
		return "", "", errors.New("name: missing (want one in kebab-case)")
	case given != 1:
		return "", "", fmt.Errorf("%d expressions (want exactly one of always, change and eventually)", given)
	}
	return field, source, nil
}

// program is a compiled expression.
type program struct {
	cel.Program
	law    Law
	source string
	// what the expression names
	perObject, perResource, whole bool
}

func compile(source string) (*program, error) {
	env, err := cel.NewEnv(
		cel.OptionalTypes(), ext.Strings(), ext.Lists(), ext.Sets(), ext.Math(),
		cel.Variable("object", cel.DynType), cel.Variable("oldObject", cel.DynType),
		cel.Variable("objects", cel.ListType(cel.DynType)),
		cel.Variable("cluster", cel.MapType(cel.StringType, cel.ListType(cel.DynType))),
	)
	if err != nil {
		panic(fmt.Sprintf("cel: the environment is broken: %v", err))
	}
	ast, issues := env.Compile(source)
	if issues.Err() != nil {
		return nil, fmt.Errorf("%w (it may name object, oldObject, objects and cluster)", issues.Err())
	}
	if ast.OutputType() != cel.BoolType && ast.OutputType() != cel.DynType {
		return nil, fmt.Errorf("%q is a %s (want true or false)", source, ast.OutputType())
	}
	compiled, err := env.Program(ast)
	if err != nil {
		return nil, err
	}
	p := &program{Program: compiled}
	for _, ref := range ast.NativeRep().ReferenceMap() {
		switch ref.Name {
		case "object", "oldObject":
			p.perObject = true
		case "objects":
			p.perResource = true
		case "cluster":
			p.whole = true
		}
	}
	return p, nil
}

// holds is the law over a state.
func (p *program) holds(s *model.State) error {
	input := p.input(s)
	if !p.perObject {
		return p.ask(input, "")
	}
	for _, object := range s.List(p.law.Resource) {
		fields := fieldsOf(object)
		input["object"] = fields
		if err := p.ask(input, nameOf(fields)); err != nil {
			return err
		}
	}
	return nil
}

// permits is the law over a change.
func (p *program) permits(c model.Transition) error {
	if c.Name == "" || resourceOf(c) != p.law.Resource {
		return nil
	}
	input := p.input(c.Before)
	input["object"], input["oldObject"] = fieldsOf(c.New), fieldsOf(c.Old)
	name := c.Name
	if c.Namespace != "" {
		name = c.Namespace + "/" + c.Name
	}
	return p.ask(input, name)
}

func resourceOf(c model.Transition) string {
	if c.Group == "" {
		return c.Resource
	}
	return c.Resource + "." + c.Group
}

func (p *program) input(s *model.State) map[string]any {
	input := map[string]any{"object": nil, "oldObject": nil, "objects": []any{}, "cluster": map[string]any{}}
	if p.perResource {
		input["objects"] = all(s, p.law.Resource)
	}
	if p.whole {
		cluster := map[string]any{}
		for _, resource := range s.Resources() {
			cluster[resource] = all(s, resource)
		}
		input["cluster"] = cluster
	}
	return input
}

func all(s *model.State, resource string) []any {
	list := s.List(resource)
	out := make([]any, len(list))
	for i, object := range list {
		out[i] = fieldsOf(object)
	}
	return out
}

// ask evaluates the expression. What cannot be evaluated is not true.
func (p *program) ask(input map[string]any, of string) error {
	if of != "" {
		of = p.law.Resource + " " + of + ": "
	}
	value, _, err := p.Eval(input)
	switch {
	case err != nil:
		return fmt.Errorf("%s%s cannot be evaluated: %w", of, p.source, err)
	case value.Value() != true:
		return fmt.Errorf("%snot true: %s", of, p.source)
	}
	return nil
}

func fieldsOf(object runtime.Object) any {
	if object == nil || reflect.ValueOf(object).IsNil() {
		return nil
	}
	if custom, ok := object.(*unstructured.Unstructured); ok {
		return custom.Object
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		panic(fmt.Sprintf("cel: %T has no JSON form: %v", object, err))
	}
	return fields
}

func nameOf(fields any) string {
	object := unstructured.Unstructured{Object: fields.(map[string]any)}
	if object.GetNamespace() == "" {
		return object.GetName()
	}
	return object.GetNamespace() + "/" + object.GetName()
}
