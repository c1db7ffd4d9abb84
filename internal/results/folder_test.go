package results_test

import (
	"reflect"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/model"
)

// Goal: one sweep writes to a folder, and only the same sweep goes on with it. Method:
// a folder opened twice, and by sweeps that differ in one thing each.

func TestAFolderHasOneWriter(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has no flock")
	}
	path := t.TempDir()
	first, err := results.Open(path, about, false)
	require.NoError(t, err)
	require.NoError(t, first.Add(entry(1, model.VerdictPass, "a")))
	for _, goOn := range []bool{true, false} {
		_, err = results.Open(path, about, goOn)
		assert.ErrorIs(t, err, results.ErrInUse)
	}
	require.NoError(t, first.Close())

	_, err = results.Open(path, about, false)
	assert.ErrorContains(t, err, "1 run done (want --resume to go on with it, or another folder)")
	again, err := results.Open(path, about, true)
	require.NoError(t, err)
	assert.Len(t, again.Entries, 1)
	require.NoError(t, again.Close())
}

func TestOnlyTheSameSweepGoesOn(t *testing.T) {
	aimed := about
	aimed.Aim = results.Aim{Mode: "crash", Files: []results.File{{Path: "a.yaml", SHA256: "1"}}}
	path := folder(t, aimed)

	elsewhere := aimed
	elsewhere.Aim.Files = []results.File{{Path: "b.yaml", SHA256: "1"}}
	f, err := results.Open(path, elsewhere, true)
	require.NoError(t, err, "the content of a file counts, not where it is")
	require.NoError(t, f.Close())

	var others []results.Manifest
	change := func(of func(*results.Manifest) reflect.Value) {
		for i := range of(&results.Manifest{}).NumField() {
			other := aimed
			switch field := of(&other).Field(i); field.Kind() {
			case reflect.String:
				field.SetString(field.String() + "x")
			case reflect.Bool:
				field.SetBool(!field.Bool())
			case reflect.Int:
				field.SetInt(field.Int() + 1)
			default:
				to, of := map[reflect.Type]any{
					reflect.TypeFor[[]results.File](): []results.File{{Path: "a.yaml", SHA256: "2"}},
					reflect.TypeFor[results.File]():   results.File{Path: "a.yaml", SHA256: "2"},
					reflect.TypeFor[[]string]():       []string{"2"},
				}[field.Type()]
				if !of {
					continue // the aim, whose fields are changed in turn
				}
				field.Set(reflect.ValueOf(to))
			}
			others = append(others, other)
		}
	}
	change(func(a *results.Manifest) reflect.Value { return reflect.ValueOf(a).Elem() })
	change(func(a *results.Manifest) reflect.Value { return reflect.ValueOf(&a.Aim).Elem() })
	require.Len(t, others, 18)
	for _, other := range others {
		_, err := results.Open(path, other, true)
		assert.ErrorContains(t, err, "want the same, or another folder", "%+v", other)
	}
}

// A run that is in two folders is the same run, or the sweep has diverged: whatever of it
// differs.
func TestWhateverDiffersDiverges(t *testing.T) {
	was := entry(1, model.VerdictSafety, "a")
	for name, change := range map[string]func(*results.Entry){
		"verdict":  func(e *results.Entry) { e.Verdict = model.VerdictLiveness },
		"property": func(e *results.Entry) { e.Property = "quiet" },
		"hash":     func(e *results.Entry) { e.Hash = "b" },
	} {
		now := was
		change(&now)
		summary, err := results.Merge([]string{folder(t, about, was), folder(t, about, now)})
		require.NoError(t, err, name)
		assert.Len(t, summary.Diverged, 1, name)
	}
}
