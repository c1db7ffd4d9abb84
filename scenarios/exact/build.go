package exact

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // for the file laid over package runtime
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
const guestPackage = "github.com/seatrial/seatrial/scenarios/exact/guest"

//go:embed hooks/runtime.go.txt
var runtimeHooks []byte

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
	args := append([]string{"build", "-v", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w"}, flags...)
	b.say("building the module of exact mode; the first time that takes minutes")
	if err := b.run(ctx, append(args, "-o", built, guestPackage)...); err != nil {
		return "", err
	}
	return keep(built, b.Cache)
}

// target is where the go command finds what it built last from a folder.
func (b Builder) target(dir string) string {
	name := sha256.Sum256([]byte(dir))
	return filepath.Join(b.Cache, "built", hex.EncodeToString(name[:8])+".wasm")
}

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

// Flags are what go build and go test need, beside GOOS=wasip1 GOARCH=wasm, for
// a program whose goroutines seeds can preempt: at the beginning of any
// function of the packages that match the patterns, and when they take locks.
func (b Builder) Flags(ctx context.Context, patterns ...string) ([]string, error) {
	overlay, err := b.layOver(ctx)
	if err != nil {
		return nil, err
	}
	const hook = "-d=maymorestack=runtime.seatrialMayPreempt"
	flags := []string{
		"-overlay=" + overlay,
		// Without the tag, grpc brings html/template along, and that keeps every
		// method of every type: a fifth of the module.
		"-tags=seatrial_hooks,grpcnotrace",
		"-gcflags=sync=" + hook, "-gcflags=internal/sync=" + hook,
	}
	for _, pattern := range patterns {
		// What is inlined has no beginning to be preempted at.
		flags = append(flags, "-gcflags="+pattern+"=-l "+hook)
	}
	return flags, nil
}

// sources finds the folder of the project's module, in which the go command
// knows the guest's package.
func (b Builder) sources(ctx context.Context) (string, error) {
	list := wasip1(exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", guestPackage))
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

// layOver writes what -overlay needs and returns its file.
func (b Builder) layOver(ctx context.Context) (string, error) {
	root, err := b.ask(ctx, "GOROOT")
	if err != nil {
		return "", err
	}
	added := filepath.Join(b.Cache, "overlay", "runtime.go")
	place := filepath.Join(root, "src", "runtime", "seatrial.go")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{place: added}})
	if err != nil {
		return "", fmt.Errorf("encoding an overlay: %w", err)
	}
	file := filepath.Join(b.Cache, "overlay", "overlay.json")
	return file, errors.Join(os.MkdirAll(filepath.Dir(file), 0o755),
		writeFile(added, runtimeHooks), writeFile(file, overlay))
}

// run lets the go command build, and tells how far it is.
func (b Builder) run(ctx context.Context, args ...string) error {
	command := wasip1(exec.CommandContext(ctx, "go", args...))
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

func wasip1(c *exec.Cmd) *exec.Cmd {
	c.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	return c
}

func (b Builder) say(format string, args ...any) {
	if b.Progress != nil {
		fmt.Fprintf(b.Progress, "seatrial: "+format+"\n", args...)
	}
}
