// Package registry holds the kinds that one API server serves: the built-in ones
// and those of its definitions. Its tests send what a real server was sent to every
// room of kinds and compare the answers.
package registry
