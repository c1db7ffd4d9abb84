package exact

import (
	"context"

	"github.com/seatrial/seatrial/sim"
)

// Engine runs one module or program, one instance at a time.
type Engine interface {
	// Greeting is what a reactor wrote when it was warm.
	Greeting() []byte
	// Run makes a fresh instance and lets it run to its end. Same module, same
	// input: same output. An error means that the host failed; what the program
	// did wrong is in its exit code and output.
	Run(context.Context, Input) (Output, error)
	// Close frees what the engine holds.
	Close(context.Context) error
}

// Input is what one run depends on, beside the module.
type Input struct {
	// Seed decides the random bytes that the host gives a module, and what the
	// runtime of a native command begins with. Commands find it in SEATRIAL_SEED.
	Seed  sim.Seed
	Stdin []byte
	// Args, Env and Root are for commands; a reactor has none.
	Args []string    // without the program's name
	Env  [][2]string // name, value
	Root string      // folder that the program sees as /; empty: none
}

// Output is what one run left.
type Output struct {
	Stdout, Stderr []byte
	ExitCode       uint32
}

// seedVariable tells a command its seed.
const seedVariable = "SEATRIAL_SEED"

// died is the exit code of a program that ends in a trap, or by a signal: that
// of a panic.
const died = 2

// Start is what a native program that forks is begun with, beside the same bare
// environment everywhere. Its zero value is right for one that [Builder.Build] made; a
// test binary needs to be told its test.
type Start struct {
	Args []string // without the program's name
	Env  []string // NAME=VALUE
	Dir  string   // default /
}

// Open makes an engine for what runs seeds, and warms it up. What is made of it is
// kept in the cache folder; damaged entries there are made again.
func Open(ctx context.Context, module []byte, cache string, s Start) (Engine, error) {
	if KindOf(module) == Fork {
		return openProgram(ctx, module, cache, s)
	}
	return openModule(ctx, module, cache)
}

// OpenCommand makes an engine for a program that begins at its beginning each
// time, such as a test binary.
func OpenCommand(ctx context.Context, module []byte, cache string) (Engine, error) {
	if KindOf(module) == Fork {
		return openCommand(module, cache)
	}
	return openModule(ctx, module, cache)
}
