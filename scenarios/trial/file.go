package trial

import (
	"bytes"
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
	line   int
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
	line       int
}

// UnmarshalYAML implements [yaml.Unmarshaler]; it remembers the line.
func (a *fileAct) UnmarshalYAML(n *yaml.Node) error {
	type plain fileAct
	a.line = n.Line
	return strictly(n, (*plain)(a))
}

// UnmarshalYAML implements [yaml.Unmarshaler]; it remembers the line.
func (l *fileLaw) UnmarshalYAML(n *yaml.Node) error {
	type plain fileLaw
	l.line = n.Line
	return strictly(n, (*plain)(l))
}

// strictly refuses unknown fields, which a decoder forgets to do below a type
// with an UnmarshalYAML of its own.
func strictly(n *yaml.Node, into any) error {
	known := map[string]bool{}
	text, err := yaml.Marshal(into)
	if err != nil {
		return err
	}
	fields := map[string]any{}
	if err := yaml.Unmarshal(text, &fields); err != nil {
		return err
	}
	for name := range fields {
		known[name] = true
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if key := n.Content[i]; !known[key.Value] {
			return fmt.Errorf("line %d: unknown field %q", key.Line, key.Value)
		}
	}
	return n.Decode(into)
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
	var f file
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil {
		return Trial{}, fmt.Errorf("%s: %w", path, err)
	}
	r := reader{path: path}
	tr := r.trial(&f)
	if err := errors.Join(r.errs...); err != nil {
		return Trial{}, err
	}
	return tr, nil
}

// reader collects what is wrong with a file.
type reader struct {
	path string
	errs []error
}

func (r *reader) wrong(line int, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %w", r.path, line, fmt.Errorf(format, args...)))
}

func (r *reader) trial(f *file) Trial {
	if f.APIVersion != APIVersion || f.Kind != Kind {
		r.wrong(1, "apiVersion %q, kind %q (want %s and %s)", f.APIVersion, f.Kind, APIVersion, Kind)
	}
	tr := Trial{
		Name: f.Name, Except: f.Except, Ignore: f.Ignore,
		Cluster: r.manifests(1, f.Cluster), Objects: r.manifests(1, f.Objects),
		Safety: r.duration(1, "safety", f.Safety), Settle: r.duration(1, "settle", f.Settle),
	}
	for i := range f.Steps {
		tr.Steps = append(tr.Steps, r.step(&f.Steps[i]))
	}
	for i := range f.Laws {
		l := &f.Laws[i]
		p, err := cel.Law{Name: l.Name, Sentence: l.Sentence, Resource: l.Resource, Always: l.Always, Change: l.Change, Eventually: l.Eventually}.Property()
		if err != nil {
			r.wrong(l.line, "laws[%d].%w", i, err)
		}
		tr.Properties = append(tr.Properties, p)
	}
	return tr
}

func (r *reader) step(a *fileAct) Step {
	s := Step{At: r.duration(a.line, "at", a.At), User: a.User, Apply: r.manifests(a.line, a.Apply), Delete: r.manifests(a.line, a.Delete)}
	if a.At == "" {
		r.wrong(a.line, "at: missing (want a time such as 5s)")
	}
	if a.Patch != nil {
		text, err := yaml.Marshal(&a.Patch.Object)
		if err != nil {
			r.wrong(a.line, "patch.object: %w", err)
		}
		object := parseManifests(fmt.Sprintf("%s:%d: patch.object", r.path, a.line), text)
		s.Patch = &Patch{Object: object, Subresource: a.Patch.Subresource, Merge: wholeNumbers(a.Patch.Merge).(map[string]any)}
		if object.err != nil {
			r.errs = append(r.errs, object.err)
			return s
		}
	}
	if err := s.validate(24 * time.Hour); err != nil && a.At != "" {
		r.wrong(a.line, "%w", err)
	}
	return s
}

func (r *reader) duration(line int, field, text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		r.wrong(line, "%s: %q is no time (want one such as 90s or 2m)", field, text)
	}
	return d
}

func (r *reader) manifests(line int, names []string) Manifests {
	var m Manifests
	for _, name := range names {
		next := Files(filepath.Join(filepath.Dir(r.path), name))
		if next.err != nil {
			r.wrong(line, "%w", next.err)
		}
		m = m.And(next)
	}
	m.err = nil
	return m
}
