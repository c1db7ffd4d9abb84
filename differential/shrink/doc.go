// Package shrink makes a failing case smaller: first fewer steps, then simpler
// requests, as long as the case still fails in the same way.
//
// A case is data in which steps refer to each other by name, so any subset
// that is closed under those references is a case again.
package shrink
