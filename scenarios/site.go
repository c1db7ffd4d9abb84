package scenarios

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/seatrial/seatrial/internal/format"
	"github.com/seatrial/seatrial/internal/yamlread"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/cel"
	"github.com/seatrial/seatrial/sim"
)

// Site is what a file says about a controller of its own: its programs, its cluster,
// what users work with, and its laws. Where it names no programs, whoever reads the
// file adds functions.
type Site struct {
	// Processes are programs, under test.
	Processes []SiteProcess
	// Cluster is what exists before anything starts, Objects what users work with.
	Cluster, Objects Manifests
	// StandIns are parts of a cluster that the API server alone has not; nil: none.
	StandIns sim.StandInOptions
	Laws     []SiteLaw
	// Except names generic properties that do not hold by design, Ignore what may
	// end differently than without faults, and Rename what may have other values, one to
	// one; see [model.BaselineOptions].
	Except, Ignore, Rename []string
	Known                  []Known

	problems []siteProblem
}

// siteProblem is what is wrong with the meaning of something in a file, found while
// its form is read.
type siteProblem struct{ field, problem string }

// SiteLaw is a law in CEL, and where it stands.
type SiteLaw struct {
	cel.Law
	place string
}

var lawFields = format.Object[SiteLaw]{
	format.Text("name", "Name of the law.", func(l *SiteLaw) *string { return &l.Name }),
	format.Text("sentence", "What must hold, in a sentence.", func(l *SiteLaw) *string { return &l.Sentence }),
	format.Text("resource", "Plural name, with its group after a dot, of the objects it is about.", func(l *SiteLaw) *string { return &l.Resource }),
	format.Text("always", "CEL: true of each object at every commit.", func(l *SiteLaw) *string { return &l.Always }),
	format.Text("change", "CEL: true of each change of an object.", func(l *SiteLaw) *string { return &l.Change }),
	format.Text("eventually", "CEL: true of each object at the end.", func(l *SiteLaw) *string { return &l.Eventually }),
}

var knownFields = format.Object[Known]{
	format.Text("signature", "The failure as messages show it, or the beginning of it.", func(k *Known) *string { return &k.Signature }).Required("what a failure's message shows as its signature"),
	format.Text("reason", "Why it is not looked into.", func(k *Known) *string { return &k.Reason }).Required("why it is not looked into, such as an issue's address"),
}

// siteFields are those of a site, at the top of a file beside those of a plan.
// folder is where the files that it names are.
func siteFields(folder string) format.Object[Site] {
	return format.Object[Site]{
		processesField(folder),
		manifestsField("cluster", "Objects that exist before anything starts: files, or the objects themselves.", folder, func(s *Site) *Manifests { return &s.Cluster }),
		manifestsField("objects", "Objects that users work with: files, or the objects themselves.", folder, func(s *Site) *Manifests { return &s.Objects }),
		standInsField(),
		format.ListOf("laws", "What must hold of this controller, beside the generic laws.", lawFields.Schema, readLaw,
			func(l *SiteLaw) *yaml.Node { return lawFields.Write(l).Node() }, func(s *Site) *[]SiteLaw { return &s.Laws }),
		format.Texts("except", "Generic laws that do not hold by design.", func(s *Site) *[]string { return &s.Except }),
		format.Texts("ignore", "What may end differently than without faults: RESOURCE or RESOURCE: PATH.", func(s *Site) *[]string { return &s.Ignore }),
		format.Texts("rename", "Fields whose values may end as others than without faults, one to one, such as addresses that are given out: RESOURCE: PATH.", func(s *Site) *[]string { return &s.Rename }),
		format.List("known", "Failures that are known and not looked into.", knownFields, func(s *Site) *[]Known { return &s.Known }),
	}
}

func readLaw(o *yamlread.Object) SiteLaw {
	var l SiteLaw
	lawFields.Read(o, &l)
	o.Done()
	l.place = o.Doc.Place(o.Field("resource"))
	return l
}

// manifestsField is a list of file names and objects.
func manifestsField(name, doc, folder string, at func(*Site) *Manifests) format.Field[Site] {
	const want = "the name of a file, or an object with apiVersion, kind and metadata.name"
	return format.Custom(name, doc,
		func() format.Schema {
			return format.Schema{"type": "array", "minItems": 1, "items": format.Schema{"anyOf": []any{
				format.AnyText(), format.AnyObject(),
			}}}
		},
		func(o *yamlread.Object, name string, s *Site) {
			o.List(name, func(n *yaml.Node, path string) {
				var next Manifests
				switch {
				case n.Kind == yaml.MappingNode:
					next.document(o.Doc.Place(path), n)
				case yamlread.IsText(n) && n.Value != "":
					next = named(folder, n.Value)
				default:
					o.Doc.Report(n, path, yamlread.Describe(n)+" is no manifest", want)
				}
				for i := range next.objects {
					next.objects[i].field, next.objects[i].elsewhere = path, n.Kind == yaml.ScalarNode
				}
				if next.err != nil {
					// Where it stands is told with the problem.
					s.problems = append(s.problems, siteProblem{path, strings.TrimPrefix(next.err.Error(), o.Doc.Place(path)+": ")})
					next.err = nil
				}
				*at(s) = at(s).And(next)
			})
		},
		func(s *Site) *yaml.Node {
			manifests := at(s)
			if len(manifests.objects) == 0 {
				return nil
			}
			list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
			for _, object := range manifests.objects {
				list.Content = append(list.Content, format.JSONNode(object.Object))
			}
			return list
		})
}

