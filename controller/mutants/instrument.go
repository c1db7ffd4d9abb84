package mutants

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Variable is the environment variable that names the mutant in force; without it
// the program is what ships.
const Variable = "SEATRIAL_MUTANT"

const inForce = "mutantInForce"

// Instrument writes to dir what go build -overlay needs to make one program of all
// mutants, and returns the path of the overlay. root is the module's folder.
func Instrument(root, dir string, all []Mutant) (overlay string, err error) {
	replace := map[string]string{}

	put := func(file, text string) error {
		target := filepath.Join(dir, strings.ReplaceAll(file, "/", "__"))
		replace[filepath.Join(root, filepath.FromSlash(file))] = target

		return os.WriteFile(target, []byte(text), 0o644)
	}

	for _, file := range filesOf(all) {
		raw, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			return "", fmt.Errorf("read what mutants change: %w", err)
		}

		text, err := instrument(file, string(raw), all)
		if err != nil {
			return "", err
		}

		if err := put(file, text); err != nil {
			return "", err
		}

		name := path.Base(path.Dir(file))

		selector := fmt.Sprintf("package %s\n\nimport \"os\"\n\nvar %s = os.Getenv(%q)\n", name, inForce, Variable)
		if err := put(path.Join(path.Dir(file), "mutant_in_force.go"), selector); err != nil {
			return "", err
		}
	}

	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}

	overlay = filepath.Join(dir, "overlay.json")

	return overlay, os.WriteFile(overlay, raw, 0o644)
}

func filesOf(all []Mutant) []string {
	var files []string

	for _, m := range all {
		for _, e := range m.Edits {
			files = append(files, e.File)
		}
	}

	slices.Sort(files)

	return slices.Compact(files)
}

// source is a Go file taken apart.
type source struct {
	text      string
	set       *token.FileSet
	functions map[string]*ast.FuncDecl // by receiver and name
	order     []string
	rest      string // all that is outside of functions
}

func parse(file, text string) (*source, error) {
	s := &source{text: text, set: token.NewFileSet(), functions: map[string]*ast.FuncDecl{}}

	tree, err := parser.ParseFile(s.set, file, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}

	at := 0

	for _, decl := range tree.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}

		key := s.receiver(f) + "." + f.Name.Name
		s.functions[key] = f
		s.order = append(s.order, key)
		s.rest += text[at:s.offset(f.Pos())]
		at = s.offset(f.End())
	}

	s.rest += text[at:]

	return s, nil
}

func (s *source) offset(p token.Pos) int { return s.set.Position(p).Offset }

func (s *source) of(n ast.Node) string { return s.text[s.offset(n.Pos()):s.offset(n.End())] }

func (s *source) receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}

	return s.of(f.Recv.List[0].Type)
}

// renamed is the text of a function under another name.
func (s *source) renamed(f *ast.FuncDecl, name string) string {
	from, to := s.offset(f.Name.Pos()), s.offset(f.Name.End())

	return s.text[s.offset(f.Pos()):from] + name + s.text[to:s.offset(f.End())]
}

// variant is a function as one mutant has it.
type variant struct{ mutant, text string }

// instrument makes of a file one in which every function that a mutant changes is
// there in each of its forms, behind one that chooses.
func instrument(file, text string, all []Mutant) (string, error) {
	original, err := parse(file, text)
	if err != nil {
		return "", err
	}

	variants := map[string][]variant{}

	for i := range all {
		if err := original.variants(file, &all[i], variants); err != nil {
			return "", err
		}
	}

	result := text

	for i := len(original.order) - 1; i >= 0; i-- { // from the end: offsets before it stay
		key := original.order[i]
		if f := original.functions[key]; len(variants[key]) > 0 {
			from, to := original.offset(f.Pos()), original.offset(f.End())
			result = result[:from] + original.dispatch(f, variants[key]) + result[to:]
		}
	}

	return result, nil
}

// variants adds the functions of a file that a mutant changes.
func (s *source) variants(file string, m *Mutant, variants map[string][]variant) error {
	text, err := m.Apply(file, s.text)
	if err != nil || text == s.text {
		return err
	}

	changed, err := parse(file, text)
	if err != nil {
		return fmt.Errorf("mutant %s: %w", m.Name, err)
	}

	if changed.rest != s.rest || len(changed.order) != len(s.order) {
		return fmt.Errorf("mutant %s changes something in %s outside of functions: only functions can be chosen at run time", m.Name, file)
	}

	for _, key := range s.order {
		f, ok := changed.functions[key]
		if !ok {
			return fmt.Errorf("mutant %s has no function %s in %s: only the inside of functions can be changed", m.Name, key, file)
		}

		if changed.of(f) != s.of(s.functions[key]) {
			variants[key] = append(variants[key], variant{m.Name, changed.renamed(f, f.Name.Name+suffix(m.Name))})
		}
	}

	return nil
}

func suffix(mutant string) string { return "__" + strings.ReplaceAll(mutant, "-", "_") }

// dispatch is the function that chooses, the original, and all variants.
func (s *source) dispatch(f *ast.FuncDecl, variants []variant) string {
	var (
		b         strings.Builder
		arguments []string
	)

	b.WriteString("func ")

	call := ""

	if f.Recv != nil {
		fmt.Fprintf(&b, "(recv %s) ", s.receiver(f))

		call = "recv."
	}

	b.WriteString(f.Name.Name)

	if f.Type.TypeParams != nil {
		b.WriteString("[" + strings.TrimSuffix(strings.TrimPrefix(s.of(f.Type.TypeParams), "["), "]") + "]")
	}

	b.WriteString("(")

	for _, field := range f.Type.Params.List {
		for range max(1, len(field.Names)) {
			name := fmt.Sprintf("p%d", len(arguments))
			fmt.Fprintf(&b, "%s %s, ", name, s.of(field.Type))

			if _, variadic := field.Type.(*ast.Ellipsis); variadic {
				name += "..."
			}

			arguments = append(arguments, name)
		}
	}

	b.WriteString(") (" + s.results(f) + ") {\n\tswitch " + inForce + " {\n")

	giving := ""
	if f.Type.Results != nil {
		giving = "return "
	}

	for _, v := range variants {
		fmt.Fprintf(&b, "\tcase %q:\n\t\t%s%s%s(%s)\n", v.mutant, giving, call, f.Name.Name+suffix(v.mutant), strings.Join(arguments, ", "))
	}

	fmt.Fprintf(&b, "\tdefault:\n\t\t%s%s%s(%s)\n\t}\n}\n\n", giving, call, f.Name.Name+"__original", strings.Join(arguments, ", "))
	b.WriteString(s.renamed(f, f.Name.Name+"__original") + "\n")

	for _, v := range variants {
		b.WriteString("\n" + v.text + "\n")
	}

	return b.String()
}

func (s *source) results(f *ast.FuncDecl) string {
	if f.Type.Results == nil {
		return ""
	}

	var types []string

	for _, field := range f.Type.Results.List {
		for range max(1, len(field.Names)) {
			types = append(types, s.of(field.Type))
		}
	}

	return strings.Join(types, ", ")
}
