// Package testbinary makes workers of the tests of Go packages: it finds the tests
// that hold a trial, compiles them, and makes a [sweep.Pool] of the binary.
//
// A trial is what a test gives to seatrial.Check or seatrial.CheckEveryCall. Only
// the test itself can make it, so a worker is the test binary, run up to that call:
// started with a name in its environment, it runs the test of that name, and Check
// serves jobs there in place of running seeds.
//
// Which tests hold a trial is read from their sources, without compiling them. A
// call that is made through another package, or only in a sub-test, is not seen;
// such a test can be named all the same.
package testbinary
