//go:build !wasip1

package seatrial_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stretchr/testify/suite"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/model"
)

// Goal: a failure is told so that somebody can act on it: small, sure, and with
// the command that shows it again; whatever a controller does to its process
// costs one worker and not the search. Method: this test binary again, in an empty
// folder, where TestTried checks the trial that the environment names; what it says
// is read.

const triedVariable = "SEATRIAL_TRIED"

func TestTried(t *testing.T) {
	tr, ok := tried()[os.Getenv(triedVariable)]
	if !ok {
		t.Skip("only in a process that a test below starts")
	}
	seatrial.Check(t, tr)
}

func TestTriedAtEveryCall(t *testing.T) {
	tr, ok := tried()[os.Getenv(triedVariable)]
	if !ok {
		t.Skip("only in a process that a test below starts")
	}
	tr.Safety, tr.Settle = time.Minute, 2*time.Minute
	seatrial.CheckEveryCall(t, tr)
}

func TestTriedNested(t *testing.T) {
	if os.Getenv(triedVariable) == "" {
		t.Skip("only in a process that a test below starts")
	}
	for _, name := range []string{"passes", "gives up"} {
		t.Run("a "+name, func(t *testing.T) {
			t.Parallel()
			seatrial.Check(t, tried()[name])
		})
	}
}

func TestTriedHereOnly(t *testing.T) {
	if os.Getenv(triedVariable) == "" || os.Getenv("SEATRIAL_WORKER") != "" {
		t.Skip("only in a process that a test below starts, and not in its workers")
	}
	seatrial.Check(t, tried()["passes"])
}

type triedSuite struct{ suite.Suite }

func TestTriedSuite(t *testing.T) {
	if os.Getenv(triedVariable) == "" {
		t.Skip("only in a process that a test below starts")
	}
	suite.Run(t, new(triedSuite))
}

func (s *triedSuite) TestSite() { seatrial.Check(s.T(), tried()[os.Getenv(triedVariable)]) }

// tried are the trials that TestTried can be asked for.
func tried() map[string]seatrial.Trial {
	quick := func(run func(context.Context, *rest.Config) error) seatrial.Trial {
		return seatrial.Trial{Controller: run, Settle: 2 * time.Minute}
	}
	unpublished := websiteTrial(website{})
	unpublished.Controller = idle
	unpublished.Properties = []seatrial.Property{seatrial.Eventually("published", "Every website has its page.", func(s *seatrial.State) error {
		if len(s.List("websites.example.com")) > len(s.List("configmaps")) {
			return errors.New("there are fewer pages than websites")
		}
		return nil
	})}
	idleStep := quick(idle)
	idleStep.Steps = []seatrial.Step{seatrial.Delete(time.Second, seatrial.YAML("{apiVersion: v1, kind: Secret, metadata: {name: nothing}}"))}
	hopes := websiteTrial(website{})
	hopes.Properties = []seatrial.Property{
		seatrial.Sometimes("a-page", "There is a page.", func(s *seatrial.State) bool { return len(s.List("configmaps")) > 0 }),
		seatrial.Sometimes("nine-pages", "There are nine pages.", func(s *seatrial.State) bool { return len(s.List("configmaps")) > 8 }),
		seatrial.Always("small-secrets", "Secrets are small.", func(s *seatrial.State) error { _ = s.List("secrets"); return nil }),
	}
	panicking := websiteTrial(website{})
	panicking.Properties = []seatrial.Property{seatrial.Always("law", "A law.", func(s *seatrial.State) error {
		return s.List("websites.example.com")[7].(error)
	})}
	known := quick(givesUp)
	known.Known = []seatrial.Known{{Signature: "no-exit", Reason: "it has always done that"}}
	knownPanic := quick(panics)
	knownPanic.Known = []seatrial.Known{{Signature: "no-panic: panic: nobody is there", Reason: "it has always done that"}}
	return map[string]seatrial.Trial{
		"known panic": knownPanic, "panics": quick(panics),
		"passes": quick(idle), "gives up": quick(givesUp), "known": known,
		"needs its page": websiteTrial(website{}.with("needs its page to unpublish")),
		"forgets":        websiteTrial(website{}.with("forgets errors")),
		"unpublished":    unpublished,
		"hopes":          hopes,
		"panicking law":  panicking,
		"leaves":         quick(leaves), "ignores its context": quick(ignoresItsContext),
		"wall clock": quick(readsTheWallClock),
		"races":      quick(races), "idle step": idleStep,
		"exits": quick(func(context.Context, *rest.Config) error { os.Exit(7); return nil }),
	}
}

