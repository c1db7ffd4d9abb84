package seatrial_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

var (
	usesAction = regexp.MustCompile(`uses: *(\S+)(.*)`)
	pinned     = regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40}$`)
	itsVersion = regexp.MustCompile(`^ # v\d+\.\d+\.\d+$`)
)

// What runs in CI is what was looked at: actions are named by commit, with the version
// beside it that dependabot raises. All files are YAML, which nobody else reads here.
func TestActionsArePinned(t *testing.T) {
	files := []string{"action.yml", ".golangci.yml"}
	for _, pattern := range []string{".github/*.yml", ".github/*/*.yaml", ".github/*/*.yml"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var content map[string]any
		require.NoError(t, yaml.UnmarshalStrict(text, &content), file)
		for _, use := range usesAction.FindAllStringSubmatch(string(text), -1) {
			assert.Regexp(t, pinned, use[1], file)
			assert.Regexp(t, itsVersion, use[2], file)
		}
	}
}
