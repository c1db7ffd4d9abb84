package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/sim"
)

// Verdict is what verdict.json holds.
type Verdict struct {
	Version   string `json:"version"`   // of seatrial
	Generator string `json:"generator"` // of random decisions; another one means other runs
	// Files holds the SHA-256 of those that a replay depends on, by name.
	Files   map[string]string `json:"files"`
	Outcome sweep.Outcome     `json:"outcome"` // without the parts that are files of their own
	// Odds are the chances of the same failure over time, once they were asked for; see
	// [NoteOdds].
	Odds []explain.Chance `json:"odds,omitempty"`
}

// Artifact is a folder read back.
type Artifact struct {
	Verdict
	Plan   string
	Events []sim.Event
}

// Read loads a folder. A missing or damaged file is an error that says which.
// Whether what made it is what runs now is for [Artifact.MadeWith] to say.
func Read(path string) (*Artifact, error) {
	a := &Artifact{}
	verdict, err := os.ReadFile(filepath.Join(path, verdictFile))
	if err != nil {
		return nil, fmt.Errorf("reading the artifact %s: %w", path, err)
	}
	if err := json.Unmarshal(verdict, &a.Verdict); err != nil {
		return nil, fmt.Errorf("reading the artifact %s: verdict.json is damaged: %w", path, err)
	}
	if a.Version == "" || a.Generator == "" {
		return nil, fmt.Errorf("reading the artifact %s: verdict.json is damaged: it names no version and generator", path)
	}
	plan, err := a.file(path, planFile)
	if err != nil {
		return nil, err
	}
	trace, err := a.file(path, traceFile)
	if err != nil {
		return nil, err
	}
	a.Plan = string(plan)
	a.Events, err = sweep.DecodeEvents(filepath.Join(path, traceFile), trace)
	return a, err
}

// MadeWith is nil when this version of seatrial, with this generator, made the
// artifact; otherwise the same run is not to be expected.
func (a *Artifact) MadeWith(version string) error {
	switch {
	case a.Generator != swarm.Version:
		return fmt.Errorf("it was made with generator %q and this is %q", a.Generator, swarm.Version)
	case a.Version != version:
		return fmt.Errorf("it was made with seatrial %s and this is %s", a.Version, version)
	}
	return nil
}

// Names of files. A replay depends on the plan and the trace.
const (
	planFile    = "plan.yaml"
	traceFile   = "trace.jsonl"
	verdictFile = "verdict.json"
	reportFile  = "report.html"
	readmeFile  = "README.md"
)

// file reads a file and makes sure that it is what was written: half a trace
// would look like a run that ended early. A run that killed its worker left no
// trace.
func (a *Artifact) file(path, name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(path, name))
	want, written := a.Files[name]
	switch {
	case !written && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading the artifact %s: %w", path, err)
	case digest(data) != want && name == planFile:
		return nil, fmt.Errorf("reading the artifact %s: %s is not what was written; if it was changed on purpose, run it as a scenario: seatrial run %s", path, name, filepath.Join(path, name))
	case digest(data) != want:
		return nil, fmt.Errorf("reading the artifact %s: %s is not what was written: it is damaged, truncated or changed", path, name)
	}
	return data, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
