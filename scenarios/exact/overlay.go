package exact

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What decides about goroutines is laid over the standard library when a module
// is built (go build -overlay); the library itself stays as it is. A file of
// hooks adds to package runtime. A program that forks has changes, too: where a
// WebAssembly module asks its host, it would ask the machine.

//go:embed hooks
var hooks embed.FS

// added are the files of hooks, by kind of module, that package runtime gets.
var added = map[string][]string{
	Wasm: {"preempt.go"},
	Fork: {"preempt.go", "fork.go"},
}

// A change replaces a text that a file of the standard library has once.
type change struct{ file, was, is string }

// changes are what a program that forks is built with.
var changes = []change{
	// The thread that interrupts goroutines, and takes work from those that wait
	// for the system, when the clock says so.
	{"runtime/proc.go", `const haveSysmon = GOARCH != "wasm"`, "const haveSysmon = false"},
	// The main goroutine has the first thread for itself until all packages are
	// initialised, and the others have a second one: then two race.
	{"runtime/proc.go", "// to preserve the lock.\n\tlockOSThread()\n", "// to preserve the lock.\n"},
	{"runtime/proc.go", "needUnlock = false\n\tunlockOSThread()\n", "needUnlock = false\n"},
	// Where the heap is, map hashes and all generators begin with a draw.
	{"runtime/malloc.go", "randomizeHeapBase = goexperiment.RandomizedHeapBase64 && ", "randomizeHeapBase = false && goexperiment.RandomizedHeapBase64 && "},
	{"runtime/rand.go", "\tglobalRand.state.Init(*seed)\n", "\t*seed = [32]byte{}\n\tglobalRand.state.Init(*seed)\n"},
	{"runtime/vgetrandom_linux.go", "func vgetrandom(p []byte, flags uint32) (ret int, supported bool) {\n", "func vgetrandom(p []byte, flags uint32) (ret int, supported bool) {\n\treturn seatrialRandom(p), true\n"},
	// The clock. On amd64 time.Now is assembly, beside the one for other machines.
	{"runtime/time_nofake.go", "return nanotime1()", "return seatrialNanotime()"},
	{"runtime/timestub.go", " && !(linux && amd64)", ""},
	{"runtime/timestub.go", "sec, nsec = walltime()", "sec, nsec = seatrialWalltime()"},
	{"runtime/netpoll_epoll.go", "func netpoll(delay int64) (gList, int32) {\n", "func netpoll(delay int64) (gList, int32) {\n\tdelay = seatrialPoll(delay)\n"},
	// What log lines begin with.
	{"os/exec.go", "func Getpid() int { return syscall.Getpid() }", "func Getpid() int { return 1 }"},
	{"os/sys_linux.go", "func hostname() (name string, err error) {\n", "func hostname() (name string, err error) {\n\treturn \"seatrial\", nil\n"},
}

// removed are files that a program that forks is built without.
var removed = []string{"runtime/timeasm.go", "runtime/time_linux_amd64.s"}

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
		// Without the second tag, grpc brings html/template along, and that keeps
		// every method of every type: a fifth of the module.
		"-tags=" + hooksTag + ",grpcnotrace",
		"-gcflags=sync=" + hook, "-gcflags=internal/sync=" + hook,
	}
	for _, pattern := range patterns {
		// What is inlined has no beginning to be preempted at.
		flags = append(flags, "-gcflags="+pattern+"=-l "+hook)
	}
	return flags, nil
}

// layOver writes what -overlay needs and returns its file.
func (b Builder) layOver(ctx context.Context) (string, error) {
	root, err := b.ask(ctx, "GOROOT")
	if err != nil {
		return "", err
	}
	files, err := b.overlay(filepath.Join(root, "src"))
	if err != nil {
		return "", err
	}
	dir := filepath.Join(b.Cache, "overlay", b.kind())
	problems := []error{os.MkdirAll(dir, 0o755)}
	replace := make(map[string]string, len(files))
	for name, content := range files {
		laid := ""
		if content != nil { // else the file is taken away
			laid = filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
			problems = append(problems, writeFile(laid, content, 0o644))
		}
		replace[filepath.Join(root, "src", filepath.FromSlash(name))] = laid
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("encoding an overlay: %w", err)
	}
	file := filepath.Join(dir, "overlay.json")
	return file, errors.Join(append(problems, writeFile(file, text, 0o644))...)
}

// overlay is the content of each file that is laid over the standard library in
// a folder; nil: there is none.
func (b Builder) overlay(library string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	for _, name := range added[b.kind()] {
		content, err := hooks.ReadFile("hooks/" + name + ".txt")
		if err != nil {
			return nil, fmt.Errorf("reading hooks: %w", err)
		}
		files["runtime/seatrial_"+name] = content
	}
	if b.kind() != Fork {
		return files, nil
	}
	for _, name := range removed {
		files[name] = nil
	}
	for _, c := range changes {
		content := files[c.file]
		if content == nil {
			var err error
			if content, err = os.ReadFile(filepath.Join(library, filepath.FromSlash(c.file))); err != nil {
				return nil, fmt.Errorf("reading the standard library: %w", err)
			}
		}
		if strings.Count(string(content), c.was) != 1 {
			return nil, fmt.Errorf("%s of this Go release does not have %q once, which a program of exact mode has to be built without: use a WebAssembly module (--engine wasm), or the Go release that go.mod names", c.file, strings.TrimSpace(c.was))
		}
		files[c.file] = []byte(strings.Replace(string(content), c.was, c.is, 1))
	}
	return files, nil
}
