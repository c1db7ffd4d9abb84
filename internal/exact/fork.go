//go:build linux && amd64

package exact

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"syscall"
)

// A program of exact mode warms up once and forks for each run, so that each
// begins with the same memory: what it keeps in caches, how full its heap is and
// what its generators of chance have drawn. What its runtime lacks (the clock,
// the thread that interrupts goroutines, the machine's randomness) is told in
// hooks/fork.go.txt and overlay.go.

// forkEngine runs a program for this kind of machine.
type forkEngine struct {
	command *exec.Cmd
	// Input and output of a run are files: a run that ends in the middle leaves
	// nothing in a pipe for the next.
	stdin, stdout, stderr *os.File
	runs                  *os.File // a byte asks for a run
	ends                  *os.File // how it ended, see waitStatus
	greeting              []byte
}

// The program finds these beside standard input, output and errors.
const (
	runsDescriptor = 3
	endsDescriptor = 4
)

// waitStatus is what wait4 says of a run, in the byte order of the machine.
type waitStatus [4]byte

// bareEnvironment is what a program finds: one thread, no collection of garbage
// that the program has not asked for, UTC.
var bareEnvironment = []string{"GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1", "TZ="}

// diesWithHost keeps a program from running on when its host is killed.
var diesWithHost = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}

// openProgram starts a program and waits until it is warm.
func openProgram(ctx context.Context, program []byte, cache string, s Start) (Engine, error) {
	file, err := store(program, digestOf(program), cache)
	if err != nil {
		return nil, err
	}
	e := &forkEngine{}
	if err := e.start(file, s); err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	if err := e.wait(new(waitStatus)); err != nil {
		return nil, errors.Join(fmt.Errorf("warming the program up: %w", err), e.Close(ctx))
	}
	if e.greeting, err = contents(e.stdout); err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	return e, nil
}

// start lets the program begin. It has to find the same environment everywhere:
// even the length of a variable would move addresses.
func (e *forkEngine) start(file string, s Start) error {
	var problems [3]error
	e.stdin, problems[0] = scratchFile(0)
	e.stdout, problems[1] = scratchFile(os.O_APPEND)
	e.stderr, problems[2] = scratchFile(os.O_APPEND)
	if err := errors.Join(problems[:]...); err != nil {
		return err
	}
	asked, runs, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("starting the program: %w", err)
	}
	defer asked.Close()
	ends, ended, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("starting the program: %w", err), runs.Close())
	}
	defer ended.Close()
	e.runs, e.ends = runs, ends
	e.command = &exec.Cmd{
		Path: file, Args: append([]string{"program"}, s.Args...), Dir: cmp.Or(s.Dir, "/"),
		Env: slices.Concat(bareEnvironment, s.Env), Stdin: e.stdin, Stdout: e.stdout, Stderr: e.stderr,
		ExtraFiles:  []*os.File{runsDescriptor - 3: asked, endsDescriptor - 3: ended},
		SysProcAttr: diesWithHost,
	}
	if err := e.command.Start(); err != nil {
		e.command = nil
		return fmt.Errorf("starting the program: %w", err)
	}
	return nil
}

// Greeting implements [Engine].
func (e *forkEngine) Greeting() []byte { return e.greeting }

// Run implements [Engine]. When the context ends, so does the program, and with
// it the engine.
func (e *forkEngine) Run(ctx context.Context, in Input) (Output, error) {
	if len(in.Args) > 0 || len(in.Env) > 0 || in.Root != "" {
		return Output{}, errors.New("a program that forks has neither arguments nor environment nor files: commands have")
	}
	defer context.AfterFunc(ctx, func() { e.command.Process.Kill() })()
	if err := e.begin(in.Stdin); err != nil {
		return Output{}, fmt.Errorf("beginning a run: %w", err)
	}
	var status waitStatus
	if err := e.wait(&status); err != nil {
		return Output{}, err
	}
	var out Output
	var problems [2]error
	out.Stdout, problems[0] = contents(e.stdout)
	out.Stderr, problems[1] = contents(e.stderr)
	out.end(syscall.WaitStatus(binary.NativeEndian.Uint32(status[:])))
	return out, errors.Join(problems[:]...)
}

// end notes how a process ended.
func (o *Output) end(status syscall.WaitStatus) {
	if status.Exited() {
		o.ExitCode = uint32(status.ExitStatus())
		return
	}
	o.ExitCode = died
	o.Stderr = fmt.Appendf(o.Stderr, "the program was ended by signal %d, %v\n", status.Signal(), status.Signal())
}

// begin gives the program its input, clears what the last run printed, and asks
// for a run. Output is appended, so that only the input has a place to go back to.
func (e *forkEngine) begin(stdin []byte) error {
	for _, f := range []*os.File{e.stdin, e.stdout, e.stderr} {
		if err := f.Truncate(0); err != nil {
			return err
		}
	}
	if _, err := e.stdin.WriteAt(stdin, 0); err != nil {
		return err
	}
	if _, err := e.stdin.Seek(0, io.SeekStart); err != nil { // the program shares it
		return err
	}
	_, err := e.runs.Write([]byte{1})
	return err
}

// wait reads how a run, or the warming up, ended.
func (e *forkEngine) wait(status *waitStatus) error {
	if _, err := io.ReadFull(e.ends, status[:]); err != nil {
		printed, _ := contents(e.stderr)
		return fmt.Errorf("the program of exact mode is gone: %w\n%s", err, printed)
	}
	return nil
}

// Close implements [Engine]: it ends the program, and a run that is under way.
func (e *forkEngine) Close(context.Context) error {
	var problems []error
	if e.command != nil {
		e.command.Process.Kill()
		e.command.Wait() // it was killed: that is no error here
	}
	for _, f := range []*os.File{e.runs, e.ends, e.stdin, e.stdout, e.stderr} {
		if f != nil {
			problems = append(problems, f.Close())
		}
	}
	return errors.Join(problems...)
}

// scratchFile makes a file without a name.
func scratchFile(flag int) (*os.File, error) {
	named, err := os.CreateTemp("", "seatrial-")
	if err != nil {
		return nil, fmt.Errorf("making a file for the program: %w", err)
	}
	file, err := os.OpenFile(named.Name(), os.O_RDWR|flag, 0)
	if err = errors.Join(err, named.Close(), os.Remove(named.Name())); err != nil {
		return nil, fmt.Errorf("making a file for the program: %w", err)
	}
	return file, nil
}

func contents(f *os.File) ([]byte, error) {
	content, err := io.ReadAll(io.NewSectionReader(f, 0, math.MaxInt64))
	if err != nil {
		return nil, fmt.Errorf("reading what the program wrote: %w", err)
	}
	return content, nil
}
