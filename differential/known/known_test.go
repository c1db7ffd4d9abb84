package known

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is explained is dropped, line by line; an entry that explains nothing
// in words is refused.
func TestUnexplained(t *testing.T) {
	list, err := Load(write(t, `[{"reason":"because","request":"^GET ","difference":"^body\\.a: "}]`))
	require.NoError(t, err)
	lines := []string{"body.a: want 1 got 2", "body.b: want 1 got 2"}
	assert.Equal(t, lines[1:], list.Unexplained("GET /x", lines))
	assert.Equal(t, lines, list.Unexplained("PUT /x", lines))
	assert.Equal(t, lines, List(nil).Unexplained("GET /x", lines))
}

func TestLoadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no reason":     `[{"difference":"x"}]`,
		"no difference": `[{"reason":"x"}]`,
		"bad pattern":   `[{"reason":"x","difference":"("}]`,
		"unknown field": `[{"reason":"x","difference":"x","steps":"y"}]`,
	} {
		_, err := Load(write(t, text))
		assert.Error(t, err, name)
	}
}

// The list that the fuzz is run with must load.
func TestOwnList(t *testing.T) {
	list, err := Load("../known.json")
	require.NoError(t, err)
	assert.NotEmpty(t, list)
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "known.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
