// Package exact runs a program bit for bit the same each time: map order,
// select choices, goroutine interleaving and addresses included.
//
// The program is built for GOOS=wasip1 GOARCH=wasm and run by wazero. One
// thread, no preemption by the clock, and everything that could differ between
// two runs comes from the host: random bytes from the seed, a clock that is a
// counter, an empty environment. So the same module with the same input is the
// same run on any machine, under any load.
//
// A module is either a reactor, built by [Build], which is brought to a warm
// state once and begins each run with a copy of that memory, or an ordinary
// command such as a test binary, which begins at its beginning. Neither can
// carry anything from one run to the next: each has an instance of its own.
package exact
