package testbinary

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// frontDoor is the package whose calls make a test a trial.
const frontDoor = "github.com/seatrial/seatrial"

// entrances are its functions that do.
var entrances = []string{"Check", "CheckEveryCall"}

// testsIn reads the tests of some files of one package.
func testsIn(dir string, files []string) ([]Test, error) {
	sources := &sources{calls: map[string][]string{}, methods: map[string][]string{}, enters: map[string]bool{}}
	var tests []Test
	fset := token.NewFileSet()
	for _, name := range files {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("reading tests: %w", err)
		}
		door := nameOfDoor(file)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			sources.add(f, door)
			if f.Recv == nil && isTest(f.Name.Name) && len(f.Type.Params.List) == 1 {
				tests = append(tests, Test{Name: f.Name.Name, File: name, Line: fset.Position(f.Pos()).Line})
			}
		}
	}
	for i := range tests {
		tests[i].Trial = sources.reach(tests[i].Name, map[string]bool{})
	}
	return tests, nil
}

// isTest: the go command takes a function of this name for a test.
func isTest(name string) bool {
	rest, ok := strings.CutPrefix(name, "Test")
	first, _ := utf8.DecodeRuneInString(rest)
	return ok && name != "TestMain" && (rest == "" || !unicode.IsLower(first))
}

// nameOfDoor is what the file calls the front door; empty: it does not import it,
// ".": its names are there as they are.
func nameOfDoor(file *ast.File) string {
	for _, spec := range file.Imports {
		if strings.Trim(spec.Path.Value, "`\"") != frontDoor {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return "seatrial"
	}
	return ""
}

// sources are the functions of a package, by name; a method's is Type.Name.
type sources struct {
	calls   map[string][]string // names that a function mentions
	methods map[string][]string // of a type
	enters  map[string]bool     // functions that call the front door themselves
}

func (s *sources) add(f *ast.FuncDecl, door string) {
	name := f.Name.Name
	if f.Recv != nil && len(f.Recv.List) == 1 {
		receiver := typeName(f.Recv.List[0].Type)
		name = receiver + "." + name
		s.methods[receiver] = append(s.methods[receiver], name)
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && door != "" && x.Name == door && slices.Contains(entrances, n.Sel.Name) {
				s.enters[name] = true
			}
		case *ast.Ident:
			if door == "." && slices.Contains(entrances, n.Name) {
				s.enters[name] = true
			}
			s.calls[name] = append(s.calls[name], n.Name)
		}
		return true
	})
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// reach says whether a function calls the front door, itself or through others of
// the package. One that mentions a type may call its methods, as a suite's test does.
func (s *sources) reach(name string, seen map[string]bool) bool {
	if seen[name] {
		return false
	}
	seen[name] = true
	if s.enters[name] {
		return true
	}
	for _, mentioned := range s.calls[name] {
		if s.reach(mentioned, seen) {
			return true
		}
		for _, method := range s.methods[mentioned] {
			if s.reach(method, seen) {
				return true
			}
		}
	}
	return false
}

// scenarioFiles lists the scenario files below a folder, relative to another.
func scenarioFiles(below, to string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(below, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path == below:
			return fs.SkipAll
		case err != nil:
			return err
		case d.IsDir() || filepath.Ext(path) != ".yaml" && filepath.Ext(path) != ".yml":
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if isScenario(content) {
			relative, err := filepath.Rel(to, path)
			files = append(files, filepath.ToSlash(relative))
			return err
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for scenario files: %w", err)
	}
	return files, nil
}

// isScenario: the file's header says so.
func isScenario(content []byte) bool {
	for line := range bytes.Lines(content) {
		if rest, ok := bytes.CutPrefix(line, []byte("apiVersion:")); ok {
			return bytes.Contains(rest, []byte("seatrial.dev/"))
		}
	}
	return false
}
