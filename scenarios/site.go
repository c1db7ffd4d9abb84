package scenarios

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/cel"
	"github.com/seatrial/seatrial/scenarios/format"
	"github.com/seatrial/seatrial/scenarios/yamlread"
)

// Site is what a file says about a controller of its own: its cluster, what users
// work with, and its laws. The programs are added by whoever reads the file.
type Site struct {
	// Cluster is what exists before anything starts, Objects what users work with.
	Cluster, Objects Manifests
	Laws             []SiteLaw
	// Except names generic properties that do not hold by design, Ignore what may
	// end differently than without faults; see [model.BaselineOptions].
	Except, Ignore []string
	Known          []Known
}

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
		manifestsField("cluster", "Objects that exist before anything starts: files, or the objects themselves.", folder, func(s *Site) *Manifests { return &s.Cluster }),
		manifestsField("objects", "Objects that users work with: files, or the objects themselves.", folder, func(s *Site) *Manifests { return &s.Objects }),
		format.ListOf("laws", "What must hold of this controller, beside the generic laws.", lawFields.Schema, readLaw,
			func(l *SiteLaw) *yaml.Node { return lawFields.Write(l).Node() }, func(s *Site) *[]SiteLaw { return &s.Laws }),
		format.Texts("except", "Generic laws that do not hold by design.", func(s *Site) *[]string { return &s.Except }),
		format.Texts("ignore", "What may end differently than without faults: RESOURCE or RESOURCE: PATH.", func(s *Site) *[]string { return &s.Ignore }),
		format.List("known", "Failures that are known and not looked into.", knownFields, func(s *Site) *[]Known { return &s.Known }),
	}
}

func readLaw(o *yamlread.Object) SiteLaw {
	var l SiteLaw
	lawFields.Read(o, &l)
	o.Done()
	if _, err := l.Property(); err != nil {
		o.Report(err.Error(), "")
	}
	l.place = o.Doc.Place(o.Field("resource"))
	return l
}

// manifestsField is a list of file names and objects.
func manifestsField(name, doc, folder string, at func(*Site) *Manifests) format.Field[Site] {
	const want = "the name of a file, or an object with apiVersion, kind and metadata.name"
	return format.Custom(name, doc,
		func() format.Schema {
			return format.Schema{"type": "array", "minItems": 1, "items": format.Schema{"anyOf": []any{
				format.Schema{"type": "string", "minLength": 1}, format.AnyObject(),
			}}}
		},
		func(o *yamlread.Object, name string, s *Site) {
			o.List(name, func(n *yaml.Node, path string) {
				var next Manifests
				switch {
				case n.Kind == yaml.MappingNode:
					next.document(o.Doc.Place(path), n)
				case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && n.Value != "":
					next = Files(filepath.Join(folder, n.Value))
				default:
					o.Doc.Report(n, path, yamlread.Describe(n)+" is neither", want)
				}
				if next.err != nil {
					o.Doc.Report(n, path, next.err.Error(), "")
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

// isEmpty: the file says nothing about a controller of its own.
func (s *Site) isEmpty() bool {
	return s.Cluster.Empty() && s.Objects.Empty() && len(s.Laws)+len(s.Except)+len(s.Ignore)+len(s.Known) == 0
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

// language is a base language with the kinds of the site's cluster.
func (s *Site) language(base *Language) (*Language, error) {
	crds, others, err := s.Cluster.Definitions()
	if err != nil {
		return nil, err
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
		return nil, err
	}
	l := *base
	l.Catalog = catalog
	for i := range others {
		if kind, _, name := others[i].Identity(); kind == "Namespace" {
			l.Namespaces = append(slices.Clone(l.Namespaces), name)
		}
	}
	return &l, s.check(catalog)
}

// check says which objects and laws are about kinds that the cluster has not.
func (s *Site) check(catalog *Catalog) error {
	var errs []error
	for _, m := range []Manifests{s.Cluster, s.Objects} {
		errs = append(errs, m.CheckKinds(catalog))
	}
	return errors.Join(append(errs, s.CheckLaws(catalog))...)
}

// CheckLaws says which laws are about kinds that a cluster has not.
func (s *Site) CheckLaws(catalog *Catalog) error {
	var errs []error
	for _, law := range s.Laws {
		if _, ok := catalog.registry.GroupResource(schema.ParseGroupResource(law.Resource)); !ok && law.Resource != "" {
			errs = append(errs, fmt.Errorf("%s: resource: the cluster has no %s (want plural and group, such as deployments.apps, of a built-in kind or of a definition in Cluster)", law.place, law.Resource))
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
