package trial

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/model/cel"
)

// APIVersion and Kind head every trial file.
const (
	APIVersion = "seatrial.dev/v1alpha1"
	Kind       = "Trial"
)

// file is a trial as YAML: all of it but the functions.
type file struct {
	APIVersion  string    `yaml:"apiVersion"`
	Kind        string    `yaml:"kind"`
	Name        string    `yaml:"name"`
	Description string    `yaml:"description"`
	Cluster     []string  `yaml:"cluster"`
	Objects     []string  `yaml:"objects"`
	Steps       []fileAct `yaml:"steps"`
	Laws        []fileLaw `yaml:"laws"`
	Except      []string  `yaml:"except"`
	Ignore      []string  `yaml:"ignore"`
	Safety      string    `yaml:"safety"`
	Settle      string    `yaml:"settle"`
}

type fileAct struct {
	At     string     `yaml:"at"`
	User   string     `yaml:"user"`
	Apply  []string   `yaml:"apply"`
	Delete []string   `yaml:"delete"`
	Patch  *filePatch `yaml:"patch"`
}

type filePatch struct {
	Object      yaml.Node      `yaml:"object"`
	Subresource string         `yaml:"subresource"`
	Merge       map[string]any `yaml:"merge"`
}

type fileLaw struct {
	Name       string `yaml:"name"`
	Sentence   string `yaml:"sentence"`
	Resource   string `yaml:"resource"`
	Always     string `yaml:"always"`
	Change     string `yaml:"change"`
	Eventually string `yaml:"eventually"`
}

// ReadFile reads a trial from a YAML file: everything but the functions, which
// the caller adds (Controller or Processes). The names of other files in it are
// relative to it. The format is described in docs/own-controller.md.
//
// The error names the file, and the line and field of everything that is wrong,
// manifests and CEL expressions included.
func ReadFile(path string) (Trial, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Trial{}, fmt.Errorf("reading trial: %w", err)
	}
	r := reader{path: path, lines: map[string]int{}}
	f := r.read(data)
	if len(r.errs) > 0 {
		return Trial{}, errors.Join(r.errs...)
	}
	tr := r.trial(f)
	if err := errors.Join(r.errs...); err != nil {
		return Trial{}, err
	}
	return tr, nil
}

func (r *reader) trial(f *file) Trial {
	if f.APIVersion != APIVersion || f.Kind != Kind {
		r.wrong("apiVersion", "apiVersion %q, kind %q (want %s and %s)", f.APIVersion, f.Kind, APIVersion, Kind)
	}
	tr := Trial{
		Name: f.Name, Except: f.Except, Ignore: f.Ignore,
		Cluster: r.manifests("cluster", f.Cluster), Objects: r.manifests("objects", f.Objects),
		Safety: r.duration("safety", f.Safety), Settle: r.duration("settle", f.Settle),
	}
	for i := range f.Steps {
		tr.Steps = append(tr.Steps, r.step(fmt.Sprintf("steps[%d]", i), &f.Steps[i]))
	}
	for i := range f.Laws {
		l := &f.Laws[i]
		p, err := cel.Law{Name: l.Name, Sentence: l.Sentence, Resource: l.Resource, Always: l.Always, Change: l.Change, Eventually: l.Eventually}.Property()
		field := fmt.Sprintf("laws[%d]", i)
		if err != nil {
			r.wrong(field, "%s: %w", field, err)
		}
		tr.Properties = append(tr.Properties, p)
		if l.Resource != "" {
			tr.laws = append(tr.laws, lawOf{r.at(field + ".resource"), l.Resource})
		}
	}
	return tr
}

func (r *reader) step(field string, a *fileAct) Step {
	before := len(r.errs)
	s := Step{
		At: r.duration(field+".at", a.At), User: a.User,
		Apply: r.manifests(field+".apply", a.Apply), Delete: r.manifests(field+".delete", a.Delete),
	}
	if a.At == "" {
		r.wrong(field, "%s.at: missing (want a time such as 5s)", field)
	}
	if a.Patch != nil {
		s.Patch = r.patch(field+".patch", a.Patch)
	}
	if len(r.errs) > before {
		return s // what is wrong with the whole may only follow from that
	}
	if err := s.validate(24 * time.Hour); err != nil {
		r.wrong(field, "%s: %w", field, err)
	}
	return s
}

func (r *reader) patch(field string, p *filePatch) *Patch {
	text, err := yaml.Marshal(&p.Object)
	if err != nil {
		r.wrong(field, "%s.object: %w", field, err)
	}
	object := parseManifests(fmt.Sprintf("%s: %s.object", r.at(field), field), text)
	if object.err != nil {
		r.errs = append(r.errs, object.err)
	}
	if len(p.Merge) == 0 {
		r.wrong(field, "%s.merge: missing (want what is to change, such as {spec: {replicas: 3}})", field)
		return nil
	}
	return &Patch{Object: object, Subresource: p.Subresource, Merge: wholeNumbers(p.Merge).(map[string]any)}
}

func (r *reader) duration(field, text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		r.wrong(field, "%s: %q is no time (want one such as 90s or 2m)", field, text)
	}
	return d
}

func (r *reader) manifests(field string, names []string) Manifests {
	var m Manifests
	for i, name := range names {
		next := Files(filepath.Join(filepath.Dir(r.path), name))
		if next.err != nil {
			r.wrong(fmt.Sprintf("%s[%d]", field, i), "%w", next.err)
		}
		m = m.And(next)
	}
	m.err = nil
	return m
}
