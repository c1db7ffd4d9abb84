// Package overlay changes the standard library that a Go program is built with,
// without touching the toolchain: go build -overlay takes a file from elsewhere.
//
// Two kinds of program need it: those of exact mode (internal/exact), and a
// controller's own binary that is to live in virtual time (sim/program). Both
// have one thread and are told the time. What they share is here, the rest is an
// [Overlay] of their own.
//
// A change is a text that a file of the library has exactly once, and what takes
// its place. A Go release that has another text there is refused: a program that
// looked at the machine's clock would run, and not be exact.
package overlay
