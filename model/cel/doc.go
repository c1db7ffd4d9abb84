// Package cel reads laws written as CEL expressions, the language of
// ValidatingAdmissionPolicy, as properties of package model.
//
// It is a package of its own so that whoever writes laws in Go does not carry
// CEL along.
package cel
