package seatrial

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: the house keeps its shape. Data flows one way, so each room may import
// only the rooms before it, and nothing that would make a run depend on
// anything but its seed is used where runs are made or judged.
//
// Method: parse every file that is not a test and look at imports and selectors.

const module = "github.com/seatrial/seatrial/"

// mayImport lists, per room, the rooms of this module that it may import. A
// room is its first path element unless a longer one is listed.
var mayImport = map[string][]string{
	"faults":          {},
	"model":           {},
	"model/globalnet": {"model"},
	"controller":      {"controller"},
	"deploy":          {},
	"sim/apiserver":   {"sim/apiserver"},
	"sim":             {"sim", "sim/apiserver", "faults", "model"},
	"scenarios":       {"scenarios", "sim", "sim/apiserver", "faults", "model", "model/globalnet", "controller", "deploy"},
	"cmd":             {"scenarios", "sim", "sim/apiserver", "faults", "model", "model/globalnet", "controller", "deploy"},
}

// knowsGlobalnet are the places that may import the laws of our own controller; all
// else in scenarios and cmd is generic.
var knowsGlobalnet = []string{
	"scenarios/globalingressip/", "scenarios/run.go", "scenarios/packetfilter.go", "scenarios/report/owners.go", "scenarios/realcluster/run.go",
}

// forbidden lists selectors that make a run depend on something other than its
// seed, with what to use instead; exempt files are part of the mechanism.
var forbidden = []struct {
	selector, instead string
	exempt            []string
}{
	{"time.Now", "the virtual clock: world.now, apiserver.Clock", append(realClock, inBubble...)},
	{"time.Since", "the virtual clock: world.now, apiserver.Clock", append(realClock, inBubble...)},
	{"time.Until", "the virtual clock: world.now, apiserver.Clock", nil},
	{"time.NewTicker", "the agenda", []string{"sim/watchdog.go"}},
	{"os.Getenv", "a field of the config", []string{"scenarios/sweep/worker.go", "scenarios/realcluster/subject.go"}},
}

// realClock are files of runs on a real API server.
var realClock = []string{"scenarios/realcluster/clock.go"}

// inBubble are files whose time is the bubble's, and therefore virtual; the
// loopback host and the replayer may also run on the real clock, outside.
var inBubble = []string{
	"sim/run.go", "sim/world.go", "sim/log.go", "scenarios/user.go", "scenarios/trial/user.go",
	"sim/apiserver/loopback/host.go", "sim/apiserver/corpus/run.go",
}

// forbiddenImports are packages that only the named files may import.
var forbiddenImports = []struct {
	path, instead string
	exempt        []string
}{
	{"math/rand", "sim.Stream or sim.Draw", []string{"sim/globals.go"}},
	{"math/rand/v2", "sim.Stream or sim.Draw", nil},
	{"crypto/rand", "sim.Stream or sim.Draw", []string{"sim/globals.go"}},
	{"golang.org/x/exp/rand", "sim.Stream and sim.Rand", []string{"sim/rand.go"}},
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	seen := make(map[string]bool)
	forEachFile(t, func(path string, file *ast.File, _ *token.FileSet) {
		room := roomOf(filepath.ToSlash(filepath.Dir(path)))
		seen[room] = true
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			rest, ours := strings.CutPrefix(imported, module)
			if !ours || roomOf(rest) == room {
				continue
			}
			assert.Contains(t, mayImport[room], roomOf(rest), "%s imports %s: data flows one way, and %s may not know %s", path, rest, room, roomOf(rest))
			if roomOf(rest) == "model/globalnet" {
				assert.True(t, slices.ContainsFunc(knowsGlobalnet, func(place string) bool { return strings.HasPrefix(filepath.ToSlash(path), place) }),
					"%s imports %s: generic code knows no controller", path, rest)
			}
		}
	})
	for room := range mayImport {
		assert.True(t, seen[room], "room %s has no files: the rule for it checks nothing", room)
	}
}

func TestNothingButTheSeedDecides(t *testing.T) {
	forEachFile(t, func(path string, file *ast.File, fset *token.FileSet) {
		path = filepath.ToSlash(path)
		switch strings.Split(path, "/")[0] {
		case "sim", "faults", "model", "scenarios":
		default:
			return
		}
		for _, spec := range file.Imports {
			for _, rule := range forbiddenImports {
				if spec.Path.Value == strconv.Quote(rule.path) && !slices.Contains(rule.exempt, path) {
					t.Errorf("%s imports %s; use %s", path, rule.path, rule.instead)
				}
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := selector.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, rule := range forbidden {
				if x.Name+"."+selector.Sel.Name == rule.selector && !slices.Contains(rule.exempt, path) {
					t.Errorf("%s uses %s; use %s", fset.Position(n.Pos()), rule.selector, rule.instead)
				}
			}
			return true
		})
	})
}

func roomOf(dir string) string {
	for _, room := range []string{"sim/apiserver", "model/globalnet"} {
		if dir == room || strings.HasPrefix(dir, room+"/") {
			return room
		}
	}
	return strings.Split(dir, "/")[0]
}

// isModule: a folder with a go.mod is a house of its own.
func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func forEachFile(t *testing.T, visit func(path string, file *ast.File, fset *token.FileSet)) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || isModule(path)):
			return fs.SkipDir
		case entry.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"), filepath.Dir(path) == ".":
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		visit(path, file, fset)
		return nil
	})
	require.NoError(t, err)
}
