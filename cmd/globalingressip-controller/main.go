// Command globalingressip-controller gives every exported Service one global
// IP.
//
// Exit codes: 0 stopped by a signal · 1 could not run · 2 usage or invalid
// configuration · 3 check found something.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const (
	exitOK      = 0
	exitFailed  = 1
	exitInvalid = 2
	exitFound   = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)

	stop()
	os.Exit(code)
}

// run is the whole command, without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	command := newCommand(stdout, stderr)
	command.SetArgs(args)

	err := command.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}

	if errors.Is(err, errFound) {
		return exitFound // what was found is on stdout
	}

	fmt.Fprintf(stderr, "globalingressip-controller: %v\n", err)

	var failed *runError
	if errors.As(err, &failed) {
		return exitFailed
	}

	return exitInvalid
}

// errFound: an audit found something to put right.
var errFound = errors.New("something was found")

// runError is a failure of the controller itself; every other error is about
// how it was called.
type runError struct{ err error }

func (e *runError) Error() string { return e.err.Error() }
func (e *runError) Unwrap() error { return e.err }
