package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/internal/artifact"
	causes "github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/internal/results"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/model"
)

// Goal: an artifact says why, without a run; its folder is served to this machine
// alone. Method: an artifact with and one without a story, and requests.

func explanation(t *testing.T, o sweep.Outcome) (string, error) {
	t.Helper()
	path, err := artifact.Write(t.TempDir(), "v1", o)
	require.NoError(t, err)
	var out bytes.Buffer
	c := explainCommand()
	c.SetOut(&out)
	c.SetArgs([]string{path})
	c.SilenceErrors, c.SilenceUsage = true, true
	err = c.Execute()
	return out.String(), err
}

func TestExplainPrintsTheStory(t *testing.T) {
	o := sweep.Outcome{
		Job: sweep.Job{Seed: 7, Subject: "s"}, Scenario: "storm", Verdict: model.VerdictSafety, Property: "p", Message: "m", Hash: "h",
		Why: &causes.Story{Sentence: "it was told 503, and then freed it", Steps: []causes.Step{
			{Kind: causes.Fault, Seq: 3, At: time.Second, Text: "a fault strikes"}, {Kind: causes.Broken, Seq: 9, At: 2 * time.Second, Text: "it breaks"},
		}},
	}
	text, err := explanation(t, o)
	require.NoError(t, err)
	for _, want := range []string{"safety: s violated p in storm, seed 7\n    m\n", "it was told 503, and then freed it.\n", "fault", "event 3", "+1s", "it breaks"} {
		assert.Contains(t, text, want)
	}

	// One of an older version, or of a worker that died, has none: that is said.
	o.Why = nil
	_, err = explanation(t, o)
	var exit *exitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, exitInconclusive, exit.code)
	assert.Contains(t, exit.message, "seatrial replay")
}

func TestServeIsForThisMachineAndReadsOnly(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "index.html"), []byte("<p>hello"), 0o644))
	handler := readOnly(dir, "127.0.0.1:8080")
	for _, c := range []struct {
		method, host, path string
		code               int
	}{
		{"GET", "127.0.0.1:8080", "/", http.StatusOK},
		{"GET", "localhost:8080", "/", http.StatusOK},
		{"GET", "evil.example:8080", "/", http.StatusForbidden},
		{"POST", "127.0.0.1:8080", "/", http.StatusMethodNotAllowed},
		{"GET", "127.0.0.1:8080", "/../../etc/passwd", http.StatusNotFound},
	} {
		r := httptest.NewRequest(c.method, "http://"+c.host+"/", nil)
		r.URL.Path = c.path
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		assert.Equal(t, c.code, w.Code, "%s %s%s", c.method, c.host, c.path)
	}
}

// A sweep that is under way is seen to be, and when it ends the page is an ordinary one.
func TestServeShowsHowFarASweepIs(t *testing.T) {
	dir := t.TempDir()
	folder, err := results.Open(dir, results.Manifest{Subject: "s", Seeds: "1-4", Version: "v", Generator: "g"}, false)
	require.NoError(t, err)
	require.NoError(t, folder.Add(results.Entry{Seed: 1, Subject: "s", Scenario: "seed-1", Verdict: model.VerdictPass, New: []string{"fault crash"}}))
	require.NoError(t, folder.Add(results.Entry{Seed: 2, Subject: "s", Scenario: "seed-2", Verdict: model.VerdictSafety, Property: "p", Message: "<b>", Artifact: "a", Replay: "seatrial replay a"}))
	handler := readOnly(dir, "127.0.0.1:8080")
	get := func(path string) string {
		r := httptest.NewRequest("GET", "http://127.0.0.1:8080"+path, nil)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code, path)
		return w.Body.String()
	}
	for _, path := range []string{"/", "/index.html"} {
		page := get(path)
		assert.Contains(t, page, `<div id="live" role="status" data-path="/live.json" data-done="2" data-failures="1">`)
		assert.Contains(t, page, `<progress max="4" value="2"`)
		assert.Contains(t, page, "2 of 4 runs, 1 failures, 1 covered")
		assert.Contains(t, page, `connect-src 'self'`)
		assert.Contains(t, page, "&lt;b&gt;")
	}
	assert.JSONEq(t, `{"done":2,"total":4,"failures":1,"covered":1,"ended":false}`, get("/live.json"))

	require.NoError(t, folder.Close())
	assert.NotContains(t, get("/"), `id="live"`)
	assert.NotContains(t, get("/"), "connect-src")
	assert.JSONEq(t, `{"done":2,"total":4,"failures":1,"covered":1,"ended":true}`, get("/live.json"))
}
