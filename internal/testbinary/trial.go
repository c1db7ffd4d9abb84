package testbinary

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/seatrial/seatrial/internal/sweep"
)

// Trial is a test of a package that serves as a worker.
type Trial struct {
	Package string // import path
	Dir     string
	// Test is its whole name, with that of a sub-test; a # and the number follow when
	// it is not the first trial of its test.
	Test string
}

// Pattern is the argument of -run that chooses the test of a name and no other.
func Pattern(test string) string {
	parts := strings.Split(test, "/")
	for i := range parts {
		parts[i] = "^" + regexp.QuoteMeta(parts[i]) + "$"
	}
	return strings.Join(parts, "/")
}

// Find finds the one trial that run chooses in the package that the go command
// means by a pattern; empty: the only one. As with go test, run is a regular
// expression for the test's name and, after slashes, the names of sub-tests, which
// have to be given as they are: no source tells them.
//
// A test that is named as it is needs not be seen to hold a trial. The error says
// what there is to choose from.
func Find(ctx context.Context, pattern, run string) (Trial, error) {
	packages, err := List(ctx, pattern)
	if err != nil {
		return Trial{}, err
	}
	top, below, _ := strings.Cut(run, "/")
	matches, err := regexp.Compile(top)
	if err != nil {
		return Trial{}, fmt.Errorf("-run %q: %w", run, err)
	}
	var chosen, all []Trial
	for _, p := range packages {
		for _, t := range p.Tests {
			trial := Trial{Package: p.ImportPath, Dir: p.Dir, Test: t.Name}
			if t.Trial {
				all = append(all, trial)
			}
			if t.Trial && matches.MatchString(t.Name) || strings.Trim(top, "^$") == t.Name {
				chosen = append(chosen, trial)
			}
		}
	}
	// A name that is the beginning of another chooses its own test.
	if i := slices.IndexFunc(chosen, func(t Trial) bool { return t.Test == strings.Trim(top, "^$") }); i >= 0 && top != "" {
		chosen = chosen[i : i+1]
	}
	switch {
	case len(chosen) == 1:
		one := chosen[0]
		if below != "" {
			one.Test += "/" + literal(below)
		}
		return one, nil
	case len(chosen) > 1:
		return Trial{}, fmt.Errorf("%s has %d trials: choose one with -run: %s", pattern, len(chosen), names(chosen))
	case len(all) > 0:
		return Trial{}, fmt.Errorf("-run %q matches no trial of %s (want one of %s)", run, pattern, names(all))
	}
	return Trial{}, fmt.Errorf("%s has no trial (want a test that calls seatrial.Check or seatrial.CheckEveryCall)", pattern)
}

// literal undoes [Pattern] for the names of sub-tests, and spells them as package
// testing does.
func literal(pattern string) string {
	parts := strings.Split(pattern, "/")
	for i, part := range parts {
		part = strings.TrimSuffix(strings.TrimPrefix(part, "^"), "$")
		parts[i] = strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return '_'
			}
			return r
		}, quoted.ReplaceAllString(part, "$1"))
	}
	return strings.Join(parts, "/")
}

var quoted = regexp.MustCompile(`\\([^a-zA-Z0-9])`)

func names(trials []Trial) string {
	var out []string
	for _, t := range trials {
		out = append(out, t.Test)
	}
	return strings.Join(out, ", ")
}

// numbered is how the name of a trial ends that is not the first of its test. Sub-tests
// of one name have two digits.
var numbered = regexp.MustCompile(`#[1-9]$`)

// testVariable names the test that a worker is to run; see package doc.
const testVariable = "SEATRIAL_TEST"

// Build compiles the package's tests into a folder, with flags of the go command,
// and returns a pool of one worker. The error is the compiler's, or says that the
// test does not come to a trial of its name.
func (t Trial) Build(ctx context.Context, folder string, flags ...string) (sweep.Pool, error) {
	binary := filepath.Join(folder, "worker.test")
	if err := t.compile(ctx, binary, nil, flags); err != nil {
		return sweep.Pool{}, err
	}
	pool := sweep.Pool{
		Binary: binary, Dir: t.Dir, Args: t.args(),
		// A race ends its process at once: it is the verdict of the seed.
		Env: []string{testVariable + "=" + t.Test, "GORACE=halt_on_error=1 exitcode=66"},
	}
	return pool, t.greet(ctx, pool)
}

// BuildGuest compiles the package's tests into a file as a module of exact mode, for
// linux/amd64, and returns how it is started. flags are those of exact.Builder.
func (t Trial) BuildGuest(ctx context.Context, file string, flags ...string) (sweep.Guest, error) {
	flags = append([]string{"-trimpath", "-ldflags=-s -w"}, flags...)
	err := t.compile(ctx, file, []string{"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0"}, flags)
	guest := sweep.Guest{Args: t.args(), Dir: t.Dir, Env: []string{testVariable + "=" + t.Test, sweep.GuestVariable + "=1"}}
	// What the test does before its call of Check may need the go command.
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "HOME=") || strings.HasPrefix(v, "PATH=") {
			guest.Env = append(guest.Env, v)
		}
	}
	return guest, err
}

// args run the test and no other.
func (t Trial) args() []string {
	return []string{"-test.run=" + Pattern(numbered.ReplaceAllString(t.Test, "")), "-test.timeout=0", "-test.count=1"}
}

func (t Trial) compile(ctx context.Context, file string, env, flags []string) error {
	args := append([]string{"test", "-c", "-vet=off", "-o", file}, flags...)
	command := exec.CommandContext(ctx, "go", append(args, t.Package)...)
	command.Env = append(os.Environ(), env...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); err != nil {
		return fmt.Errorf("building the tests of %s: %s", t.Package, says(err, out.Bytes()))
	}
	return nil
}

// Sources are the packages that a schedule of exact mode may interrupt: those of the
// trial's module, as the go command takes them.
func (t Trial) Sources(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{with .Module}}{{.Path}}{{end}}", t.Package).Output()
	if err != nil {
		return "", fmt.Errorf("finding the module of %s: %w", t.Package, err)
	}
	module := strings.TrimSpace(string(out))
	if module == "" || module == frontDoor { // whose packages are the world
		return t.Package + "/...", nil
	}
	return module + "/...", nil
}

// greet makes sure that a worker takes jobs: one that asks for nothing that any test
// has is refused, in as many words.
func (t Trial) greet(ctx context.Context, pool sweep.Pool) error {
	var answer sweep.Outcome
	nobody := sweep.Job{PlanOnly: true, Once: true}
	if err := pool.Run(ctx, slices.Values([]sweep.Job{nobody}), func(o sweep.Outcome) { answer = o }); err != nil {
		return err
	}
	if answer.Error != "" {
		return nil
	}
	return fmt.Errorf("%s of %s does not come to a trial of that name (want a test that calls seatrial.Check itself; of a sub-test the whole name, as -run 'TestSite/small'); it ended with: %s",
		t.Test, t.Package, lastLine(answer.Detail))
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
