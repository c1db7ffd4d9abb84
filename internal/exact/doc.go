// Package exact runs a program bit for bit the same each time: map order,
// select choices, goroutine interleaving and addresses included.
//
// What is run is called a module. It has one thread, is not interrupted by the
// clock, and gets everything that could differ between two runs from its host:
// chance from the seed, a clock that is a counter, an empty environment. So the
// same module with the same input is the same run at any time, under any load.
//
// There are two kinds. One is WebAssembly (GOOS=wasip1 GOARCH=wasm), run by
// wazero on any kind of machine. It is either a reactor, built by [Builder.Build],
// which is brought to a warm state once and begins each run with a copy of that
// memory, or an ordinary command such as a test binary, which begins at its
// beginning. The other is a native program for linux/amd64, which warms up and
// forks for each run, or is a command, too. None can carry anything from one run
// to the next.
package exact
