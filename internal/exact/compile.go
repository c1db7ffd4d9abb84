package exact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/seatrial/seatrial/internal/exact/wasm"
	"github.com/seatrial/seatrial/internal/overlay"
)

// Compile makes sure that the cache holds a module's machine code, so that many
// processes can begin with it at once, and returns the digest of the module and
// its kind. It tells progress when that takes long, the first time a module is
// seen on a machine.
func Compile(ctx context.Context, file, cache string, progress io.Writer) (digest, kind string, err error) {
	module, digest, err := Load(file)
	if err != nil {
		return "", "", err
	}
	kind = KindOf(module)
	mark := filepath.Join(moduleDir(cache, digest), marks[kind])
	if _, err := os.Stat(mark); err == nil {
		return digest, kind, nil
	}
	if kind == Fork {
		err = keepForking(module, digest, cache)
	} else {
		fmt.Fprintln(progress, "seatrial: compiling the module to machine code, once per machine")
		err = compileOnce(ctx, module, moduleDir(cache, digest))
	}
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", file, err)
	}
	return digest, kind, errors.Join(overlay.WriteFile(mark, nil, 0o644), prune(cache, kind))
}

// marks are files beside modules that are ready, by kind.
var marks = map[string]string{Wasm: "complete", Fork: "complete-fork"}

// keepForking keeps a program that can run here: its machine code is in it.
func keepForking(program []byte, digest, cache string) error {
	if err := forks(program); err != nil {
		return err
	}
	_, err := store(program, digest, cache)
	return err
}

// compileOnce leaves a module's machine code in a folder.
func compileOnce(ctx context.Context, module []byte, dir string) error {
	p, err := prepare(module)
	if err != nil {
		return err
	}
	e := &wazeroEngine{program: p}
	if err := e.compile(ctx, dir); err != nil {
		return err
	}
	return e.Close(ctx)
}

// moduleDir is the folder for a module that was built, and its machine code.
func moduleDir(cache, digest string) string {
	return filepath.Join(cache, "modules", strings.ReplaceAll(digest, ":", "-"))
}

// kept is how many modules of each kind stay in the cache: some 700 megabytes each
// with their machine code, a native program 50.
const kept = 4

// prune removes all modules of a kind but the latest.
func prune(cache, kind string) error {
	marks, err := filepath.Glob(filepath.Join(cache, "modules", "*", marks[kind]))
	if err != nil {
		return fmt.Errorf("pruning the cache: %w", err)
	}
	at := make(map[string]int64, len(marks))
	for _, mark := range marks {
		if info, err := os.Stat(mark); err == nil { // else another process was faster
			at[mark] = info.ModTime().UnixNano()
		}
	}
	slices.SortFunc(marks, func(a, b string) int { return cmp.Compare(at[b], at[a]) })
	for _, mark := range marks[min(kept, len(marks)):] {
		if err := os.RemoveAll(filepath.Dir(mark)); err != nil {
			return fmt.Errorf("pruning the cache: %w", err)
		}
	}
	return nil
}

// compile turns the module into machine code, or finds it in the folder. What
// is damaged there is thrown away and made again.
func (e *wazeroEngine) compile(ctx context.Context, dir string) error {
	straight, err := straightened(e.program.code, dir)
	if err != nil {
		return err
	}
	e.program.code = straight
	dir = filepath.Join(dir, "compiled")
	err = e.compileInto(ctx, dir)
	if err != nil && strings.Contains(err.Error(), "compilationcache") { // wazero has no name for it
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("clearing the cache: %w", err)
		}
		err = e.compileInto(ctx, dir)
	}
	e.program.code = nil
	return err
}

// straightened rewrites the code for speed, or finds that done in the folder.
func straightened(code []byte, dir string) ([]byte, error) {
	file := filepath.Join(dir, "straight-"+wasm.Version()+".wasm")
	if err := discardDamaged(file); err != nil {
		return nil, err
	}
	if straight, err := os.ReadFile(file); err == nil {
		return straight, nil
	}
	straight, err := wasm.Straighten(code)
	if err != nil {
		return nil, err
	}
	return straight, errors.Join(os.MkdirAll(dir, 0o755),
		overlay.WriteFile(file+".digest", []byte(digestOf(straight)+"\n"), 0o644), overlay.WriteFile(file, straight, 0o644))
}

func (e *wazeroEngine) compileInto(ctx context.Context, dir string) error {
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return fmt.Errorf("opening the cache of compiled modules: %w", err)
	}
	config := wazero.NewRuntimeConfig().WithCompilationCache(cache).WithDebugInfoEnabled(false).
		WithMemoryLimitPages(wasm.MemoryPages)
	r := wazero.NewRuntimeWithConfig(ctx, config)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, r); err != nil {
		return errors.Join(fmt.Errorf("providing wasip1: %w", err), r.Close(ctx))
	}
	module, err := r.CompileModule(experimental.WithCompilationWorkers(ctx, runtime.NumCPU()), e.program.code)
	if err != nil {
		return errors.Join(fmt.Errorf("compiling the module: %w", err), r.Close(ctx))
	}
	e.runtime, e.module = r, module
	return nil
}
