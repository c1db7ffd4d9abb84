package globalingressip_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// The library is read from its files, so that each can be checked for what a
// reader of the file relies on: the scenario bears the file's name, the file
// opens with prose, the shipped controller is expected to pass, and writing
// and reading it again changes nothing.
func TestLibrary(t *testing.T) {
	files, err := filepath.Glob("library/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 8)
	require.Len(t, globalingressip.Library(), len(files))

	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			plan, err := scenarios.ParseFile(file, globalingressip.Language())
			require.NoError(t, err)

			assert.Equal(t, plan.Name+".yaml", filepath.Base(file))
			prose, _, _ := strings.Cut(string(data), "apiVersion:")
			assert.GreaterOrEqual(t, strings.Count(prose, "\n# "), 2, "opens with prose: what is shown, where it comes from")
			assert.NotEmpty(t, plan.Description)
			assert.Equal(t, scenarios.Expectation{Verdict: "pass"}, plan.Expect["globalingressip"])

			again, err := scenarios.Marshal(plan)
			require.NoError(t, err)
			back, err := scenarios.Parse("again.yaml", again, globalingressip.Language())
			require.NoError(t, err, "%s", again)
			assert.Equal(t, plan, back)

			found, ok := globalingressip.Find(plan.Name)
			assert.True(t, ok)
			assert.Equal(t, plan, found)
		})
	}
}

func TestFindUnknown(t *testing.T) {
	_, ok := globalingressip.Find("no-such-scenario")
	assert.False(t, ok)
}
