//go:build linux && amd64

package program_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/program"
)

// Goal: what cannot be put to sea is refused with a text that says what is wrong and what
// would be right. Method: one source for each way in which it can be wrong.
func TestBuildRefusesWhatIsNoProgram(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("no program"), 0o755))
	itself, err := os.Executable()
	require.NoError(t, err)
	bad := func(name string) program.Source { return program.Source{Module: "testdata/bad", Package: "./" + name} }
	for name, c := range map[string]struct {
		source program.Source
		says   []string
	}{
		"no folder":       {program.Source{Module: "testdata/nowhere"}, []string{`module "testdata/nowhere" is no folder`, "MODULE@VERSION"}},
		"no version":      {program.Source{Module: "example.com/operator@"}, []string{"example.com/operator@v1.2.3"}},
		"no package":      {bad("nowhere"), []string{"nowhere"}},
		"a library":       {bad("library"), []string{"example.com/bad/library is package library, no program", "./cmd/manager"}},
		"several":         {bad("..."), []string{"more than one package"}},
		"does not build":  {bad("broken"), []string{"main.go:4", "undefined: undefined"}},
		"needs cgo":       {program.Source{Module: "testdata/badcgo"}, []string{"needs cgo", "example.com/badcgo/cgo", "CGO_ENABLED=0"}},
		"no file":         {program.Source{File: "testdata/nowhere"}, []string{"testdata/nowhere", "no such file"}},
		"no program":      {program.Source{File: text}, []string{"is no program as the Go linker writes it", "seatrial build"}},
		"another program": {program.Source{File: itself}, []string{"want one that seatrial build made"}},
		"both":            {program.Source{File: itself, Module: "."}, []string{"one of the two"}},
	} {
		_, err := program.Build(t.Context(), c.source, cache(t))
		for _, text := range c.says {
			assert.ErrorContains(t, err, text, name)
		}
	}
}

// Options that make no sense are told together, each by its field.
func TestOptionsAreChecked(t *testing.T) {
	o := program.Options{
		Env: map[string]string{"A=B": "", "GODEBUG": "x"}, Files: map[string]string{"etc/x": "", "/etc/../x": ""},
		Liveness: []program.Probe{{}, {Page: program.Page{Port: 80}, Timeout: time.Minute}}, Metrics: program.Page{Port: 70000}, Grace: -1,
		Webhooks: []program.Webhook{{Service: "hook", Port: 0}, {Service: "a/b", Port: 1}, {Service: "a/b", Port: 2}},
		Volumes:  []program.Volume{{Secret: "a", ConfigMap: "b", Path: "certs"}, {Secret: "a", Path: "/certs"}, {Secret: "b", Path: "/certs"}},
	}
	err := o.Validate()
	for _, text := range []string{`env: "A=B"`, "env: GODEBUG", `files: "etc/x"`, `files: "/etc/../x"`, "liveness[0]: port 0", "liveness[1]: timeout 1m0s", `volumes[0]: secret "a", configMap "b"`, `volumes[0]: path "certs"`, `volumes[2]: path "/certs" is given twice`, `webhooks[0]: service "hook"`, "webhooks[0]: port 0", `webhooks[2]: service "a/b" is given twice`, "metrics: port 70000", "grace: -1ns"} {
		assert.ErrorContains(t, err, text)
	}
	assert.NoError(t, program.Options{}.Validate())
}
