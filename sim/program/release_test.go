package program

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A toolchain of another minor version is refused before anything is built, whatever
// its library looks like; the one that compiles this test is the right one.
func TestOtherGoReleasesAreRefused(t *testing.T) {
	for _, toolchain := range []string{runtime.Version(), "go1.26.0", "go1.26", "go1.26rc1"} {
		assert.NoError(t, checkRelease(toolchain))
	}
	for _, toolchain := range []string{"go1.25.9", "go1.27.3", "go2.0", "devel go1.28-abc", ""} {
		err := checkRelease(toolchain)
		assert.ErrorContains(t, err, "would be built with "+toolchain+", and what is changed in the standard library for virtual time is that of go1.26")
		assert.ErrorContains(t, err, "GOTOOLCHAIN=go1.26")
	}
}
