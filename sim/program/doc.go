// Package program puts a controller to sea as it ships: its own binary, main
// included, as a process of the machine that lives in virtual time.
//
// [Build] compiles a program from its own go.mod, with a few texts of the standard
// library changed (see package overlay): it has one thread, its clock says what it is
// told, its generators of chance begin where it is told, and its network is the
// agent's. [Binary.Process] is then a process of [sim.Config] like any other.
//
// A process of the machine computes until all that is in it waits. Then it says until
// when, and waits to be told what time it is. In the simulated world an agent stands
// for it, a goroutine of the bubble: while the process computes the agent waits in a
// system call, so virtual time stands still; then it makes requests on the simulated
// network of what the process wrote to its connections, and hands it the answers, one
// at a time. Order, faults, crashes and traces are the world's own.
//
// A life begins with a fork of a process whose packages are initialised (its zygote),
// in a folder of its own that holds what a container of a pod finds.
//
// Runs are exact: the same binary, options and seed give the same trace and the same
// log. It takes linux/amd64, the go command for building, and root or user namespaces.
// What is not simulated: TLS to the API server, HTTP/2, exec and other upgraded
// connections, UDP, other programs. What a program tries of this is named in its log or
// ends the run with a verdict.
package program
