// Package host is the part of a sweep's worker that runs jobs in exact mode. It is
// apart from package sweep so that only programs which run modules link what that
// takes: test binaries of users do not.
package host
