// Package wasm rewrites modules of the Go linker so that wazero makes faster
// machine code of them, with the same results.
//
// The Go linker cannot know which engine runs a module, and wazero, which
// compiles in one quick pass, does not see through what it writes:
//
//   - Each function is a loop around one table of all its basic blocks, since a
//     goroutine may be resumed in the middle of it. Every jump goes through the
//     table, with all registers in agreed places.
//   - Each load and store is checked against the size of memory, in fifty
//     bytes of machine code, unless the same address was checked before; and
//     addresses are reloaded and converted anew each time.
//
// [Straighten] gives each function a second body for the usual case, a call
// that begins at the beginning. In it, nobody is resumed: jumps are jumps, loops
// are loops, and the stack pointer stays what it is across a call. Whoever is
// resumed runs a body that still has the table, until that returns. In both,
// what is checked once is not checked again, as far as wazero can be told.
package wasm