func idle(ctx context.Context, _ *rest.Config) error {
	<-ctx.Done()
	return nil
}

func leaves(ctx context.Context, _ *rest.Config) error {
	go func() { <-make(chan struct{}) }()
	<-ctx.Done()
	return nil
}

func ignoresItsContext(context.Context, *rest.Config) error {
	select {}
}

func readsTheWallClock(ctx context.Context, cfg *rest.Config) error {
	program, err := os.Stat(os.Args[0]) // a system call: when it was built
	if err != nil {
		return err
	}
	note := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "note"},
		Data:       map[string]string{"built": program.ModTime().UTC().Format(time.RFC3339)},
	}
	client := kubernetes.NewForConfigOrDie(cfg)
	for ctx.Err() == nil {
		_, _ = client.CoreV1().ConfigMaps("default").Create(ctx, note, metav1.CreateOptions{})
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute):
		}
	}
	return nil
}

func races(ctx context.Context, _ *rest.Config) error {
	shared := 0
	for range 2 {
		go func() { shared++ }()
	}
	<-ctx.Done()
	return nil
}

func panics(ctx context.Context, _ *rest.Config) error {
	go panic("nobody is there to catch me")
	<-ctx.Done()
	return nil
}

func givesUp(context.Context, *rest.Config) error { return errors.New("no API server") }

// checks runs tests of this binary in a folder.
type checks struct {
	t      *testing.T
	folder string
}

func newChecks(t *testing.T) checks {
	t.Parallel()
	return checks{t, t.TempDir()}
}

func (c checks) run(trial, test string, flags ...string) (said string, passed bool) {
	c.t.Helper()
	// The manifests of the trials are read from here.
	require.NoError(c.t, os.MkdirAll(filepath.Join(c.folder, "testdata"), 0o755))
	for _, name := range []string{"website.crd.yaml", "websites.yaml"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(c.t, err)
		require.NoError(c.t, os.WriteFile(filepath.Join(c.folder, "testdata", name), text, 0o644))
	}
	args := append([]string{"-test.run=" + test, "-test.v", "-test.short", "-seatrial.artifacts=" + filepath.Join(c.folder, "artifacts")}, flags...)
	command := exec.Command(os.Args[0], args...)
	command.Dir = c.folder
	command.Env = append(os.Environ(), triedVariable+"="+trial)
	out, err := command.CombinedOutput()
	return string(out), err == nil
}

func TestAFailureIsMadeSmall(t *testing.T) {
	c := newChecks(t)
	said, passed := c.run("needs its page", "^TestTried$", "-seatrial.seeds=1-100", "-seatrial.failures=1")
	require.False(t, passed, said)
	for _, part := range []string{
		"liveness: website violated finalizers-removed (reproduced ",
		" was deleted and is still held by example.com/unpublish",
		"culprit: event ",
		"advice: an object that is being deleted needs to be reconciled until its finalizer is gone",
		"signature: finalizers-removed: ",
		"what users did (",
		" delete websites",
		"what went wrong (1 of ",
		"again: go test -run '^TestTried$/^seed-",
		"saved: " + filepath.Join("testdata", "seatrial", "TestTried", "seed-"),
		"artifact: " + c.folder,
	} {
		assert.Contains(t, said, part)
	}
	folders, err := filepath.Glob(filepath.Join(c.folder, "artifacts", "TestTried", "*"))
	require.NoError(t, err)
	require.Len(t, folders, 1)
	for _, name := range []string{"plan.yaml", "trace.jsonl", "controller.log", "verdict.json", "report.html", "README.md"} {
		assert.FileExists(t, filepath.Join(folders[0], name))
	}
}

func TestWhatFailsWithoutAFaultSaysSo(t *testing.T) {
	said, passed := newChecks(t).run("unpublished", "^TestTried$", "-seatrial.seeds=1-20", "-seatrial.failures=3")
	require.False(t, passed, said)
	assert.Contains(t, said, "liveness: website violated published (reproduced 3/3)\n")
	assert.Contains(t, said, "there are fewer pages than websites")
	assert.Contains(t, said, "what went wrong: nothing; it fails without a fault")
	assert.Equal(t, 2, strings.Count(said, "most likely the same as seed-1"), "only the first of one signature is looked into")
}

