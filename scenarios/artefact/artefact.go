package artefact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seatrial/seatrial/scenarios/sweep"
	"github.com/seatrial/seatrial/sim"
)

// Verdict is what verdict.json holds.
type Verdict struct {
	Version   string        `json:"version"`   // of seatrial
	Generator string        `json:"generator"` // of random decisions; another one means other runs
	Outcome   sweep.Outcome `json:"outcome"`   // without the parts that are files of their own
}

// Artefact is a folder read back.
type Artefact struct {
	Verdict
	Plan   string
	Events []sim.Event
}

// Read loads a folder. A missing or damaged file, or one written with another
// generator, is an error that says which.
func Read(path string) (*Artefact, error) {
	a := &Artefact{}
	verdict, err := os.ReadFile(filepath.Join(path, "verdict.json"))
	if err != nil {
		return nil, fmt.Errorf("reading the artefact %s: %w", path, err)
	}
	if err := json.Unmarshal(verdict, &a.Verdict); err != nil {
		return nil, fmt.Errorf("reading the artefact %s: verdict.json is damaged: %w", path, err)
	}
	if a.Generator != sim.GeneratorName {
		return nil, fmt.Errorf("the artefact %s was made with generator %q and cannot be replayed with %q", path, a.Generator, sim.GeneratorName)
	}
	plan, err := os.ReadFile(filepath.Join(path, "plan.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the artefact %s: %w", path, err)
	}
	a.Plan = string(plan)
	a.Events, err = readEvents(filepath.Join(path, "trace.jsonl"))
	return a, err
}

func readEvents(path string) ([]sim.Event, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // a run that killed its worker leaves none
	}
	if err != nil {
		return nil, fmt.Errorf("reading a trace: %w", err)
	}
	return sweep.DecodeEvents(path, data)
}
