package testbinary

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: which tests hold a trial is seen in their sources, however they come to it
// inside their package, and never where there is none. Method: sources of a line or
// two, each beside one that differs in what matters.

func TestTrialsAreSeen(t *testing.T) {
	for _, c := range []struct {
		name, imports, source string
		trial                 bool
		why                   string
	}{
		{"direct", `import "github.com/seatrial/seatrial"`, `func TestX(t *testing.T) { seatrial.Check(t, seatrial.Trial{}) }`, true, "it calls Check"},
		{"every call", `import "github.com/seatrial/seatrial"`, `func TestX(t *testing.T) { seatrial.CheckEveryCall(t, seatrial.Trial{}) }`, true, "it calls CheckEveryCall"},
		{"run", `import "github.com/seatrial/seatrial"`, `func TestX(t *testing.T) { seatrial.Run(t, seatrial.Trial{}, 1, seatrial.RunOptions{}) }`, false, "Run serves nobody"},
		{"another name", `import sea "github.com/seatrial/seatrial"`, `func TestX(t *testing.T) { sea.Check(t, sea.Trial{}) }`, true, "the import has a name of its own"},
		{"another package", `import seatrial "example.com/lookalike"`, `func TestX(t *testing.T) { seatrial.Check(t, nil) }`, false, "only the name is alike"},
		{"dot", `import . "github.com/seatrial/seatrial"`, `func TestX(t *testing.T) { Check(t, Trial{}) }`, true, "names are there as they are"},
		{"a helper", `import "github.com/seatrial/seatrial"`, "func TestX(t *testing.T) { a(t) }\nfunc a(t *testing.T) { b(t) }\nfunc b(t *testing.T) { seatrial.Check(t, seatrial.Trial{}) }", true, "two functions lie between"},
		{"a loop", `import "github.com/seatrial/seatrial"`, "func TestX(t *testing.T) { a(t) }\nfunc a(t *testing.T) { a(t) }\nfunc b(t *testing.T) { seatrial.Check(t, seatrial.Trial{}) }", false, "nothing calls b, and a calls itself for ever"},
		{"a sub-test", `import "github.com/seatrial/seatrial"`, `func TestX(t *testing.T) { t.Run("s", func(t *testing.T) { seatrial.Check(t, seatrial.Trial{}) }) }`, true, "the call is in a function literal"},
		{"a suite", `import "github.com/seatrial/seatrial"`, "type s struct{}\nfunc TestX(t *testing.T) { run(t, new(s)) }\nfunc run(t *testing.T, _ any) {}\nfunc (*s) TestA() { seatrial.Check(nil, seatrial.Trial{}) }", true, "a method of a type that it mentions calls Check"},
		{"no test", `import "github.com/seatrial/seatrial"`, "func TestX(t *testing.T) {}\nfunc Testify(t *testing.T) { seatrial.Check(t, seatrial.Trial{}) }", false, "a small letter follows Test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			text := "package x\n\nimport \"testing\"\n" + c.imports + "\n\n" + c.source + "\n"
			require.NoError(t, os.WriteFile(filepath.Join(dir, "x_test.go"), []byte(text), 0o644))
			tests, err := testsIn(dir, []string{"x_test.go"})
			require.NoError(t, err)
			require.Len(t, tests, 1)
			assert.Equal(t, "TestX", tests[0].Name)
			assert.Equal(t, c.trial, tests[0].Trial, c.why)
		})
	}
}

func TestSourcesThatAreNoGoAreAnError(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x_test.go"), []byte("package x\nfunc {"), 0o644))
	_, err := testsIn(dir, []string{"x_test.go"})
	assert.ErrorContains(t, err, "x_test.go:2:6: ")
}

func TestPatternsAndNames(t *testing.T) {
	for _, name := range []string{"TestX", "TestX/sub", "TestX/a.b(c)/d"} {
		top, below := Pattern(name), ""
		if i := len("^TestX$"); len(top) > i {
			top, below = top[:i], top[i+1:]
			assert.Equal(t, name, "TestX/"+literal(below))
		}
		assert.Equal(t, "^TestX$", top)
	}
}
