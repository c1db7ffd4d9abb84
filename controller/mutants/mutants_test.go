package mutants

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: the list stays in step with the controller. Method: every mutant is applied
// to the sources as they are, and all of them are built into one program.

const root = "../.."

func TestEveryMutantAppliesAndBuilds(t *testing.T) {
	all, err := Load("list")
	require.NoError(t, err)

	count := map[Kind]int{}
	for _, m := range all {
		count[m.Kind]++
	}

	assert.GreaterOrEqual(t, count[Mistake], 60)
	assert.GreaterOrEqual(t, count[Legal], 10)

	abs, err := filepath.Abs(root)
	require.NoError(t, err)

	overlay, err := Instrument(abs, t.TempDir(), all)
	require.NoError(t, err)

	if testing.Short() {
		t.Skip("building takes a while")
	}

	build := exec.Command("go", "build", "-overlay", overlay, "./controller/...")
	build.Dir = abs

	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
}
