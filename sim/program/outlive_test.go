//go:build linux && amd64

package program_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/program"
)

// victimVariable marks a process of this test that is there to be killed.
const victimVariable = "SEATRIAL_TEST_VICTIM"

// Goal: no process outlives its run, even when the harness is killed while a program
// computes without end, and nobody is left to tell it. Method: this test again, as a
// process of its own that runs such a program, is killed with SIGKILL; its zygote and the
// life are gone a moment later.
func TestNoProcessOutlivesTheHarness(t *testing.T) {
	if os.Getenv(victimVariable) != "" {
		sail(t, small(t, "spins", program.Options{Patience: time.Hour}))
		return
	}
	small(t, "spins", program.Options{}) // built before the clock below runs
	victim := exec.Command(os.Args[0], "-test.run=^TestNoProcessOutlivesTheHarness$")
	victim.Env = append(os.Environ(), victimVariable+"=1")
	require.NoError(t, victim.Start())
	var zygotes, lives []int
	started := eventually(func() bool {
		zygotes = childrenOf(victim.Process.Pid, "program")
		lives = nil
		for _, z := range zygotes {
			lives = append(lives, childrenOf(z, "program")...)
		}
		return len(lives) > 0
	})
	require.NoError(t, victim.Process.Kill())
	assert.Error(t, victim.Wait())
	require.True(t, started, "the victim has not begun to run a program")
	for _, pid := range append(zygotes, lives...) {
		assert.True(t, eventually(func() bool { return !isAlive(pid) }), "process %d of the program lives on", pid)
	}
}

// eventually waits up to a minute of real time, on machines that may be busy.
func eventually(is func() bool) bool {
	for range 600 {
		if is() {
			return true
		}
		time.Sleep(100 * time.Millisecond)
	}
	return false
}

// childrenOf lists the children of a process whose first argument is the name.
func childrenOf(parent int, name string) (children []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		text, err := os.ReadFile(stat)
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if err != nil || len(fields) < 2 || string(fields[1]) != strconv.Itoa(parent) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(stat), "cmdline"))
		if bytes.HasPrefix(line, []byte(name+"\x00")) {
			children = append(children, pid)
		}
	}
	return children
}

// isAlive says whether a process is there and no mere zombie that waits for init.
func isAlive(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	return len(fields) > 0 && string(fields[0]) != "Z" && string(fields[0]) != "X"
}
