package catalogue_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/catalogue"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios/globalingressip"
)

// Goal: the figures of the catalogue mean what they say. Method: a bug that
// shows soon is measured twice, the controller that ships and one that fails as
// its sibling does are never caught; percentiles are checked by hand.

func TestMain(m *testing.M) {
	sweep.ServeIfWorker(globalingressip.Registry())
	os.Exit(m.Run())
}

func measure(t *testing.T, subject string, workers, ranges, size int) catalogue.Finding {
	t.Helper()
	f, err := catalogue.Measure(context.Background(), sweep.Pool{Workers: workers}, subject, globalingressip.Sibling, catalogue.Swarm(subject, size), ranges, size)
	require.NoError(t, err)
	return f
}

func TestABugIsFoundAfterTheSameNumberOfRuns(t *testing.T) {
	one := measure(t, "historical/1738", 1, 3, 40)
	two := measure(t, "historical/1738", 2, 3, 40)
	assert.Equal(t, one, two, "whatever the number of workers")
	assert.Len(t, one.Runs, 3)
	assert.NotContains(t, one.Runs, catalogue.NotFound)
	assert.Equal(t, "converges", one.Property())
	require.NotNil(t, one.Example)
	assert.EqualValues(t, one.Runs[0], one.Example.Seed, "the first range begins with seed 1")
}

func TestWhatIsRightIsNotFound(t *testing.T) {
	f := measure(t, globalingressip.Shipped, 2, 2, 10)
	assert.Equal(t, []int{catalogue.NotFound, catalogue.NotFound}, f.Runs)
	assert.Empty(t, f.Property())
	assert.Equal(t, "> 10 / > 10", f.String())
}

func TestAnAimedSearchFindsWhatOneCrashShows(t *testing.T) {
	const subject = "historical/crash-before-status"
	f, err := catalogue.Measure(context.Background(), sweep.Pool{Workers: 2}, subject, globalingressip.Sibling, catalogue.Aimed(subject, globalingressip.Language(), 300), 1, 300)
	require.NoError(t, err)
	assert.NotContains(t, f.Runs, catalogue.NotFound)
}

func TestPercentiles(t *testing.T) {
	for _, c := range []struct {
		name string
		runs []int
		want string
	}{
		{"all found", []int{4, 1, 3, 2, 9}, "3 / 9"},
		{"one in five missed", []int{4, 1, catalogue.NotFound, 2, 9}, "4 / > 50"},
		{"most missed", []int{catalogue.NotFound, 7, catalogue.NotFound}, "> 50 / > 50"},
		{"nothing searched", nil, "> 50 / > 50"},
	} {
		f := catalogue.Finding{Runs: c.runs, Size: 50}
		assert.Equal(t, c.want, f.String(), c.name)
	}
}

func TestTheTableReplacesTheOldOne(t *testing.T) {
	rows := []catalogue.Row{{
		Summary: "an error is taken for absence",
		Swarm:   catalogue.Finding{Subject: "historical/3336", Runs: []int{5}, Size: 50, Properties: map[string]int{"no-free-while-exported": 1}},
		Aimed:   catalogue.Finding{Subject: "historical/3336", Runs: []int{catalogue.NotFound}, Size: 50},
	}}
	table := catalogue.Table(rows, "gen/1", catalogue.Library{Folder: globalingressip.LibraryFolder, Plans: globalingressip.Library()})
	assert.Contains(t, table, "| `historical/3336` | an error is taken for absence | `no-free-while-exported` | 5 / 5 | > 50 / > 50 | [incident-3336-timeout](scenarios/globalingressip/library/incident-3336-timeout.yaml), [incident-3336](scenarios/globalingressip/library/incident-3336.yaml) |")

	document := "before\n" + catalogue.Table(nil, "gen/0", catalogue.Library{}) + "\nafter\n"
	got, err := catalogue.Replace(document, table)
	require.NoError(t, err)
	assert.Equal(t, "before\n"+table+"\nafter\n", got)

	_, err = catalogue.Replace("no marks", table)
	assert.ErrorIs(t, err, catalogue.ErrNoMarks)
}
