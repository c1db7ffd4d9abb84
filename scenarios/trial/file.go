package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/seatrial/seatrial/model/cel"
	"github.com/seatrial/seatrial/scenarios/yamlread"
)

// APIVersion and Kind head every trial file.
const (
	APIVersion = "seatrial.dev/v1alpha1"
	Kind       = "Trial"
)

// ReadFile reads a trial from a YAML file: everything but the functions, which
// the caller adds (Controller or Processes). The names of other files in it are
// relative to it. The format is described in docs/own-controller.md.
//
// The error is [yamlread.InvalidErrors], everything that is wrong in the order of
// lines, manifests and CEL expressions included, or says why the file could not
// be read.
func ReadFile(path string) (Trial, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Trial{}, fmt.Errorf("reading trial: %w", err)
	}
	doc, top := yamlread.Read(path, data, yamlread.Format{APIVersion: APIVersion, Kind: Kind})
	if top == nil {
		return Trial{}, doc.Err()
	}
	tr := reader{folder: filepath.Dir(path)}.trial(top)
	if err := doc.Err(); err != nil {
		return Trial{}, err
	}
	return tr, nil
}

// reader reads trials whose names of files are relative to a folder.
type reader struct{ folder string }

func (r reader) trial(o *yamlread.Object) Trial {
	var tr Trial
	var description string // for those who read the file
	o.Text("name", &tr.Name)
	o.Text("description", &description)
	tr.Cluster = r.manifests(o, "cluster")
	tr.Objects = r.manifests(o, "objects")
	o.Objects("steps", func(step *yamlread.Object) { tr.Steps = append(tr.Steps, r.step(step)) })
	o.Objects("laws", func(law *yamlread.Object) { readLaw(law, &tr) })
	o.Texts("except", &tr.Except)
	o.Texts("ignore", &tr.Ignore)
	o.Duration("safety", &tr.Safety)
	o.Duration("settle", &tr.Settle)
	o.Done()
	return tr
}

func (r reader) step(o *yamlread.Object) Step {
	var s Step
	o.Duration("at", &s.At)
	o.Require("at", yamlread.WantDuration)
	o.Text("user", &s.User)
	s.Apply = r.manifests(o, "apply")
	s.Delete = r.manifests(o, "delete")
	if p := o.Child("patch"); p != nil {
		s.Patch = readPatch(p)
	}
	o.Done()
	if err := s.validate(24 * time.Hour); err != nil {
		o.Report(err.Error(), "")
	}
	return s
}

func readPatch(o *yamlread.Object) *Patch {
	const wantMerge = "what is to change, such as {spec: {replicas: 3}}"
	var p Patch
	o.Require("object", wantObject)
	if fields := o.JSONObject("object", wantObject); fields != nil {
		object := &unstructured.Unstructured{Object: fields}
		if field := missing(object); field != "" {
			o.Doc.ReportAt(o.Field("object."+field), "missing", wantObject)
		}
		p.Object.objects = []manifest{{object, o.Doc.Place(o.Field("object"))}}
	}
	o.Text("subresource", &p.Subresource)
	o.Require("merge", wantMerge)
	if p.Merge = o.JSONObject("merge", wantMerge); p.Merge != nil && len(p.Merge) == 0 {
		o.Wrong("merge", "empty", wantMerge)
	}
	o.Done()
	return &p
}

func readLaw(o *yamlread.Object, tr *Trial) {
	var l cel.Law
	o.Text("name", &l.Name)
	o.Text("sentence", &l.Sentence)
	o.Text("resource", &l.Resource)
	o.Text("always", &l.Always)
	o.Text("change", &l.Change)
	o.Text("eventually", &l.Eventually)
	o.Done()
	p, err := l.Property()
	if err != nil {
		o.Report(err.Error(), "")
	}
	tr.Properties = append(tr.Properties, p)
	if l.Resource != "" {
		tr.laws = append(tr.laws, lawOf{o.Doc.Place(o.Field("resource")), l.Resource})
	}
}

func (r reader) manifests(o *yamlread.Object, name string) Manifests {
	var files []string
	o.Texts(name, &files)
	var m Manifests
	for i, file := range files {
		next := Files(filepath.Join(r.folder, file))
		if next.err != nil {
			o.Doc.ReportAt(fmt.Sprintf("%s[%d]", o.Field(name), i), next.err.Error(), "")
		}
		m.objects = append(m.objects, next.objects...)
	}
	return m
}
