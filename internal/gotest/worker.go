package gotest

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/seatrial/seatrial/internal/realcluster"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios"
)

// TestVariable names the call of Check that a worker is to serve, and subject:
// the name of the test, with the number of the call in the test after a # if it
// is not the first.
const TestVariable = "SEATRIAL_TEST"

// TB is what Check needs of a test: *testing.T has it, and so have what Ginkgo's
// GinkgoT and testify's suites hand out.
type TB interface {
	Helper()
	Name() string
	Cleanup(func())
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// calls counts the calls of Check in tests under way.
var calls = struct {
	sync.Mutex
	of map[string]int
}{of: map[string]int{}}

// identify names a call of Check.
func identify(t TB) string {
	calls.Lock()
	defer calls.Unlock()
	name := t.Name()
	calls.of[name]++
	if n := calls.of[name]; n > 1 {
		return fmt.Sprintf("%s#%d", name, n)
	}
	t.Cleanup(func() {
		calls.Lock()
		defer calls.Unlock()
		delete(calls.of, name) // with -count, the test comes again
	})
	return name
}

// serveIfWorker turns the process into a worker when it was started as one for
// this call, and then does not return. over says that it was started for
// another: the test is to go on without doing anything.
func serveIfWorker(t TB, name string, subject scenarios.Subject) (over bool) {
	if !sweep.IsWorker() && !realcluster.IsSubject() && !sweep.IsGuest() {
		return false
	}
	if os.Getenv(TestVariable) != name {
		return true
	}
	subject.Name = name
	registry := scenarios.NewRegistry(subject)
	realcluster.ServeIfSubject(registry)
	real, ok := t.(*testing.T)
	if !ok {
		real = new(testing.T) // a bubble needs one, and nothing of it but that
	}
	if sweep.IsGuest() {
		serveGuest(real, registry)
		os.Exit(0)
	}
	sweep.Serve(real, registry, realcluster.Engine{})
	os.Exit(0)
	return true
}

// pool starts the test binary again, up to the call of the given name.
func pool(t TB, name string) (sweep.Pool, error) {
	binary, err := os.Executable()
	if err != nil {
		return sweep.Pool{}, fmt.Errorf("finding the test binary: %w", err)
	}
	return sweep.Pool{
		Workers: workers(), Binary: binary, Args: workerArgs(t),
		// A race ends its process at once: it is the verdict of the seed.
		Env: []string{TestVariable + "=" + name, "GORACE=halt_on_error=1 exitcode=66"},
	}, nil
}

// workerArgs run the same test and no other, as far as the framework can say so.
// Flags that are not package testing's own are handed on.
func workerArgs(t TB) []string {
	args := []string{"-test.timeout=0", "-test.count=1"}
	if _, ok := t.(*testing.T); ok || flag.Lookup("ginkgo.focus") == nil {
		args = append(args, "-test.run="+exactly(t.Name()))
	} else {
		if f := flag.Lookup("test.run"); f.Value.String() != "" {
			args = append(args, "-test.run="+f.Value.String())
		}
		args = append(args, "-ginkgo.focus="+focus(t.Name()))
	}
	for _, arg := range os.Args[1:] {
		name := strings.TrimLeft(arg, "-")
		if !strings.HasPrefix(arg, "-") || strings.HasPrefix(name, "test.") || strings.HasPrefix(name, "ginkgo.") {
			continue
		}
		args = append(args, arg)
	}
	return args
}

// focus is the pattern of -ginkgo.focus for one spec. Ginkgo looks at its text after that
// of the suite and a space.
func focus(spec string) string { return " " + regexp.QuoteMeta(spec) + "$" }

// exactly is the pattern of -run for one test.
func exactly(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
