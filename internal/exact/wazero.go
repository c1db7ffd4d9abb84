package exact

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"

	"github.com/seatrial/seatrial/sim"
)

// wazeroEngine runs a WebAssembly module, on any kind of machine.
type wazeroEngine struct {
	runtime  wazero.Runtime
	module   wazero.CompiledModule
	program  *prepared
	memory   memory
	warm     *snapshot // of a reactor, once it is warm
	greeting []byte
}

// snapshot is a warm instance: all that the next one has to be given.
type snapshot struct {
	memory  []byte
	globals []uint64
	clock   clock
}

// openModule compiles a module, or finds it compiled in the cache folder, and
// warms it when it is a reactor.
func openModule(ctx context.Context, module []byte, cache string) (Engine, error) {
	p, err := prepare(module)
	if err != nil {
		return nil, err
	}
	e := &wazeroEngine{program: p}
	if err := e.compile(ctx, moduleDir(cache, digestOf(module))); err != nil {
		return nil, err
	}
	if !p.reactor {
		return e, nil
	}
	if err := e.warmUp(ctx); err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	p.data = nil // the snapshot has it
	return e, nil
}

// Greeting implements [Engine].
func (e *wazeroEngine) Greeting() []byte { return e.greeting }

// Close implements [Engine]: it frees the machine code.
func (e *wazeroEngine) Close(ctx context.Context) error { return e.runtime.Close(ctx) }

// warmUp lets a reactor do what no seed decides and keeps what it is then.
func (e *wazeroEngine) warmUp(ctx context.Context) error {
	run := &execution{engine: e}
	if err := run.begin(ctx, Input{}, e.program.data, clock{}); err != nil {
		return err
	}
	defer run.instance.Close(ctx)
	for _, export := range []string{initialiseExport, warmExport} {
		if err := run.call(ctx, export); err != nil {
			return fmt.Errorf("warming the module up: %w", err)
		}
		if run.exit != 0 {
			return fmt.Errorf("warming the module up: it exited with code %d\n%s", run.exit, run.stderr.Bytes())
		}
	}
	e.greeting = bytes.Clone(run.stdout.Bytes())
	e.warm = &snapshot{memory: bytes.Clone(e.memory.bytes[:e.memory.size]), clock: run.clock}
	for _, name := range e.program.globals {
		e.warm.globals = append(e.warm.globals, run.instance.ExportedGlobal(name).Get())
	}
	return nil
}

// Run implements [Engine].
func (e *wazeroEngine) Run(ctx context.Context, in Input) (Output, error) {
	run := &execution{engine: e}
	content, start, export := e.program.data, clock{}, "_start"
	if e.warm != nil {
		content, start, export = e.warm.memory, e.warm.clock, runExport
	}
	if err := run.begin(ctx, in, content, start); err != nil {
		return Output{}, err
	}
	defer run.instance.Close(ctx)
	if e.warm != nil {
		for i, name := range e.program.globals {
			run.instance.ExportedGlobal(name).(api.MutableGlobal).Set(e.warm.globals[i])
		}
	}
	if err := run.call(ctx, export); err != nil {
		return Output{}, err
	}
	return Output{run.stdout.Bytes(), run.stderr.Bytes(), run.exit}, nil
}

// execution is one instance and what it gives off.
type execution struct {
	engine         *wazeroEngine
	instance       api.Module
	clock          clock
	stdout, stderr bytes.Buffer
	exit           uint32
}

// begin makes an instance whose memory has the given content.
func (x *execution) begin(ctx context.Context, in Input, content []byte, start clock) error {
	x.clock = start
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions().
		WithStdin(bytes.NewReader(in.Stdin)).WithStdout(&x.stdout).WithStderr(&x.stderr).
		WithRandSource(sim.Stream(in.Seed, "exact")).
		WithNanotime(x.clock.nanotime, tick).WithWalltime(x.clock.walltime, tick).WithNanosleep(x.clock.sleep)
	config = config.WithArgs(append([]string{"program"}, in.Args...)...) // some read their name at once
	for _, e := range in.Env {
		config = config.WithEnv(e[0], e[1])
	}
	if !x.engine.program.reactor {
		config = config.WithEnv(seedVariable, fmt.Sprint(in.Seed))
	}
	if in.Root != "" {
		config = config.WithFSConfig(wazero.NewFSConfig().WithDirMount(in.Root, "/"))
	}
	var err error
	x.instance, err = x.engine.runtime.InstantiateModule(
		experimental.WithMemoryAllocator(ctx, &x.engine.memory), x.engine.module, config)
	if err != nil {
		return fmt.Errorf("making an instance of the module: %w", err)
	}
	const page = 1 << 16
	if missing := len(content) - x.engine.memory.size; missing > 0 {
		if _, ok := x.instance.Memory().Grow(uint32((missing + page - 1) / page)); !ok {
			return fmt.Errorf("making an instance of the module: it cannot have %d bytes of memory", len(content))
		}
	}
	x.engine.memory.begin(content)
	return nil
}

// call enters the instance and notes the exit code if it ends there.
func (x *execution) call(ctx context.Context, export string) error {
	function := x.instance.ExportedFunction(export)
	if function == nil {
		return fmt.Errorf("the module has no function %s", export)
	}
	_, err := function.Call(ctx)
	var exit *sys.ExitError
	switch {
	case errors.As(err, &exit):
		x.exit = exit.ExitCode()
	case err != nil: // a trap: package runtime ends with one when it gives up
		x.exit = died
		fmt.Fprintln(&x.stderr, err)
	}
	return nil
}
