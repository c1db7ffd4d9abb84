// Package cgo is written in C.
package cgo

// int one() { return 1; }
import "C"

// One is 1.
func One() int { return int(C.one()) }