// named are the manifests that a file in a folder names: others beside it, or those of a
// module of the module proxy.
func named(folder, name string) Manifests {
	if module, _ := splitPublished(name); module != "" && !filepath.IsAbs(name) {
		return publishedFiles(name)
	}
	return Files(from(folder, name))
}

// from is a name in a file that lies in a folder.
func from(folder, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(folder, name)
}

// isEmpty: the file says nothing about a controller of its own.
func (s *Site) isEmpty() bool {
	return s.Cluster.Empty() && s.Objects.Empty() && s.StandIns == nil && len(s.Processes)+len(s.Laws)+len(s.Except)+len(s.Ignore)+len(s.Rename)+len(s.Known)+len(s.problems) == 0
}

// Properties are the laws of the site's own.
func (s *Site) Properties() []model.Property {
	var all []model.Property
	for _, l := range s.Laws {
		if p, err := l.Property(); err == nil { // it was told when the file was read
			all = append(all, p)
		}
	}
	return all
}

// Has says whether a property is one of the site's laws.
func (s *Site) Has(p model.Property) bool {
	return slices.ContainsFunc(s.Laws, func(l SiteLaw) bool { return l.Name == p.Name })
}

// language is a base language with the kinds of the site's cluster; nil when they
// make no catalog.
func (s *Site) language(base *Language, report Report) *Language {
	var crds []*apiextensionsv1.CustomResourceDefinition
	var others []Manifest
	for _, object := range s.Cluster.objects {
		if object.Object["kind"] != definitionKind {
			others = append(others, object.Manifest)
			continue
		}
		crd, err := object.definition()
		if err != nil {
			report(object.field, err.Error(), "")
			return nil
		}
		crds = append(crds, crd)
	}
	definitions := slices.Clone(base.Catalog.Definitions)
	for _, crd := range crds {
		// What a subject was made of may stand in the plans of its runs as well.
		if !slices.ContainsFunc(base.Catalog.Definitions, func(d *apiextensionsv1.CustomResourceDefinition) bool { return d.Name == crd.Name }) {
			definitions = append(definitions, crd)
		}
	}
	catalog, err := NewCatalog(definitions...)
	if err != nil {
		report("cluster", err.Error(), "")
		return nil
	}
	l := *base
	l.Catalog = catalog
	l.Webhooks = s.webhookHosts()
	if l.Processes == nil && len(s.Processes) > 0 {
		l.Programs = s.processNames()
		l.Processes = func(*Plan) (underTest, others []string) { return s.processNames(), s.standInNames() }
	}
	for i := range others {
		if kind, _, name := others[i].Identity(); kind == "Namespace" {
			l.Namespaces = append(slices.Clone(l.Namespaces), name)
		}
	}
	return &l
}

// validate reports objects and laws that are about kinds the cluster has not, and
// laws that are none.
func (s *Site) validate(catalog *Catalog, report Report) {
	for _, problem := range s.problems {
		report(problem.field, problem.problem, "")
	}
	s.validateProcesses(report)
	s.validateStandIns(report)
	for _, m := range []Manifests{s.Cluster, s.Objects} {
		for i := range m.objects {
			object := &m.objects[i]
			if _, ok := object.Resource(catalog); ok {
				continue
			}
			head := fmt.Sprintf("%v %v", object.Object["apiVersion"], object.Object["kind"])
			report(object.field, object.from()+"this world has no kind "+head, closest(head, catalog.Manifests(), wantKinds))
		}
	}
	for i := range s.Laws {
		law, field := &s.Laws[i], fmt.Sprintf("laws[%d]", i)
		if law.Resource != "" && !catalog.Serves(law.Resource) {
			report(field+".resource", fmt.Sprintf("this world has no resource %q", law.Resource), closest(law.Resource, catalog.groupResources(), wantGroupResource))
		}
		if _, err := law.Property(); err != nil {
			report(field, strings.Join(strings.Fields(err.Error()), " "), "")
		}
	}
}

// CheckLaws says which laws are about kinds that a cluster has not.
func (s *Site) CheckLaws(catalog *Catalog) error {
	var errs []error
	for _, law := range s.Laws {
		if law.Resource != "" && !catalog.Serves(law.Resource) {
			errs = append(errs, fmt.Errorf("%s: resource: %s", law.place, catalog.noResource(law.Resource)))
		}
	}
	return errors.Join(errs...)
}

// CheckKinds says which objects are of kinds that a cluster has not.
func (m Manifests) CheckKinds(catalog *Catalog) error {
	var errs []error
	for _, object := range m.objects {
		if _, ok := object.Resource(catalog); !ok {
			kind, _, _ := object.Identity()
			errs = append(errs, fmt.Errorf("%s: kind: the cluster has no %s of %v (want a built-in kind, or its CustomResourceDefinition in Cluster)", object.place, kind, object.Object["apiVersion"]))
		}
	}
	return errors.Join(errs...)
}
