package results_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/results"
)

// A command can be pasted, wherever the folder is; in a table of Markdown it is one cell.
func TestCommandsCanBePasted(t *testing.T) {
	f := results.Failure{Folder: "my nights/a|b"}
	f.Replay = "seatrial replay --seed 7"
	assert.Equal(t, "seatrial replay --seed 7", f.Command(), "it has no folder of its own")
	f.Artifact = "site-seed-7"
	assert.Equal(t, "seatrial replay 'my nights/a|b/site-seed-7'", f.Command())

	all := nights(t)[3:]
	for i := range all[0].Summary.Failures {
		all[0].Summary.Failures[i].Folder, all[0].Summary.Failures[i].Artifact = f.Folder, f.Artifact
	}
	var out bytes.Buffer
	require.NoError(t, results.WriteMarkdown(&out, all))
	assert.Contains(t, out.String(), "`seatrial replay 'my nights/a\\|b/site-seed-7'`")
}
