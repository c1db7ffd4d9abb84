// Package version tells which seatrial this is.
package version

import "runtime/debug"

const module = "github.com/seatrial/seatrial"

// String is the version of the module, or of the commit it was built from; in a
// program of somebody else's, of the module that it was built with.
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if m.Path == module {
			return m.Version
		}
	}
	return info.Main.Version
}
