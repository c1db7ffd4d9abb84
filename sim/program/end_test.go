//go:build linux && amd64

package program_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim/program"
)

// Goal: whatever a program does, or does wrong, the run ends, in one clear verdict that
// says what happened and, after a panic, where. Method: a program that does one thing
// per run; the problems that the run notes, by kind, with a text that they must have.
func TestEachEndIsAVerdict(t *testing.T) {
	cases := map[string]struct {
		kind        model.ProblemKind
		text        string
		detail      string
		explanation string
	}{
		"returns":            {model.Exited, "ended by itself: <nil>", "", "a controller is to run on"},
		"exits":              {model.Exited, "exit status 3: leaving", "", "os.Exit, and what it said last"},
		"panics":             {model.Panicked, "in main", "main.init.func", "with the stack, by function"},
		"panics-astray":      {model.Panicked, "nobody recovers this", "main.panicAstray", "in a goroutine that nobody waits for"},
		"panics-in-init":     {model.Panicked, "not even main", "main.init.0", "before main, and so in no life"},
		"deadlocks":          {model.Panicked, "all goroutines are asleep - deadlock!", "goroutine 1", "Go's own verdict"},
		"recovers":           {model.Panicked, "Observed a panic: and goes on", "", "what libraries tell of panics that they recover"},
		"spins":              {model.Hung, "computed for 1s without coming to rest", "", "a loop without end"},
		"prints-without-end": {model.Hung, "printed over 64 MiB", "", "a disk would be full"},
		"speaks-http2":       {model.Exited, "HTTP/2", "", "is not simulated"},
		"upgrades":           {model.Exited, "the program asks for SPDY/3.1", "", "exec is not simulated"},
	}
	for _, deed := range slices.Sorted(maps.Keys(cases)) {
		want := cases[deed]
		t.Run(deed, func(t *testing.T) {
			r := sail(t, small(t, deed, program.Options{Patience: time.Second}))
			var seen []string
			for _, p := range r.History.Problems {
				seen = append(seen, fmt.Sprintf("%s of %s: %s\n%s", p.Kind, p.Process, p.Message, p.Detail))
			}
			require.NotEmpty(t, seen, want.explanation)
			first := r.History.Problems[0]
			assert.Equal(t, want.kind, first.Kind, want.explanation)
			assert.Equal(t, "p", first.Process)
			assert.Contains(t, first.Message, want.text, "%s: %q", want.explanation, seen)
			assert.Contains(t, first.Detail, want.detail, want.explanation)
		})
	}
}

// A program that waits for the clock in a loop is not one that never ends, and one that
// merely sleeps is no problem at all.
func TestOrdinaryProgramsAreNoProblem(t *testing.T) {
	for _, deed := range []string{"waits-for-time", "ends-by-signal", "ends-gracefully", "lists", "serves"} {
		r := sail(t, small(t, deed, program.Options{}))
		assert.Empty(t, r.History.Problems, deed)
	}
}

// What the machine cannot do, be it that its disk is full, is not the program's doing: the
// run is inconclusive, and says why.
func TestTheMachineIsNotTheProgram(t *testing.T) {
	p := small(t, "lists", program.Options{})
	t.Setenv("TMPDIR", "/nowhere")
	r := sail(t, p)
	require.Len(t, r.History.Problems, 1)
	assert.Equal(t, model.Failing, r.History.Problems[0].Kind)
	assert.Contains(t, r.History.Problems[0].Message, "this machine cannot run the program: making a folder for a process")
}
