// Package catalogue measures how good the search and the judge are together:
// how many runs it takes until a controller that is known to be wrong is caught.
//
// A figure is only as good as what it does not count. A run counts as a
// detection when the judge fails the subject and passes its correct sibling in
// the same run: whatever finds fault with both has found no bug.
package catalogue
