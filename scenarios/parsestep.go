package scenarios

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/internal/yamlread"
)

// stepFields are the fields of a step beside its action.
var stepFields = format.Object[Step]{
	format.Moment("at", "When it is done, since the start.", func(s *Step) *time.Duration { return &s.At }).Required(yamlread.WantDuration),
	format.Text("id", "Tells steps apart; by default made from what the step says.", func(s *Step) *string { return &s.ID }).
		OmitIf(func(s *Step) bool { return s.ID == s.contentID() }),
	format.TextOr("user", "Who does it; by default user.", DefaultUser, func(s *Step) *string { return &s.User }),
}

func readStep(o *yamlread.Object, l *Language) Step {
	var s Step
	stepFields.Read(o, &s)
	var found []string
	for _, t := range l.actionTypes() {
		if !o.Has(t.Name) {
			o.Value(t.Name) // known, and absent
			continue
		}
		if found = append(found, t.Name); len(found) == 1 {
			s.Action = t.Read(o, t.Name)
		} else {
			o.Value(t.Name)
		}
	}
	o.Done() // a misspelt action is told as that, and not as none
	switch len(found) {
	case 0:
		o.Report("no action", "one of "+strings.Join(l.actionNames(), ", "))
	case 1:
	default:
		o.Report(strings.Join(found, " and ")+" in one step", "one action a step")
		s.Action = nil
	}
	return s
}

func writeStep(s *Step, l *Language) *yaml.Node {
	m := stepFields.Write(s)
	types := l.actionTypes()
	if i := slices.IndexFunc(types, func(t ActionType) bool { return t.Name == s.ActionType() }); i >= 0 {
		m.Add(types[i].Name, types[i].Write(s.Action))
	}
	return m.Node()
}

func stepSchema(l *Language) format.Schema {
	s := stepFields.Schema()
	properties := s["properties"].(format.Schema)
	var one []any
	for _, t := range l.actionTypes() {
		action := t.Schema()
		action["description"] = t.Doc
		properties[t.Name] = action
		one = append(one, format.Schema{"required": []any{t.Name}})
	}
	s["oneOf"] = one
	return s
}
