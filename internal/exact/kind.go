package exact

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// Kinds of what an engine runs.
const (
	// Wasm is a WebAssembly module: the same run on any kind of machine.
	Wasm = "wasm"
	// Fork is a native program for linux/amd64, which forks for each run, unless it
	// is a command: several times faster, and the same run on all such machines.
	Fork = "fork"
)

// KindOf says what a file's content is: [Fork], or else [Wasm].
func KindOf(module []byte) string {
	if bytes.HasPrefix(module, []byte(elf.ELFMAG)) {
		return Fork
	}
	return Wasm
}

// CanFork says why this machine cannot run programs of kind [Fork]; nil: it can.
func CanFork() error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return fmt.Errorf("a program of exact mode runs on linux/amd64, and this is %s/%s: use a WebAssembly module (--engine wasm)", runtime.GOOS, runtime.GOARCH)
	}
	return nil
}

// hooksTag is what everything that runs in exact mode is built with.
const hooksTag = "seatrial_hooks"

// forks checks that content is a program of exact mode and that this machine can
// run it: whatever else it is, it is not begun.
func forks(program []byte) error {
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		return fmt.Errorf("not a program as the Go linker writes it: %w", err)
	}
	setting := make(map[string]string)
	for _, s := range info.Settings {
		setting[s.Key] = s.Value
	}
	if !slices.Contains(strings.Split(setting["-tags"], ","), hooksTag) {
		return fmt.Errorf("%s is not a program of exact mode: build one with seatrial replay --exact --engine fork, or, a test, with the flags that seatrial exec --build-flags --engine fork prints", info.Path)
	}
	if setting["CGO_ENABLED"] == "1" {
		return fmt.Errorf("%s is built with cgo, which starts threads of its own: build it with CGO_ENABLED=0", info.Path)
	}
	if system, arch := setting["GOOS"], setting["GOARCH"]; system != "linux" || arch != "amd64" {
		return fmt.Errorf("a program of exact mode runs on linux/amd64, and this is one for %s/%s", system, arch)
	}
	return CanFork()
}
