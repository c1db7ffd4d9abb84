package program_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/program"
)

// Goal: a module is found by its path, and a file by its name, wherever a checkout lies,
// and never another one. Method: a checkout with two modules, one inside the other, seen
// from several of its folders and from outside.
func TestModulesAreFoundInTheirCheckout(t *testing.T) {
	root := t.TempDir()
	checkout := filepath.Join(root, "checkout")
	for name, text := range map[string]string{
		"checkout/.git/go.mod": "module example.com/hidden\n", "checkout/go.mod": "module example.com/all\n",
		"checkout/operator/go.mod": "// for the cluster\nmodule example.com/operator // its operator\n", "checkout/vendor/x/go.mod": "module example.com/x\n",
		"checkout/config/sea/site.yaml": "", "checkout/bin/manager.sea": "", "elsewhere/go.mod": "module example.com/elsewhere\n",
	} {
		file := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	in := func(name string) string { return filepath.Join(checkout, name) }
	for _, c := range []struct {
		path        string
		near        []string
		want        string
		explanation string
	}{
		{"example.com/all", []string{in("config/sea")}, checkout, "above"},
		{"example.com/operator", []string{in("config/sea")}, in("operator"), "below the top"},
		{"example.com/operator", []string{root, in("bin")}, in("operator"), "near the second folder"},
		{"example.com/elsewhere", []string{in("config/sea")}, "", "in another checkout"},
		{"example.com/hidden", []string{checkout}, "", "hidden"},
		{"example.com/x", []string{checkout}, "", "vendored"},
		{"example.com/operator", []string{root}, "", "outside of any"},
	} {
		assert.Equal(t, c.want, program.FindModule(c.path, c.near...), c.explanation)
	}
	assert.Equal(t, in("bin/manager.sea"), program.FindFile("bin/manager.sea", in("config/sea")))
	assert.Empty(t, program.FindFile("manager.sea", in("config/sea")))
}
