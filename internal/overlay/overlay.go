package overlay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/internal/wholefile"
)

// Change replaces a text that a file of the standard library has once. File is
// relative to GOROOT/src, with slashes.
type Change struct{ File, Was, Is string }

// Overlay is what a program is built with in place of parts of the library.
// Changes of one file are made one after the other.
type Overlay struct {
	Added   map[string][]byte // files that the library does not have
	Removed []string          // files that it has and the program must not
	Changes []Change
	// Otherwise completes the message about a Go release that does not fit: what
	// to do instead.
	Otherwise string
}

// MismatchError says that the library of this Go release does not have a text
// that has to be changed, or has it more than once.
type MismatchError struct{ File, Text, Otherwise string }

// Error implements error.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s of this Go release does not have %q once, which the program has to be built without: %s", e.File, e.Text, e.Otherwise)
}

// Files returns the content of each file that is laid over the library in a
// folder, GOROOT/src; nil content: the file is taken away. The error is a
// [*MismatchError] when the library is not the one that the changes were written for.
func (o Overlay) Files(library string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	for name, content := range o.Added {
		files[name] = content
	}
	for _, name := range o.Removed {
		files[name] = nil
	}
	for _, c := range o.Changes {
		content := files[c.File]
		if content == nil {
			var err error
			if content, err = os.ReadFile(filepath.Join(library, filepath.FromSlash(c.File))); err != nil {
				return nil, fmt.Errorf("reading the standard library: %w", err)
			}
		}
		if strings.Count(string(content), c.Was) != 1 {
			return nil, &MismatchError{c.File, strings.TrimSpace(c.Was), o.Otherwise}
		}
		files[c.File] = []byte(strings.Replace(string(content), c.Was, c.Is, 1))
	}
	return files, nil
}

// Write puts into the folder dir what -overlay needs for a toolchain whose GOROOT
// is given, and returns the file to name. Files that are there already and equal
// stay as they are, so that many builds may use one folder.
func (o Overlay) Write(goroot, dir string) (string, error) {
	library := filepath.Join(goroot, "src")
	files, err := o.Files(library)
	if err != nil {
		return "", err
	}
	problems := []error{os.MkdirAll(dir, 0o755)}
	replace := make(map[string]string, len(files))
	for name, content := range files {
		laid := ""
		if content != nil {
			laid = filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
			problems = append(problems, WriteFile(laid, content, 0o644))
		}
		replace[filepath.Join(library, filepath.FromSlash(name))] = laid
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("encoding an overlay: %w", err)
	}
	file := filepath.Join(dir, "overlay.json")
	return file, errors.Join(append(problems, WriteFile(file, text, 0o644))...)
}

// WriteFile writes a file of the cache whole or not at all. A file that has the content already is left alone.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, data) {
		return nil
	}
	if err := wholefile.Write(path, data, mode); err != nil {
		return fmt.Errorf("writing to the cache: %w", err)
	}
	return nil
}

// Preempted are flags of the go command for a program whose goroutines seeds can
// preempt: at the beginning of any function of the packages that match the
// patterns, and when they take locks. They need what [Preemption] adds.
func Preempted(patterns ...string) []string {
	const hook = "-d=maymorestack=runtime.seatrialMayPreempt"
	flags := []string{"-gcflags=sync=" + hook, "-gcflags=internal/sync=" + hook}
	for _, pattern := range patterns {
		// What is inlined has no beginning to be preempted at.
		flags = append(flags, "-gcflags="+pattern+"=-l "+hook)
	}
	return flags
}

// SingleThread are the changes that leave a native program one thread, a clock
// that is a counter and generators of chance that begin where the program is told:
// the functions that they call are for the user's hooks to define, as are those in
// [Machine].
func SingleThread() []Change { return slices.Clone(singleThread) }

// WithoutClock are files whose place those changes take: the machine's clock.
func WithoutClock() []string { return []string{"runtime/timeasm.go", "runtime/time_linux_amd64.s"} }

// LazySeeding are the changes under which a source of math/rand remembers its seed
// and fills its table of 607 numbers at the first draw. What is drawn stays the
// same. A simulated world seeds two sources whenever something wakes a process, and
// few of them are drawn from before they are seeded again.
func LazySeeding() []Change { return slices.Clone(lazySeeding) }

var lazySeeding = []Change{
	{"math/rand/rng.go", "\tvec  [rngLen]int64 // current feedback register\n", "\tvec  *[rngLen]int64 // current feedback register; filled at the first draw\n\n\tseatrialSeed int64\n\tseatrialLazy bool\n"},
	{
		"math/rand/rng.go", "func (rng *rngSource) Seed(seed int64) {\n",
		"func (rng *rngSource) Seed(seed int64) {\n\trng.seatrialSeed, rng.seatrialLazy = seed, true\n}\n\n" +
			"func (rng *rngSource) seatrialFill(seed int64) {\n\trng.seatrialLazy = false\n\tif rng.vec == nil {\n\t\trng.vec = new([rngLen]int64)\n\t}\n",
	},
	{"math/rand/rng.go", "func (rng *rngSource) Uint64() uint64 {\n", "func (rng *rngSource) Uint64() uint64 {\n\tif rng.seatrialLazy {\n\t\trng.seatrialFill(rng.seatrialSeed)\n\t}\n"},
}

var singleThread = []Change{
	// The thread that interrupts goroutines, and takes work from those that wait
	// for the system, when the clock says so.
	{"runtime/proc.go", `const haveSysmon = GOARCH != "wasm"`, "const haveSysmon = false"},
	// The main goroutine has the first thread for itself until all packages are
	// initialised, and the others have a second one: then two race.
	{"runtime/proc.go", "// to preserve the lock.\n\tlockOSThread()\n", "// to preserve the lock.\n"},
	{"runtime/proc.go", "needUnlock = false\n\tunlockOSThread()\n", "needUnlock = false\n"},
	{"runtime/proc.go", "needUnlock := true\n", "needUnlock := false\n"},
	// Where the heap is, map hashes and all generators begin with a draw.
	{"runtime/malloc.go", "randomizeHeapBase = goexperiment.RandomizedHeapBase64 && ", "randomizeHeapBase = false && goexperiment.RandomizedHeapBase64 && "},
	{"runtime/rand.go", "\tglobalRand.state.Init(*seed)\n", "\tglobalRand.state.Init(seatrialStart())\n"},
	{"runtime/vgetrandom_linux.go", "func vgetrandom(p []byte, flags uint32) (ret int, supported bool) {\n", "func vgetrandom(p []byte, flags uint32) (ret int, supported bool) {\n\treturn seatrialRandom(p), true\n"},
	// The clock. On amd64 time.Now is assembly, beside the one for other machines.
	{"runtime/time_nofake.go", "return nanotime1()", "return seatrialNanotime()"},
	{"runtime/timestub.go", " && !(linux && amd64)", ""},
	{"runtime/timestub.go", "sec, nsec = walltime()", "sec, nsec = seatrialWalltime()"},
	{"runtime/netpoll_epoll.go", "func netpoll(delay int64) (gList, int32) {\n", "func netpoll(delay int64) (gList, int32) {\n\tdelay = seatrialPoll(delay)\n"},
	// What log lines begin with.
	{"os/exec.go", "func Getpid() int { return syscall.Getpid() }", "func Getpid() int { return 1 }"},
}
