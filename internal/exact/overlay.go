package exact

import (
	"context"
	_ "embed" // for the hooks
	"maps"
	"path/filepath"

	"github.com/seatrial/seatrial/internal/overlay"
)

// What decides about goroutines is laid over the standard library when a module
// is built (go build -overlay); the library itself stays as it is. A file of
// hooks adds to package runtime. A program that forks has changes, too: where a
// WebAssembly module asks its host, it would ask the machine.

//go:embed hooks/fork.go.txt
var forkHook []byte

// overlay is what is laid over the library for a kind of module.
func (b Builder) overlay() overlay.Overlay {
	if b.kind() != Fork {
		return overlay.Overlay{Added: overlay.Preemption()}
	}
	added := overlay.Preemption()
	maps.Copy(added, overlay.Machine())
	added["runtime/seatrial_fork.go"] = forkHook
	return overlay.Overlay{
		Added: added, Removed: overlay.WithoutClock(),
		Changes: append(overlay.SingleThread(), overlay.Change{
			File: "os/sys_linux.go",
			Was:  "func hostname() (name string, err error) {\n",
			Is:   "func hostname() (name string, err error) {\n\treturn \"seatrial\", nil\n",
		}),
		Otherwise: "use a WebAssembly module (--engine wasm), or the Go release that go.mod names",
	}
}

// Flags are what go build and go test need, beside GOOS=wasip1 GOARCH=wasm, for
// a program whose goroutines seeds can preempt: at the beginning of any
// function of the packages that match the patterns, and when they take locks.
func (b Builder) Flags(ctx context.Context, patterns ...string) ([]string, error) {
	root, err := b.ask(ctx, "GOROOT")
	if err != nil {
		return nil, err
	}
	file, err := b.overlay().Write(root, filepath.Join(b.Cache, "overlay", b.kind()))
	if err != nil {
		return nil, err
	}
	return append([]string{
		"-overlay=" + file,
		// Without the second tag, grpc brings html/template along, and that keeps
		// every method of every type: a fifth of the module.
		"-tags=" + hooksTag + ",grpcnotrace",
	}, overlay.Preempted(patterns...)...), nil
}