func TestWhatFailedIsSavedAndRunFirst(t *testing.T) {
	c := newChecks(t)
	said, passed := c.run("gives up", "^TestTried$", "-seatrial.seeds=70-90", "-seatrial.failures=2")
	require.False(t, passed, said)
	path := filepath.Join(c.folder, "testdata", "seatrial", "TestTried", "seed-70.yaml")
	assert.FileExists(t, path, "the first of its kind")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Contains(t, string(text), "generator: swarm/")

	said, passed = c.run("gives up", "^TestTried$", "-seatrial.failures=1")
	require.False(t, passed, said)
	assert.Contains(t, said, "--- FAIL: TestTried/saved-seed-70")
	said, passed = c.run("passes", "^TestTried$")
	assert.True(t, passed, said)
	assert.Contains(t, said, "a search of 32 runs: 33 run, 0 failed")
	assert.Contains(t, said, "nothing to strike: no process under test calls anything without faults")
	said, passed = c.run("passes", "^TestTried$", "-seatrial.seeds=5")
	assert.True(t, passed, said)
	assert.Contains(t, said, "seeds 5: 1 run, 0 failed")

	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "seed-7.txt"), nil, 0o600))
	said, passed = c.run("passes", "^TestTried$")
	assert.False(t, passed)
	assert.Contains(t, said, "seed-7.txt: a seed saved by an earlier version")
}

func TestAFilteredSubTestRunsThatSeed(t *testing.T) {
	c := newChecks(t)
	said, passed := c.run("gives up", "^TestTried$/^seed-4711$")
	require.False(t, passed, said)
	assert.Contains(t, said, "--- FAIL: TestTried/seed-4711")
	assert.Contains(t, said, "1 run, 1 failed")
	said, passed = c.run("passes", "^TestTried$/^seed-4711$")
	assert.True(t, passed, said)
	said, passed = c.run("passes", "^TestTried$/^nothing$")
	assert.False(t, passed)
	assert.Contains(t, said, "nothing was run")
}

// A search says what to run to see one probe again, and makes the same runs whoever
// makes them.
func TestASearchFindsABadHabit(t *testing.T) {
	for _, v := range []struct{ trial, property string }{
		{"forgets", "like-twin"}, {"needs its page", "finalizers-removed"},
	} {
		t.Run(v.trial, func(t *testing.T) {
			c := newChecks(t)
			found := regexp.MustCompile(`--- FAIL: \S+/|runs: \d+ run, \d+ failed`)
			var before []string
			for _, workers := range []string{"1", "2"} {
				said, passed := c.run(v.trial, "^TestTried$", "-seatrial.failures=1", "-seatrial.shrink=0", "-seatrial.workers="+workers)
				require.False(t, passed, said)
				assert.Contains(t, said, "violated "+v.property)
				ends := found.FindAllString(said, -1)
				if before != nil {
					assert.Equal(t, before, ends, "any number of workers")
				}
				before = ends
				require.NoError(t, os.RemoveAll(filepath.Join(c.folder, "testdata", "seatrial")))
				if workers == "2" {
					again := regexp.MustCompile(`again: go test -run '(\S+/\^probe-\S+)'`).FindStringSubmatch(said)
					require.NotNil(t, again, said)
					said, passed = c.run(v.trial, again[1], "-seatrial.shrink=0")
					assert.False(t, passed)
					assert.Contains(t, said, "1 run, 1 failed", "the command makes that run and no other")
				}
			}
		})
	}
}

// A pass says what it is worth: what was struck, and what has not been tried.
func TestWhatASearchTells(t *testing.T) {
	c := newChecks(t)
	said, passed := c.run("hopes", "^TestTried$", "-seatrial.runs=45")
	assert.False(t, passed, said)
	for _, part := range []string{
		"a search of 45 runs: 45 run, 0 failed",
		"struck: 8 of 8 kinds of call, ",
		"laws never tested, because no run had what they are about: ", "small-secrets",
		"never seen: nine-pages",
		"probes not tried: a larger budget has them",
		"website: nine-pages was never seen in 45 runs",
	} {
		assert.Contains(t, said, part)
	}
	assert.Regexp(t, `runs: 3 fault-free, \d+ of one outcome for much at once, \d+ of one fault, 0 of another at what it brought about, \d+ of a seed, \d+ guided`, said)
	assert.Regexp(t, `something new was last seen \d+ runs? ago; the next run shows something new with probability 0\.\d\d`, said)
	assert.NotContains(t, said, "a-page was never seen")

	said, passed = c.run("panicking law", "^TestTried$", "-seatrial.runs=1", "-seatrial.shrink=0")
	assert.False(t, passed)
	assert.Contains(t, said, "inconclusive: website violated law")
	assert.Contains(t, said, "the law panics: runtime error: index out of range [7]")
}

