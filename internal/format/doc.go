// Package format declares the fields of a YAML file once, and reads, writes and
// describes the file from that one declaration.
//
// An [Object] lists the fields of a Go type. From it come a strict reader
// ([Object.Read], which reports what is wrong with file, line and field through
// package yamlread), a writer that leaves out what has its default
// ([Object.Write]), and the JSON Schema with which editors complete and
// underline ([Object.Schema]). What the reader takes is what the schema takes,
// because there is nothing else to derive either from.
//
// Only the form of a file is declared here. What its values mean together
// (whether a namespace exists, whether an end comes after its beginning) is for
// the types to check once they are read.
package format
