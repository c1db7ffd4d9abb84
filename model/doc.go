// Package model judges what happened: it takes a history (what clients called
// and were told, what the server committed) and says whether every property
// held.
//
// It runs nothing and imports nothing of this module: the judge must not share
// code with what it judges. A property that was not checked, or whose check
// ended without an answer, is never a pass.
package model