func TestABudget(t *testing.T) {
	c := newChecks(t)
	for flag, want := range map[string]string{
		"-seatrial.runs=5":      "a search of 5 runs: 5 run, 0 failed",
		"-seatrial.budget=1ns":  "nothing was run",
		"-seatrial.runs=0":      "-seatrial.runs=0: nothing would be run (want at least 1)",
		"-seatrial.budget=-60s": "-seatrial.budget=-1m0s: nothing would be run (want a time, such as 60s)",
	} {
		said, passed := c.run("passes", "^TestTried$", flag)
		assert.Equal(t, flag == "-seatrial.runs=5", passed)
		assert.Contains(t, said, want)
	}
}

func TestNestedParallelTestsAndSuites(t *testing.T) {
	c := newChecks(t)
	said, passed := c.run("x", "^TestTriedNested$", "-seatrial.failures=1", "-seatrial.seeds=1-3")
	require.False(t, passed)
	assert.Contains(t, said, "--- PASS: TestTriedNested/a_passes")
	assert.Contains(t, said, "--- FAIL: TestTriedNested/a_gives_up/seed-1")
	assert.Contains(t, said, "again: go test -run '^TestTriedNested$/^a_gives_up$/^seed-1$'")
	said, passed = c.run("gives up", "^TestTriedSuite$", "-seatrial.failures=1", "-seatrial.seeds=1-3", "-test.count=2")
	require.False(t, passed)
	assert.Equal(t, 2, strings.Count(said, "--- FAIL: TestTriedSuite/TestSite/seed-1"), said)
}

// go test -json tells of each seed that fails, as of any sub-test.
func TestEventsOfGoTestJSON(t *testing.T) {
	said, passed := newChecks(t).run("gives up", "^TestTried$", "-test.v=test2json", "-seatrial.seeds=1-2", "-seatrial.failures=1", "-seatrial.shrink=0")
	require.False(t, passed)
	convert := exec.Command("go", "tool", "test2json", "-p", "example.com/site")
	convert.Stdin = strings.NewReader(said)
	out, err := convert.Output()
	require.NoError(t, err)
	actions, said := map[string]string{}, ""
	for line := range strings.Lines(string(out)) {
		var e struct{ Action, Test, Output string }
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		actions[e.Test] = e.Action
		if e.Test == "TestTried/seed-1" {
			said += e.Output
		}
	}
	assert.Equal(t, map[string]string{"TestTried": "fail", "TestTried/seed-1": "fail", "": "fail"}, actions)
	assert.Contains(t, said, "crash: TestTried violated no-exit")
}

// A step of the trial's own that never finds anything to do proves nothing.
func TestAnIdleStepIsTold(t *testing.T) {
	c := newChecks(t)
	said, passed := c.run("idle step", "^TestTried$", "-seatrial.seeds=1-3")
	assert.True(t, passed, said)
	assert.Contains(t, said, "steps or faults of its own that had no effect in any run: delete-secrets-default-nothing-1s")
	said, passed = c.run("idle step", "^TestTried$", "-seatrial.seeds=1-3", "-seatrial.strict")
	assert.False(t, passed, said)
	said, passed = c.run("passes", "^TestTried$", "-seatrial.seeds=1-3", "-seatrial.strict")
	assert.True(t, passed, said)
}

func TestKnownFailuresAreCounted(t *testing.T) {
	c := newChecks(t)
	said, passed := c.run("known", "^TestTried$", "-seatrial.seeds=1-4")
	assert.True(t, passed, said)
	assert.Contains(t, said, "4 run, 0 failed, 4 failed in a known way")
	said, passed = c.run("known panic", "^TestTried$", "-seatrial.seeds=1-2")
	assert.True(t, passed, "one that ends its process is known, too: %s", said)
	assert.Contains(t, said, "2 run, 0 failed, 2 failed in a known way")
}

