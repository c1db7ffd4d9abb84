// Package yamlread reads the YAML that people write for seatrial, scenarios and
// trials, and tells them everything that is wrong with it at once: file, line,
// column, field, problem, and what would be right.
//
// A reader asks an [Object], field by field, for what its format has. What is
// there and was not asked for is an unknown field ([Object.Done]); a field that is
// there twice, has no value or one of another type, an anchor and an alias are
// errors, too. An absent field leaves its target as it was, so defaults are the
// reader's.
//
// Decoding into Go types would be shorter. But yaml.v3 speaks of Go types, ends
// with a field's first error, is less strict below types with a decoder of their
// own, and forgets where a field stood when the whole is looked at later.
package yamlread
