// Package artefact keeps what a run left behind as one folder: a bug report
// that anyone can replay.
//
//	plan.yaml       a scenario file that reproduces the run on its own
//	verdict.json    how it ended, with seed, subject, hash and versions
//	trace.jsonl     every event, a line each
//	controller.log  what the processes logged, on virtual time
//	detail.txt      the stack or goroutine dump of a crash
//	porcupine.html  the history without a legal order, when porcupine found one
//	README.md       what this is and how to replay it
//
// A folder is written under a temporary name and renamed: it is there whole or
// not at all.
package artefact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seatrial/seatrial/scenarios/sweep"
	"github.com/seatrial/seatrial/sim"
)

// Verdict is what verdict.json holds.
type Verdict struct {
	Version   string        `json:"version"`   // of seatrial
	Generator string        `json:"generator"` // of random decisions; another one means other runs
	Outcome   sweep.Outcome `json:"outcome"`   // without the parts that are files of their own
}

// Prepare creates dir if need be and makes sure that it can be written to.
func Prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("creating the output folder: %w", err)
	}
	probe, err := os.MkdirTemp(dir, ".probe-")
	if err != nil {
		return fmt.Errorf("writing to the output folder: %w", err)
	}
	return os.Remove(probe)
}

// Write makes the folder for an outcome below dir and returns its path. An
// earlier artefact of the same run is replaced.
func Write(dir, version string, o sweep.Outcome) (string, error) {
	name := fmt.Sprintf("%s-%s-seed-%d", strings.ReplaceAll(o.Job.Subject, "/", "-"), o.Scenario, o.Job.Seed)
	path := filepath.Join(dir, name)
	temporary, err := os.MkdirTemp(dir, ".writing-")
	if err != nil {
		return "", fmt.Errorf("writing an artefact: %w", err)
	}
	defer os.RemoveAll(temporary)
	bare := o
	bare.Plan, bare.Trace, bare.Log, bare.Porcupine, bare.Job.Plan = "", nil, nil, nil, ""
	verdict, err := json.MarshalIndent(Verdict{version, sim.GeneratorName, bare}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encoding the verdict of %s: %w", name, err)
	}
	files := []struct {
		name string
		data []byte
	}{
		{"plan.yaml", []byte(o.Plan)}, {"verdict.json", append(verdict, '\n')}, {"trace.jsonl", o.Trace},
		{"controller.log", o.Log}, {"detail.txt", []byte(o.Detail)}, {"porcupine.html", o.Porcupine},
		{"README.md", readme(path, version, o)},
	}
	for _, file := range files {
		if len(file.data) == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(temporary, file.name), file.data, 0o644); err != nil {
			return "", fmt.Errorf("writing an artefact: %w", err)
		}
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return "", fmt.Errorf("writing an artefact: %w", err)
	}
	if err := os.RemoveAll(path); err != nil {
		return "", fmt.Errorf("replacing an artefact: %w", err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return "", fmt.Errorf("writing an artefact: %w", err)
	}
	return path, nil
}

func readme(path, version string, o sweep.Outcome) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s: %s\n\n", o.Job.Subject, o.Verdict)
	if o.Property != "" {
		fmt.Fprintf(&b, "Property `%s`: %s\n\n", o.Property, o.Message)
	}
	if o.Culprit != nil {
		fmt.Fprintf(&b, "Culprit: event %d: %s\n\n", o.Culprit.Seq, o.Culprit.Text)
	}
	fmt.Fprintf(&b, "Replay:\n\n    seatrial replay %s\n\n", path)
	fmt.Fprintf(&b, "Scenario %s, seed %d, hash %s, reproduced %d/%d, seatrial %s, generator %s.\n",
		o.Scenario, o.Job.Seed, o.Hash, o.Reproduced, o.Runs, version, sim.GeneratorName)
	return b.Bytes()
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
