// Package custom serves what CustomResourceDefinitions define: schemas with
// defaults, pruning, CEL rules and ratcheting, columns, selectable fields and the
// scale and status subresources; and the definitions themselves.
//
// Compiling a definition is expensive and its result immutable, so compiled kinds
// are shared between servers, with what is known of the validity of objects they
// have seen.
package custom
