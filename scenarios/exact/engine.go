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
	// Seed decides the random bytes that the host gives a module.
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

// died is the exit code of a program that ends in a trap, or by a signal: that
// of a panic.
const died = 2

// Open makes an engine for a module or a program, warm if it is a reactor. What
// is made of it is kept in the cache folder; damaged entries there are made again.
func Open(ctx context.Context, module []byte, cache string) (Engine, error) {
	if KindOf(module) == Fork {
		return openProgram(ctx, module, cache)
	}
	return openModule(ctx, module, cache)
}
