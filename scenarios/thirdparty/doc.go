// Package thirdparty is the gallery: controllers that others wrote, taken from
// the module proxy and put to sea without a line of them changed. Each folder
// has one; docs/use/gallery.md tells what was found.
package thirdparty
