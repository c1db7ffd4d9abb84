package mutants

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Kind says what is expected of a mutant.
type Kind string

const (
	Mistake    Kind = "mistake"    // has to be found
	Legal      Kind = "legal"      // does right in another way: has to pass
	Equivalent Kind = "equivalent" // cannot be told from what ships, for the reason in Why
)

// Mutant is one change of the controller.
type Mutant struct {
	Name    string `yaml:"-"`       // of its file, without .yaml
	Kind    Kind   `yaml:"kind"`    // default: mistake
	Summary string `yaml:"summary"` // what is changed
	Notice  string `yaml:"notice"`  // what a user would notice; of a legal variant, why it is right
	Edits   []Edit `yaml:"edits"`
}

// Edit replaces text within one function.
type Edit struct {
	File string `yaml:"file"` // from the root of the module, e.g. controller/claim.go
	Old  string `yaml:"old"`  // occurs exactly once in the file
	New  string `yaml:"new"`
}

// Load reads every mutant of a folder, by name. An error names the file and the
// field that is wrong.
func Load(dir string) ([]Mutant, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("look for mutants: %w", err)
	}

	var all []Mutant

	for _, path := range paths {
		m, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}

		all = append(all, m)
	}

	slices.SortFunc(all, func(a, b Mutant) int { return strings.Compare(a.Name, b.Name) })

	return all, nil
}

func read(path string) (Mutant, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Mutant{}, err
	}

	m := Mutant{Name: strings.TrimSuffix(filepath.Base(path), ".yaml"), Kind: Mistake}

	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)

	if err := decoder.Decode(&m); err != nil {
		return m, err
	}

	switch {
	case !slices.Contains([]Kind{Mistake, Legal, Equivalent}, m.Kind):
		return m, fmt.Errorf("kind is %q: use %s, %s or %s", m.Kind, Mistake, Legal, Equivalent)
	case m.Summary == "":
		return m, fmt.Errorf("summary is missing: say what is changed")
	case m.Notice == "":
		return m, fmt.Errorf("notice is missing: say what a user would notice")
	case len(m.Edits) == 0:
		return m, fmt.Errorf("edits are missing: a mutant changes something")
	}

	return m, nil
}

// Apply makes the edits of the mutant that concern a file.
func (m *Mutant) Apply(file, source string) (string, error) {
	for i, e := range m.Edits {
		if e.File != file {
			continue
		}

		old, replacement := strings.TrimRight(e.Old, "\n"), strings.TrimRight(e.New, "\n")
		if n := strings.Count(source, old); old == "" || n != 1 {
			return "", fmt.Errorf("mutant %s: edits[%d].old occurs %d times in %s: it has to occur once", m.Name, i, n, file)
		}

		source = strings.Replace(source, old, replacement, 1)
	}

	return source, nil
}
