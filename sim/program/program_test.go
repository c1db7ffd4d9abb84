//go:build linux && amd64

package program_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/program"
)

func TestMain(m *testing.M) {
	code := m.Run()
	program.Close()
	os.Exit(code)
}

// built builds a program below testdata, once per test run.
var built = struct {
	sync.Mutex
	of map[string]*program.Binary
}{of: map[string]*program.Binary{}}

func build(t *testing.T, s program.Source) *program.Binary {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	key := s.Module + " " + s.Package
	if b := built.of[key]; b != nil {
		return b
	}
	b, err := program.Build(t.Context(), s, cache(t))
	require.NoError(t, err)
	built.of[key] = b
	return b
}

func cache(t testing.TB) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	require.NoError(t, err)
	return filepath.Join(dir, "seatrial")
}

// small is a process of the program that does the one thing.
func small(t *testing.T, deed string, o program.Options) sim.Process {
	t.Helper()
	o.Args = append([]string{deed}, o.Args...)
	return build(t, program.Source{Package: "./testdata/small"}).Process("p", o)
}

// sail runs one process, by default for two minutes and a half.
func sail(t *testing.T, p sim.Process, rules ...faults.Rule) *sim.Record {
	t.Helper()
	return sim.Run(t, sim.Config{
		Seed: 1, Processes: []sim.Process{p}, Faults: rules, KeepTrace: true,
		Safety: 2 * time.Minute, Settle: 30 * time.Second,
	})
}

// lines are what an incarnation printed.
func lines(r *sim.Record, identity string) []string {
	var all []string
	for _, l := range r.Log {
		if l.Process == identity {
			all = append(all, l.Text)
		}
	}
	return all
}
