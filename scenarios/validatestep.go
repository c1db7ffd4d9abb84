package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/internal/yamlread"
)

func (p *Plan) validateSteps(report Report) {
	byID := map[string]int{}
	scope := Scope{Catalog: p.Language.Catalog, Namespaces: p.Namespaces(), AnyNamespace: p.Language.AnyNamespace, Do: p.Language.Do}
	names := p.Language.actionNames()
	for i := range p.Steps {
		s := &p.Steps[i]
		field := fmt.Sprintf("steps[%d]", i)
		if s.Action == nil || !slices.Contains(names, s.ActionType()) {
			report(field, "no action", "one of "+strings.Join(names, ", "))
			continue
		}
		validateID(report, field, s.ID)
		if first, twice := byID[s.ID]; twice {
			report(field+".id", fmt.Sprintf("%q is also the id of steps[%d]", s.ID, first), "ids that differ")
		} else {
			byID[s.ID] = i
		}
		p.validateWhenAndWho(report, field, s)
		if p.Language.foreign() {
			continue
		}
		s.Action.Validate(report, field+"."+s.ActionType(), scope)
	}
	if p.Language.Validate != nil {
		p.Language.Validate(p, report)
	}
}

func (p *Plan) validateWhenAndWho(report Report, field string, s *Step) {
	switch {
	case s.At < 0:
		report(field+".at", s.At.String()+" is negative", yamlread.WantDuration)
	case s.At >= p.Safety:
		report(field+".at", format.FormatDuration(s.At)+" is not within the safety phase", "less than "+format.FormatDuration(p.Safety))
	}
	underTest, others := p.processes()
	switch {
	case len(validation.IsDNS1123Label(s.User)) > 0:
		report(field+".user", fmt.Sprintf("%q is not a name", s.User), WantLabel)
	case slices.Contains(underTest, s.User):
		report(field+".user", fmt.Sprintf("%q is the name of a controller", s.User), "another name")
	case slices.Contains(others, s.User) || s.User == SetUpUser:
		report(field+".user", fmt.Sprintf("%q is the name of another process", s.User), "another name")
	}
}
