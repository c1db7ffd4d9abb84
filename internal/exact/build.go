package exact

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// guestPackage is the program that becomes the module.
const guestPackage = "github.com/seatrial/seatrial/internal/exact/guest"

// Builder makes a module from Go sources.
type Builder struct {
	// Dir is where the go command runs: inside a checkout of this project, or
	// of a module that requires it. Default: the working directory.
	Dir string
	// Cache is a folder for what was built; see [CacheDir].
	Cache string
	// Version is the project's own, for finding its sources when Dir leads to
	// none; "" or "(devel)": unknown.
	Version string
	// Kind of what is built, [Wasm] or [Fork]; default: [Wasm].
	Kind string
	// Progress gets a line now and then; nil: nobody is told.
	Progress io.Writer
}

// CacheDir is the folder that is used when nobody names another.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a folder for the cache: %w", err)
	}
	return filepath.Join(dir, "seatrial"), nil
}

// Build returns a file that holds the module and that later builds leave alone. When the sources are those of
// the last time, the go command finds that out in a few seconds and nothing is
// built.
func (b Builder) Build(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", fmt.Errorf("building the module of exact mode takes the go command (%w); --module FILE uses one that was built elsewhere", err)
	}
	dir, err := b.sources(ctx)
	if err != nil {
		return "", err
	}
	b.Dir = dir
	flags, err := b.Flags(ctx, "github.com/seatrial/seatrial/controller/...")
	if err != nil {
		return "", err
	}
	built := b.target(dir)
	if err := discardDamaged(built); err != nil {
		return "", err
	}
	args := append([]string{"build", "-v", "-trimpath", "-ldflags=-s -w"}, flags...)
	if b.kind() == Wasm {
		args = append(args, "-buildmode=c-shared") // a reactor
	}
	b.say("building the module of exact mode; the first time that takes minutes")
	if err := b.run(ctx, append(args, "-o", built, guestPackage)...); err != nil {
		return "", err
	}
	return keep(built, b.Cache)
}

// target is where the go command finds what it built last from a folder.
func (b Builder) target(dir string) string {
	name := sha256.Sum256([]byte(dir))
	return filepath.Join(b.Cache, "built", hex.EncodeToString(name[:8])+"."+b.kind())
}

func (b Builder) kind() string { return cmp.Or(b.Kind, Wasm) }

// Built says whether there is a module built from these sources, however they
// were then: without one, Build takes minutes.
func (b Builder) Built(ctx context.Context) bool {
	dir, err := b.sources(ctx)
	if err != nil {
		return false
	}
	_, err = os.Stat(b.target(dir))
	return err == nil
}

// sources finds the folder of the project's module, in which the go command
// knows the guest's package.
func (b Builder) sources(ctx context.Context) (string, error) {
	list := b.aim(exec.CommandContext(ctx, "go", "list", "-tags="+hooksTag, "-f", "{{.Dir}}", guestPackage))
	list.Dir = b.Dir
	if _, err := list.Output(); err == nil {
		file, err := b.ask(ctx, "GOMOD")
		return filepath.Dir(file), err
	}
	none := errors.New("the sources of seatrial, which exact mode is built from, are not here: run inside a checkout of it or of a module that requires github.com/seatrial/seatrial, or give --module FILE with a module that was built elsewhere")
	if b.Version == "" || strings.HasPrefix(b.Version, "(") {
		return "", none
	}
	download := exec.CommandContext(ctx, "go", "mod", "download", "-json", "github.com/seatrial/seatrial@"+b.Version)
	out, err := download.Output()
	if err != nil {
		return "", none
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil || module.Dir == "" {
		return "", none
	}
	return module.Dir, nil
}

// ask returns a variable of the go command's environment.
func (b Builder) ask(ctx context.Context, name string) (string, error) {
	env := exec.CommandContext(ctx, "go", "env", name)
	env.Dir = b.Dir
	value, err := env.Output()
	if err != nil {
		return "", fmt.Errorf("asking the go command for %s: %w", name, err)
	}
	return strings.TrimSpace(string(value)), nil
}

// run lets the go command build, and tells how far it is.
func (b Builder) run(ctx context.Context, args ...string) error {
	command := b.aim(exec.CommandContext(ctx, "go", args...))
	command.Dir = b.Dir
	stderr, err := command.StderrPipe()
	if err != nil {
		return fmt.Errorf("starting the go command: %w", err)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting the go command: %w", err)
	}
	var messages bytes.Buffer
	packages := 0
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		// With -v the name of each package that is compiled has a line.
		if line := lines.Text(); strings.ContainsAny(line, " :") {
			fmt.Fprintln(&messages, line)
		} else if packages++; packages%100 == 0 {
			b.say("  %d packages compiled", packages)
		}
	}
	if err := command.Wait(); err != nil {
		return fmt.Errorf("building the module of exact mode: %w\n%s", err, messages.Bytes())
	}
	return nil
}

// aim makes the go command build for where the module is to run.
func (b Builder) aim(c *exec.Cmd) *exec.Cmd {
	target := []string{"GOOS=wasip1", "GOARCH=wasm"}
	if b.kind() == Fork {
		target = []string{"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0"}
	}
	c.Env = append(os.Environ(), target...)
	return c
}

func (b Builder) say(format string, args ...any) {
	if b.Progress != nil {
		fmt.Fprintf(b.Progress, "seatrial: "+format+"\n", args...)
	}
}
