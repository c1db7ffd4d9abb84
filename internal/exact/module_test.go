package exact

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: what was built is built again only when it has to be. Method: files in
// the places where two checkouts would leave the same module, one of them
// damaged afterwards.
func TestOnlyWhatIsDamagedIsBuiltAgain(t *testing.T) {
	cache := t.TempDir()
	one, two := filepath.Join(cache, "one.wasm"), filepath.Join(cache, "two.wasm")
	var kept []string
	for _, built := range []string{one, two} {
		require.NoError(t, os.WriteFile(built, []byte("module"), 0o644))
		file, err := keep(built, cache)
		require.NoError(t, err)
		kept = append(kept, file)
	}
	assert.Equal(t, kept[0], kept[1], "one content, one place")

	require.NoError(t, os.WriteFile(one, []byte("modulE"), 0o644))
	require.NoError(t, discardDamaged(one))
	require.NoError(t, discardDamaged(two))
	assert.NoFileExists(t, one)
	assert.FileExists(t, two)

	require.NoError(t, os.WriteFile(kept[0], []byte("damaged"), 0o644))
	_, err := keep(two, cache)
	require.NoError(t, err)
	again, _, err := Load(kept[0])
	require.NoError(t, err)
	assert.Equal(t, "module", string(again))
}
