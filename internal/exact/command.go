//go:build linux && amd64

package exact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"syscall"
)

// commandEngine runs a native program from its beginning each time. The program
// finds the seed of its runtime in its environment: see hooks/fork.go.txt.
type commandEngine struct{ file string }

func openCommand(program []byte, cache string) (Engine, error) {
	file, err := store(program, digestOf(program), cache)
	return commandEngine{file}, err
}

// Greeting implements [Engine].
func (commandEngine) Greeting() []byte { return nil }

// Close implements [Engine].
func (commandEngine) Close(context.Context) error { return nil }

// Run implements [Engine]. The program sees the host's files, whatever the root.
func (e commandEngine) Run(ctx context.Context, in Input) (Output, error) {
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, e.file)
	c.Args = append([]string{"program"}, in.Args...)
	c.Env = slices.Clone(bareEnvironment)
	for _, v := range append(in.Env, [2]string{seedVariable, fmt.Sprint(in.Seed)}) {
		c.Env = append(c.Env, v[0]+"="+v[1])
	}
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(in.Stdin), &stdout, &stderr
	c.SysProcAttr = diesWithHost
	err := c.Run()
	if ctx.Err() != nil { // then it was killed
		return Output{}, ctx.Err()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Output{}, fmt.Errorf("running the program: %w", err)
	}
	out := Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}
	out.end(c.ProcessState.Sys().(syscall.WaitStatus))
	return out, nil
}
