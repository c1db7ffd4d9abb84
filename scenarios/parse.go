package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/internal/yamlread"
	"github.com/seatrial/seatrial/sim"
)

// ParseFile reads a scenario file. Errors are those of [Parse], or say why the
// file could not be read.
func ParseFile(path string, language *Language) (Plan, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Plan{}, fmt.Errorf("reading scenario: %w", err)
	}
	return Parse(path, data, language)
}

// Parse reads a scenario in a language (nil: [Basic]), strictly: unknown fields,
// values of the wrong type or out of range, and steps or faults that could have
// no effect are errors. file is what messages call it.
//
// The error is [InvalidErrors], everything that is wrong in the order of lines,
// and the plan is then empty. Parse never panics. The plan is complete, as
// [Plan.Default] would make it. The format is described in docs/use/scenarios.md.
func Parse(file string, data []byte, language *Language) (Plan, error) {
	p, doc := parseForm(file, data, language)
	if p.Language != nil {
		p.extend(doc.ReportAt)
		p.Default()
		p.validate(doc.ReportAt)
	}
	if err := doc.Err(); err != nil {
		return Plan{}, err
	}
	return p, nil
}

// CheckForm says what is wrong with the form of a scenario file: with what
// [JSONSchema] describes, and with the text as YAML. It is [InvalidErrors], or nil.
// [Parse] looks at what values mean together as well.
func CheckForm(file string, data []byte, language *Language) error {
	_, doc := parseForm(file, data, language)
	return doc.FormErr()
}

// parseForm reads what the file says, without looking at what it means together.
func parseForm(file string, data []byte, language *Language) (Plan, *yamlread.Document) {
	if language == nil {
		language = Basic()
	}
	doc, top := yamlread.Read(file, data, yamlread.Format{
		APIVersion: APIVersion, Kind: Kind,
		Former: map[string]string{"Trial": "kind: Scenario, which has all that trials had; apply takes one file or object, delete and patch name resource and name: docs/use/scenarios.md"},
	})
	if top == nil {
		return Plan{}, doc
	}
	p := Plan{Language: language}
	planFields(language).Read(top, &p)
	var site Site
	siteFields(filepath.Dir(file)).Read(top, &site)
	top.Done()
	if !site.isEmpty() {
		p.Site = &site
	}
	return p, doc
}

// extend makes the plan's language one with the kinds of its site.
func (p *Plan) extend(report Report) {
	if p.Site == nil {
		return
	}
	if p.Language.foreign() {
		return
	}
	if extended := p.Site.language(p.Language, report); extended != nil {
		p.Language = extended
		p.Site.validate(extended.Catalog, report)
	}
	p.Site.problems = nil
}

// planFields are the fields of a scenario file, in the order in which they are written.
func planFields(l *Language) format.Object[Plan] {
	return format.Object[Plan]{
		format.Text("name", "A DNS subdomain, as Kubernetes names are.", func(p *Plan) *string { return &p.Name }).Required("a name such as calm-day"),
		format.Prose("description", "What is shown and where it comes from.", func(p *Plan) *string { return &p.Description }),
		format.Text("generator", "Version of the generator that drew the plan; for people.", func(p *Plan) *string { return &p.Generator }),
		seedField(),
		worldField(l),
		format.Positive("safety", "How long faults are in force and users act; by default 2m.", DefaultSafety, func(p *Plan) *time.Duration { return &p.Safety }),
		format.Positive("settle", "How long the world then has to come to rest; by default 2m, of programs 18m.", 0, func(p *Plan) *time.Duration { return &p.Settle }).
			OmitIf(func(p *Plan) bool { return p.Settle == p.defaultSettle() }),
		format.Positive("atRest", "When a process is restarted in a world that has come to rest; from then on it has nothing to change (rest-lasts).", 0, func(p *Plan) *time.Duration { return &p.AtRest }),
		format.ListOf("steps", "What users do.", func() format.Schema { return stepSchema(l) },
			func(o *yamlread.Object) Step { return readStep(o, l) },
			func(s *Step) *yaml.Node { return writeStep(s, l) }, func(p *Plan) *[]Step { return &p.Steps }),
		format.ListOf("faults", "What goes wrong.", ruleSchema, readRule, writeRule, func(p *Plan) *[]faults.Rule { return &p.Faults }),
		format.Custom("expect", "How runs should end, by subject.", expectSchema,
			func(o *yamlread.Object, name string, p *Plan) {
				if inner := o.Child(name); inner != nil {
					p.Expect = readExpectations(inner)
				}
			},
			func(p *Plan) *yaml.Node { return writeExpectations(p.Expect) }),
	}
}

