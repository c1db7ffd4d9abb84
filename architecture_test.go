package seatrial_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
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

// rooms are the rooms below a top-level folder that have rules of their own.
var rooms = []string{
	"sim/apiserver", "model/globalnet", "model/cel", "internal/gotest", "internal/testbinary", "internal/catalogue",
	"internal/format", "internal/yamlread", "internal/wholefile", "scenarios/globalingressip", "internal/exact/guest", "internal/exact",
	"internal/overlay", "internal/explain", "internal/report", "internal/sweep", "internal/artifact", "internal/results",
	"internal/shrink", "internal/target", "internal/realcluster", "sim/program", "sim/cluster",
}

// generic are the rooms that know no controller: what they need to know of one is
// in the subject that they are given.
var generic = []string{"sim", "sim/apiserver", "internal/overlay", "sim/program", "sim/cluster", "model", "model/cel", "scenarios", "internal/format", "internal/yamlread", "internal/wholefile", "internal/exact", "internal/explain", "internal/report", "internal/sweep", "internal/artifact", "internal/results", "internal/shrink", "internal/target", "internal/realcluster", "internal/gotest"}

// seeded are the rooms below internal in which runs are made, judged or shown.
var seeded = []string{
	"internal/format", "internal/yamlread", "internal/explain", "internal/report", "internal/sweep", "internal/artifact",
	"internal/results", "internal/shrink", "internal/target", "internal/realcluster", "internal/exact", "internal/exact/guest",
}

// mayImport lists, per room, the rooms of this module that it may import. A room is
// its first path element unless a longer one is in rooms; front is the root package.
var mayImport = map[string][]string{
	"faults":             {},
	"model":              {},
	"model/cel":          {"model"},
	"model/globalnet":    {"model"},
	"controller":         {},
	"deploy":             {},
	"sim/apiserver":      {},
	"sim":                {"sim/apiserver", "faults", "model"},
	"internal/yamlread":  {},
	"internal/wholefile": {},
	"internal/format":    {"internal/yamlread"},
	"scenarios":          {"internal/format", "internal/yamlread", "internal/wholefile", "sim", "internal/overlay", "sim/program", "sim/apiserver", "faults", "model", "model/cel"},
	"internal/overlay":   {"internal/wholefile"},
	"sim/program":        {"sim", "internal/overlay", "faults", "model"},
	"sim/cluster":        {"sim", "faults"},
	// What runs plans, judges failures and shows them; the command line and the engine of go test are above.
	"internal/explain":     {"sim", "faults", "model"},
	"internal/report":      {"internal/explain", "scenarios", "sim", "faults", "model"},
	"internal/sweep":       {"internal/explain", "internal/report", "scenarios", "sim", "faults", "model"},
	"internal/target":      {"internal/sweep", "scenarios", "sim", "faults", "model"},
	"internal/shrink":      {"internal/sweep", "scenarios", "sim", "faults", "model"},
	"internal/artifact":    {"internal/wholefile", "internal/explain", "internal/report", "internal/sweep", "scenarios", "sim"},
	"internal/results":     {"internal/wholefile", "internal", "internal/sweep", "scenarios", "sim", "model"},
	"internal/realcluster": {"internal/sweep", "scenarios", "sim", "faults", "model"},
	"internal/exact":       {"internal/sweep", "scenarios", "sim", "internal/overlay", "model"},
	// Bugs of others, re-created: first subjects of the front door.
	"detection": {front, "scenarios", "sim", "model"},
	"scenarios/globalingressip": {
		"scenarios", "internal/format", "internal/yamlread", "sim", "faults", "model", "model/globalnet", "controller", "deploy",
	},
	// The guest is a main package: the module that exact mode runs is built from it,
	// and what it does not link cannot be run. So it fills its registry with what
	// ships here, as cmd does; the room around it only names its folder.
	"internal/exact/guest": {"internal/exact", "internal/sweep", "scenarios", "scenarios/globalingressip"},
	"internal":             {},
	"internal/testbinary":  {"internal/sweep", "scenarios", "internal/overlay"},
	"internal/catalogue":   {"internal/sweep", "internal/target", "scenarios", "sim", "faults", "model"},
	"internal/gotest":      {"internal/wholefile", "internal/artifact", "internal/realcluster", "internal/shrink", "internal/sweep", "internal/target", "scenarios", "internal", "sim", "model", "faults"},
	front:                  {"internal/gotest", "scenarios", "sim", "sim/program", "faults", "model"},
	"cmd":                  {front, "scenarios", "internal/yamlread", "internal/wholefile", "internal/exact", "internal/explain", "internal/report", "internal/sweep", "internal/artifact", "internal/results", "internal/shrink", "internal/target", "internal/realcluster", "scenarios/globalingressip", "internal", "internal/testbinary", "internal/catalogue", "sim", "sim/apiserver", "sim/program", "sim/cluster", "faults", "model", "controller", "deploy"},
}

