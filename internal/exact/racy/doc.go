// Package racy is an exhibit: a controller with a bug that no order of its
// requests shows, only an unlucky interleaving of its goroutines. Its tests are
// an example of a user's own test package in exact mode.
package racy
