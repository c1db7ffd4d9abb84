//go:build !linux || !amd64 || !seatrial_hooks

package gotest

import (
	"fmt"
	"os"
	"testing"

	"github.com/seatrial/seatrial/scenarios"
)

// serveGuest is for test binaries that sweep --exact has built.
func serveGuest(*testing.T, *scenarios.Registry) {
	fmt.Fprintln(os.Stderr, "this test binary is not built for exact mode")
	os.Exit(2)
}
