// Package wasm rewrites modules of the Go linker so that wazero makes faster
// machine code of them, with the same results.
//
// The Go linker cannot know which engine runs a module, and wazero, which
// compiles in one quick pass, does not see through what it writes:
//
//   - Each function is a loop around one table of all its basic blocks, since a
//     goroutine may be resumed in the middle of it. Every jump goes through the
//     table, with all registers in agreed places.
//   - The stack pointer is in memory. Each call writes it, its caller reads it
//     again, and asks twice whether all is as before.
//   - Each load and store is checked against the size of memory, in fifty
//     bytes of machine code, unless the same address was checked before; and
//     addresses are reloaded and converted anew each time.
//
// [Straighten] gives each function two bodies. One is for the usual case, a call
// that begins at the beginning. In it, nobody is resumed: jumps are jumps, loops
// are loops, the stack pointer is a parameter and stays what it is across a call,
// and one test says whether all is as before. Calls that do not return, for more
// stack and for panics, stand at the end. Whoever is resumed runs the other body,
// which has the table, until that returns. In both, what is checked once is
// not checked again, as far as wazero can be told.
package wasm
