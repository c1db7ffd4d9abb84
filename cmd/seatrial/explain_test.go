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

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/artifact"
	causes "github.com/seatrial/seatrial/scenarios/explain"
	"github.com/seatrial/seatrial/scenarios/sweep"
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
