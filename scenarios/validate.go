package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/internal/yamlread"
)

// Validate checks a plan that was made or changed in Go as [Parse] checks one
// that was read. The plan must be complete ([Plan.Default]). The error is
// [InvalidErrors], without file and lines.
func (p *Plan) Validate() error {
	var errs InvalidErrors
	p.validate(func(field, problem, want string) {
		errs = append(errs, &InvalidError{Field: field, Problem: problem, Want: want})
	})
	return errs.OrNil()
}

// Report takes one problem of a field, as a path from the top of the plan.
type Report func(field, problem, want string)

// longest is the longest safety phase and settling time: long enough for any
// controller's slowest resync, short enough that a typing error does not take
// a night to run.
const longest = 24 * time.Hour

const longestName = 100

func (p *Plan) validate(report Report) {
	switch {
	case p.Name == "":
		report("name", "missing", "a name such as calm-day")
	case len(p.Name) > longestName || len(validation.IsDNS1123Subdomain(p.Name)) > 0:
		report("name", fmt.Sprintf("%q is not a name", p.Name),
			fmt.Sprintf("at most %d lower case letters, digits, - and ., beginning and ending with a letter or digit", longestName))
	}
	if p.Settings != nil {
		p.Settings.Validate(report)
	}
	p.World.validate(report)
	validatePhase(report, "safety", p.Safety)
	validatePhase(report, "settle", p.Settle)
	p.validateSteps(report)
	p.validateFaults(report)
	p.validateExpect(report)
}

func validatePhase(report Report, field string, d time.Duration) {
	if d <= 0 || d > longest {
		report(field, format.FormatDuration(d)+" is out of range", "more than 0s and at most "+format.FormatDuration(longest))
	}
}

// MostReplicas is the most of anything that a world can have. It guards against
// typing errors; nothing in the simulation depends on it.
const MostReplicas = 5

// AtMost reports a number that is not in [1, most].
func (report Report) AtMost(field string, n, most int) {
	if n < 1 || n > most {
		report(field, fmt.Sprintf("%d is out of range", n), fmt.Sprintf("1 to %d", most))
	}
}

// builtinNamespaces exist in every cluster.
var builtinNamespaces = []string{"default", "kube-system"}

func (w *World) validate(report Report) {
	for i, name := range w.Namespaces {
		field := fmt.Sprintf("world.namespaces[%d]", i)
		switch {
		case len(validation.IsDNS1123Label(name)) > 0:
			report(field, fmt.Sprintf("%q is not a namespace", name), WantLabel)
		case slices.Contains(builtinNamespaces, name):
			report(field, fmt.Sprintf("%q exists in every world", name), "another name")
		case slices.Contains(w.Namespaces[:i], name):
			report(field, fmt.Sprintf("%q is there twice", name), "each namespace once")
		}
	}
	report.AtMost("world.apiServer.replicas", w.APIServer.Replicas, MostReplicas)
	if w.APIServer.CompactEvery < 0 {
		report("world.apiServer.compactEvery", w.APIServer.CompactEvery.String()+" is negative", yamlread.WantDuration)
	}
	switch l := w.Latency; {
	case l.Min < 0:
		report("world.latency.min", l.Min.String()+" is negative", yamlread.WantDuration)
	case l.Max < l.Min:
		report("world.latency.max", fmt.Sprintf("%s is less than min, %s", l.Max, l.Min), "at least min")
	case l.Max == 0:
		report("world.latency.max", "0s is too short", "more than 0s: nothing travels at once")
	}
}

// WantLabel is what messages say that a DNS label should be.
const WantLabel = "at most 63 lower case letters, digits and -, beginning and ending with a letter or digit"

// Namespaces are all that exist at some time: those of every cluster, those
// the plan lists and those its steps create.
func (p *Plan) Namespaces() []string {
	out := slices.Concat(builtinNamespaces, p.World.Namespaces)
	if p.Language != nil {
		out = append(out, p.Language.Namespaces...)
	}
	for i := range p.Steps {
		if a, ok := p.Steps[i].Action.(*Apply); ok {
			if kind, _, name := a.Identity(); kind == "Namespace" && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// faultWorld is what the plan's rules can be aimed at.
func (p *Plan) faultWorld() faults.World {
	w := faults.World{Namespaces: p.Namespaces(), Clears: p.Safety, Replicas: p.World.APIServer.Replicas}
	if w.Unknown = p.Language.foreign(); w.Unknown {
		return w
	}
	underTest, others := p.processes()
	w.Subjects, w.Users, w.Resources = underTest, slices.Concat(p.Users(), others), p.Language.Catalog.targets()
	w.Programs, w.Hosts, w.Webhooks = p.Language.Programs, p.Language.Hosts, p.Language.Webhooks
	w.Suggest = p.Language.Catalog.suggestTarget
	return w
}

func (p *Plan) validateFaults(report Report) {
	world := p.faultWorld()
	byID := map[string]int{}
	for i := range p.Faults {
		r := &p.Faults[i]
		field := fmt.Sprintf("faults[%d]", i)
		for _, problem := range r.Validate(world) {
			if problem.Field == faults.FieldNamespace && p.Language.AnyNamespace {
				continue
			}
			report(field+"."+problem.Field, problem.Problem, problem.Want)
		}
		if _, known := faults.Lookup(r.Kind); !known {
			continue
		}
		validateID(report, field, r.ID)
		if first, twice := byID[r.ID]; twice {
			report(field+".id", fmt.Sprintf("%q is also the id of faults[%d], so both would decide alike", r.ID, first), "ids that differ")
		} else {
			byID[r.ID] = i
		}
		if r.RestartAfter < 0 && r.RestartAfter != restartNever {
			report(field+".restartAfter", r.RestartAfter.String()+" is negative", wantRestart)
		}
		if certain := !slices.Contains(faults.Fields(r.Kind, r.When), faults.FieldProbability); certain && r.Probability != 1 {
			report(field+".probability", fmt.Sprintf("a %s is not a matter of chance", r.Kind), "no probability")
		}
	}
}

var idPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9.:_-]*[a-z0-9])?$`)

const longestID = 253

func validateID(report Report, field, id string) {
	if len(id) > longestID || !idPattern.MatchString(id) {
		report(field+".id", fmt.Sprintf("%q is not an id", id),
			fmt.Sprintf("at most %d lower case letters, digits, -, _, : and ., beginning and ending with a letter or digit", longestID))
	}
}

var (
	subjectPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./_-]*$`)
	propertyPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
)

func (p *Plan) validateExpect(report Report) {
	for _, subject := range SortedKeys(p.Expect) {
		field, e := "expect."+subject, p.Expect[subject]
		if !subjectPattern.MatchString(subject) {
			report(field, fmt.Sprintf("%q is not a subject", subject), "the name of a subject: letters, digits, ., -, _ and /")
		}
		switch {
		case e.Verdict == "":
			report(field+".verdict", "missing", wantVerdict())
		case !slices.Contains(Verdicts(), e.Verdict):
			report(field+".verdict", fmt.Sprintf("unknown verdict %q", e.Verdict), wantVerdict())
		case e.Property != "" && e.Verdict != "safety" && e.Verdict != "liveness":
			report(field+".property", fmt.Sprintf("verdict %s names no property", e.Verdict), "safety or liveness as verdict, or no property")
		case e.Property != "" && !propertyPattern.MatchString(e.Property):
			report(field+".property", fmt.Sprintf("%q is not a property", e.Property), "a name such as no-free-while-exported")
		}
	}
}

// SortedKeys are the keys of a map in order.
func SortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
