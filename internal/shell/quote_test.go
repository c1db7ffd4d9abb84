package shell_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/shell"
)

// Goal: what is pasted arrives as it was.
//
// Method: let a shell print each word again.
func TestQuote(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	assert.Equal(t, "out/TestSite-seed-7", shell.Quote("out/TestSite-seed-7"), "what needs no quotes has none")
	for _, word := range []string{"plain", "a folder/of mine", "it's", `a\b`, "$HOME", "a|b;c&d", "`id`", "*", "~", "#1", "^TestX$/^seed-1$"} {
		out, err := exec.Command(sh, "-c", "printf %s "+shell.Quote(word)).CombinedOutput()
		require.NoError(t, err, "%s: %s", word, out)
		assert.Equal(t, word, string(out))
	}
}
