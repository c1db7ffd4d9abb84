// Package detection measures how soon seatrial finds bugs that somebody had: the corpus
// of package bugs, each entry with its mended sibling, which has to pass.
//
// The corpus is the tuning set of the search, not a proof: more bugs than these exist.
package detection
