package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Goal: two runs are put into one picture, and where they part is told. Method: the
// incident with and without the fault that did it, and beside another scenario; what the
// picture shows of two runs is in internal/report/links_test.go.
func TestCompareShowsWhatAFaultDoes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "compare.html")
	compare := func(args ...string) (int, string, string) {
		return seatrial(t, append([]string{"compare", incident, "--subject", "historical/3336", "-o", file}, args...)...)
	}
	code, out, message := compare()
	require.Equal(t, exitPass, code, message)
	assert.Regexp(t, `(?s)^safety .*\npass .*\n    the second is without look-up-fails\nthey part at event 147, about 1m2\.`, out)
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(page), `"beside":{"title":"without look-up-fails","verdict":"pass","differs":147,`)

	code, out, message = compare("--without", "restart")
	require.Equal(t, exitPass, code, message)
	assert.Contains(t, out, "the second is without restart")

	code, out, message = seatrial(t, "compare", incident, calmDay, "-o", file)
	require.Equal(t, exitPass, code, message)
	assert.Contains(t, out, "the second is "+calmDay)

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--without", "nothing"}, `no fault "nothing" (it has restart, look-up-fails)`},
		{[]string{calmDay, "--without", "restart"}, "leave ../../scenarios/globalingressip/library/calm-day.yaml away"},
	} {
		code, _, message := compare(c.args...)
		assert.Equal(t, exitUsage, code)
		assert.Contains(t, message, c.want)
	}
}
