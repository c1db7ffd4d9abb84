// Package mutants has mistakes for the shipped controller: realistic ones, made by
// hand, one a file, that somebody could make in a review-sized change. Whoever
// builds a controller with one of them and runs it has to be told.
//
// A file in list/ names what is changed and what a user would notice, and has the
// text that is replaced. [Load] reads them all, and [Instrument] puts all of them into
// one program: each changed function is there once for every mutant, beside the one
// that ships, and the environment variable SEATRIAL_MUTANT says which is called. The
// controller itself has no branch for tests: what is built is an overlay.
//
// Beside mistakes there are legal variants, which do right in another way and must
// pass, and equivalents, which cannot be told from what ships.
package mutants
