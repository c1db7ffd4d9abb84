package search_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
)

// Goal: what showed something new is kept, begun with, and thrown out when it shows
// nothing any more. Method: courses of the controller made by hand, and folders.

func TestACorpus(t *testing.T) {
	c := search.NewCourse(1, "")
	follow(t, c, 100, 0, told)
	found := c.Coverage().Corpus
	require.NotEmpty(t, found, "a probe brought a get about")

	folder := filepath.Join(t.TempDir(), "corpus")
	none, err := search.ReadCorpus(folder, nil)
	require.NoError(t, err)
	assert.Empty(t, none, "there is none yet")
	require.NoError(t, search.WriteCorpus(folder, found))
	kept, err := search.ReadCorpus(folder, nil)
	require.NoError(t, err)
	require.Len(t, kept, len(found))
	assert.Equal(t, search.CorpusVersion, kept[0].Generator)

	again := search.NewCourse(1, "").GoOnFrom(append(kept, kept[0]))
	steps := follow(t, again, 100, 5, told)
	for i := range len(kept) + 1 {
		assert.Equal(t, search.Kept, steps[2+i].Stage, "they come right after the stories")
	}
	require.NoError(t, search.WriteCorpus(folder, nil))
	kept, err = search.ReadCorpus(folder, nil)
	require.NoError(t, err)
	assert.Empty(t, kept, "what is not in the corpus any more goes")
}

func TestADamagedCorpus(t *testing.T) {
	folder := t.TempDir()
	plan := *story()
	plan.Steps = nil
	require.NoError(t, search.WriteCorpus(folder, []scenarios.Plan{plan}))
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	for _, c := range []struct{ text, want string }{
		{strings.Replace(string(text), search.CorpusVersion, "search/0", 1), `a corpus of version "search/0" (want search/1: delete the file, and it is found anew)`},
		{string(text)[:len(text)/2] + "\n  - [", "a plan of the corpus cannot be read; mend it or delete it"},
	} {
		require.NoError(t, os.WriteFile(files[0], []byte(c.text), 0o600))
		_, err := search.ReadCorpus(folder, nil)
		require.ErrorContains(t, err, c.want)
		assert.ErrorContains(t, err, files[0])
	}
}