func seedField() format.Field[Plan] {
	return format.Custom("seed", "Decides everything that is left to chance when a run names no other.",
		func() format.Schema {
			return format.Schema{"type": "integer", "minimum": 0, "maximum": uint64(1<<64 - 1)}
		},
		func(o *yamlread.Object, name string, p *Plan) {
			seed := uint64(p.Seed)
			o.Unsigned(name, "a seed", &seed)
			p.Seed = sim.Seed(seed)
		},
		func(p *Plan) *yaml.Node {
			if p.Seed == 0 {
				return nil
			}
			return format.Scalar("!!int", strconv.FormatUint(uint64(p.Seed), 10))
		})
}

var worldFields = format.Object[World]{
	format.Texts("namespaces", "Namespaces that exist from the start, beside those of every cluster.", func(w *World) *[]string { return &w.Namespaces }),
	format.Flow("apiServer", "How the cluster's API server is deployed.", format.Object[APIServer]{
		format.Count("replicas", "Front ends, each with its own watch cache; by default 1.", defaultReplicas, func(a *APIServer) *int { return &a.Replicas }),
		format.Flag("watchList", "Serve watches that begin with the current state.", func(a *APIServer) *bool { return &a.WatchList }),
		format.Positive("compactEvery", "Discard history that is older; by default never.", 0, func(a *APIServer) *time.Duration { return &a.CompactEvery }),
	}, func(w *World) *APIServer { return &w.APIServer }),
	format.Span("latency", "One-way latency of a packet; by default 1ms to 10ms.", [2]time.Duration{DefaultLatency.Min, DefaultLatency.Max},
		func(w *World) (least, most *time.Duration) { return &w.Latency.Min, &w.Latency.Max }),
	format.Texts("without", "Processes of the subject that are left out.", func(w *World) *[]string { return &w.Without }),
}

// worldField is the world with the settings of the language in it.
func worldField(l *Language) format.Field[Plan] {
	return format.Custom("world", "The make-up of the simulated cluster.",
		func() format.Schema {
			s := worldFields.Schema()
			if l.Settings != nil {
				properties := s["properties"].(format.Schema)
				for name, field := range l.Settings.schema()["properties"].(format.Schema) {
					properties[name] = field
				}
			}
			return s
		},
		func(o *yamlread.Object, name string, p *Plan) {
			world := o.Child(name)
			if world == nil {
				return
			}
			if l.Settings != nil {
				p.Settings = l.Settings.New()
				l.Settings.read(world, p.Settings)
			}
			worldFields.Read(world, &p.World)
			world.Done()
		},
		func(p *Plan) *yaml.Node {
			m := format.NewMapping()
			if l.Settings != nil && p.Settings != nil {
				m.Append(l.Settings.write(p.Settings))
			}
			m.Append(worldFields.Write(&p.World))
			if len(m.Node().Content) == 0 {
				return nil
			}
			return m.Node()
		})
}

// readExpectations reads subject: verdict, or subject: {verdict, property}.
func readExpectations(o *yamlread.Object) map[string]Expectation {
	out := map[string]Expectation{}
	for _, subject := range o.Names() {
		var e Expectation
		if o.IsMapping(subject) {
			inner := o.Child(subject)
			inner.Text("verdict", &e.Verdict)
			inner.Text("property", &e.Property)
			inner.Done()
		} else {
			o.Text(subject, &e.Verdict)
		}
		if e.Verdict != "" && !slices.Contains(Verdicts(), e.Verdict) {
			o.Doc.ReportAt(o.Field(subject)+".verdict", fmt.Sprintf("unknown verdict %q", e.Verdict), wantVerdict())
		}
		out[subject] = e
	}
	if len(out) == 0 {
		o.Report("empty", "subjects, or no field")
	}
	return out
}

func wantVerdict() string { return "one of " + strings.Join(Verdicts(), ", ") }

func writeExpectations(expect map[string]Expectation) *yaml.Node {
	if len(expect) == 0 {
		return nil
	}
	m := format.NewMapping()
	for _, subject := range SortedKeys(expect) {
		e := expect[subject]
		if e.Property == "" {
			m.Add(subject, format.Scalar("!!str", e.Verdict))
			continue
		}
		inner := format.NewMapping()
		inner.Add("verdict", format.Scalar("!!str", e.Verdict))
		inner.Add("property", format.Scalar("!!str", e.Property))
		m.Add(subject, inner.Flow().Node())
	}
	return m.Node()
}

func expectSchema() format.Schema {
	verdict := format.OneText(Verdicts()...)
	return format.Schema{"type": "object", "minProperties": 1, "additionalProperties": format.Schema{"anyOf": []any{
		verdict, format.Schema{"type": "object", "additionalProperties": false, "properties": format.Schema{"verdict": verdict, "property": format.AnyText()}},
	}}}
}