const front = "."

// private are words of one controller's world. A generic room that has one knows
// that controller, whatever it imports.
var private = []string{"globalingressip", "serviceexport", "globalnet", "clusterglobalegressip"}

// namesGuest are the files that name the guest, or what it is instrumented for.
var namesGuest = []string{"internal/exact/build.go"}

// forbidden lists selectors that make a run depend on something other than its
// seed, with what to use instead; exempt files are part of the mechanism.
var forbidden = []struct {
	selector, instead string
	exempt            []string
}{
	{"time.Now", "the virtual clock: world.now, apiserver.Clock", append(realClock, inBubble...)},
	{"time.Since", "the virtual clock: world.now, apiserver.Clock", append(realClock, inBubble...)},
	{"time.Until", "the virtual clock: world.now, apiserver.Clock", nil},
	{"time.NewTicker", "the event queue", []string{"sim/watchdog.go"}},
	{"os.Getenv", "a field of the config", []string{"internal/sweep/worker.go", "internal/realcluster/subject.go"}},
}

// realClock are files of runs on a real API server.
var realClock = []string{"internal/realcluster/clock.go"}

// inBubble are files whose time is the bubble's, and therefore virtual; the
// loopback host and the replayer may also run on the real clock, outside.
var inBubble = []string{
	"sim/run.go", "sim/world.go", "sim/log.go", "sim/cluster/queue.go", "sim/program/agent.go", "sim/program/probe.go", "sim/program/volume.go", "scenarios/user.go",
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
		may, known := mayImport[room]
		if seen[room] = true; !known {
			t.Errorf("%s: room %s has no rule: say in mayImport what it may import", path, room)
			return
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			rest, ours := strings.CutPrefix(imported, module)
			if !ours || roomOf(rest) == room || roomOf(rest) == "internal/exact/guest" && slices.Contains(namesGuest, filepath.ToSlash(path)) {
				continue
			}
			assert.Contains(t, may, roomOf(rest), "%s imports %s: data flows one way, and %s may not know %s", path, rest, room, roomOf(rest))
		}
	})
	for room := range mayImport {
		assert.True(t, seen[room], "room %s has no files: the rule for it checks nothing", room)
	}
}

// The rules themselves keep generic rooms from any controller, in as many steps as
// one likes: what a generic room may import is generic, or below all controllers.
func TestGenericRoomsReachNoController(t *testing.T) {
	for _, room := range generic {
		for _, next := range mayImport[room] {
			assert.True(t, slices.Contains(generic, next) || next == "faults" || next == "internal", "%s may import %s", room, next)
		}
	}
}

// Words in code count, be they identifiers or text; comments may give examples.
func TestGenericRoomsNameNoController(t *testing.T) {
	looked := 0
	forEachFile(t, func(path string, file *ast.File, fset *token.FileSet) {
		path = filepath.ToSlash(path)
		if !slices.Contains(generic, roomOf(filepath.ToSlash(filepath.Dir(path)))) || slices.Contains(namesGuest, path) {
			return
		}
		looked++
		ast.Inspect(file, func(n ast.Node) bool {
			text := ""
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false // those have a test of their own
			case *ast.Ident:
				text = n.Name
			case *ast.BasicLit:
				text = n.Value
			}
			for _, word := range private {
				if strings.Contains(strings.ToLower(text), word) {
					t.Errorf("%s says %s: a generic room knows no controller; let the subject say it", fset.Position(n.Pos()), text)
				}
			}
			return true
		})
	})
	assert.Greater(t, looked, 200, "files of generic rooms")
}

// What a user's test binary links, every user compiles: no engine that it cannot use.
func TestTheFrontDoorLinksNoEngineOfExactMode(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	linked := strings.Fields(string(out))
	require.Contains(t, linked, module+"internal/realcluster", "it lists what is linked")
	for _, path := range linked {
		assert.NotEqual(t, module+"sim/cluster", path, "stand-ins, with client-go's informers, are linked by who needs them")
		assert.False(t, strings.Contains(path, "wazero") || strings.HasPrefix(path, module+"internal/exact"), "%s is linked into every user's tests", path)
	}
}

func TestNothingButTheSeedDecides(t *testing.T) {
	forEachFile(t, func(path string, file *ast.File, fset *token.FileSet) {
		path = filepath.ToSlash(path)
		switch strings.Split(path, "/")[0] {
		case "sim", "faults", "model", "scenarios":
		default:
			if !slices.Contains(seeded, roomOf(filepath.ToSlash(filepath.Dir(path)))) {
				return
			}
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
	for _, room := range rooms {
		if dir == room || strings.HasPrefix(dir, room+"/") {
			return room
		}
	}
	return strings.Split(dir, "/")[0] // of the root: "."
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
		case entry.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
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
