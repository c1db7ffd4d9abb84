package exact

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Where a program that forks cannot be built, the message names the other engine.
func TestAnotherGoReleaseIsToldOfTheOtherEngine(t *testing.T) {
	_, err := Builder{Kind: Fork}.overlay().Files(t.TempDir())
	assert.ErrorContains(t, err, "reading the standard library")
	assert.Contains(t, Builder{Kind: Fork}.overlay().Otherwise, "--engine wasm")
	assert.Empty(t, Builder{Kind: Wasm}.overlay().Changes, "a module asks its host already")
}