// Each of these ends its process, or stops its clock. The next seed has another.
func TestWhatEndsItsProcessCostsAWorker(t *testing.T) {
	for _, v := range []struct{ trial, property, said string }{
		{"exits", "no-panic", "the process ended without a word"},
		{"panics", "no-panic", "nobody is there to catch me"},
	} {
		t.Run(v.trial, func(t *testing.T) {
			said, passed := newChecks(t).run(v.trial, "^TestTried$", "-seatrial.seeds=1-2")
			require.False(t, passed, said)
			assert.Contains(t, said, "crash: TestTried violated "+v.property)
			assert.Contains(t, said, v.said)
			assert.Contains(t, said, "2 run, 2 failed", "the search goes on")
			assert.Contains(t, said, "most likely the same as seed-1")
		})
	}
}

func TestMisfitsAreNamedWithAdvice(t *testing.T) {
	for _, v := range []struct{ trial, property, said, advice string }{
		{"leaves", "no-goroutine-leak", "1 started by github.com/seatrial/seatrial_test.leaves, waiting in github.com/seatrial/seatrial_test.leaves.func1 (chan receive)",
			"return when the context ends; shut down work queues, event broadcasters and informer factories"},
		{"ignores its context", "no-goroutine-leak", "controller-1 did not return within 2m0s after its context ended", "return when the context ends"},
		{"wall clock", "no-wall-clock", "data.built of configmaps default/note is 20", "take the time from time.Now"},
		{"gives up", "no-exit", "no API server", "return from the controller's function only when its context has ended"},
	} {
		t.Run(v.trial, func(t *testing.T) {
			said, _ := newChecks(t).run(v.trial, "^TestTried$", "-seatrial.seeds=1", "-seatrial.shrink=0")
			assert.Contains(t, said, "TestTried violated "+v.property)
			assert.Contains(t, said, v.said)
			assert.Contains(t, said, "advice: "+v.advice)
		})
	}
}

// One fault at each call finds for certain what one fault shows.
func TestOneFaultShowsABadHabit(t *testing.T) {
	for _, v := range []struct{ trial, property string }{
		{"forgets", "like-twin"}, {"needs its page", "finalizers-removed"},
	} {
		t.Run(v.trial, func(t *testing.T) {
			c := newChecks(t)
			said, passed := c.run(v.trial, "^TestTriedAtEveryCall$", "-seatrial.failures=1", "-seatrial.shrink=0")
			require.False(t, passed, said)
			assert.Contains(t, said, "violated "+v.property)
			assert.Contains(t, said, "what went wrong (1 of 1 faults):\n")
			again := regexp.MustCompile(`again: go test -run '(\S+)'`).FindStringSubmatch(said)
			require.NotNil(t, again, said)
			said, passed = c.run(v.trial, again[1], "-seatrial.shrink=0")
			assert.False(t, passed)
			assert.Contains(t, said, "1 run, 1 failed", "the command runs that fault and no other")
		})
	}
}

// A test that calls Check here and not in its workers has no verdict.
func TestAWorkerThatDoesNotComeToCheck(t *testing.T) {
	said, passed := newChecks(t).run("passes", "^TestTriedHereOnly$", "-seatrial.seeds=1-3")
	require.False(t, passed)
	assert.Contains(t, said, "does not come to this call of Check (want a test that does the same there)")
	assert.Contains(t, said, "PASS", "what the worker said")
	assert.NotContains(t, said, "violated")
}

func TestWhatFailsWithoutAFaultIsTriedNoFurther(t *testing.T) {
	said, passed := newChecks(t).run("unpublished", "^TestTriedAtEveryCall$", "-seatrial.seeds=1", "-seatrial.shrink=0")
	require.False(t, passed)
	assert.Contains(t, said, "it fails without a fault")
	assert.Contains(t, said, "1 run, 1 failed")
}

// Same trial and seed: same run. Every tenth of the seeds is enough to see a
// difference in how steps and faults are drawn.
func TestASeedIsTheSameRun(t *testing.T) {
	for _, seed := range []uint64{1, 11, 21, 31} {
		first := runSeed(t, seed)
		again := runSeed(t, seed)
		assert.Equal(t, first.Record.Hash, again.Record.Hash, "seed %d", seed)
		assert.Equal(t, first.Plan.Faults, again.Plan.Faults)
	}
	assert.Equal(t, model.VerdictPass, runSeed(t, 1).Verdict.Kind)
}
