package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios/swarm"
)

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

// RemoveUnfinished removes what a write that was killed left in dir. Nobody else
// may be writing to dir.
func RemoveUnfinished(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), unfinished) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// unfinished is how the names of folders begin that are being written.
const unfinished = ".writing-"

// longestName is what a folder may be called, in bytes: file systems take 255, and
// what is being written has a few more.
const longestName = 200

// Name is what the folder of an outcome is called: subject, scenario and seed. A plan
// drawn from a seed is called by it already, and one of a trial begins with the trial's
// name in lower case. Of a name that is too long the middle is
// replaced by the beginning of its digest.
func Name(o sweep.Outcome) string {
	scenario, seed := o.Scenario, fmt.Sprintf("-seed-%d", o.Job.Seed)
	if n := len(o.Job.Subject); len(scenario) > n && strings.EqualFold(scenario[:n+1], o.Job.Subject+"-") {
		scenario = scenario[n+1:]
	}
	name := strings.ReplaceAll(o.Job.Subject+"-"+scenario, "/", "-")
	name = strings.TrimSuffix(name, seed) + seed
	if len(name) <= longestName {
		return name
	}
	middle, kept := "-"+digest([]byte(name))[:12], longestName/2-16
	return strings.ToValidUTF8(name[:kept], "") + middle + strings.ToValidUTF8(name[len(name)-kept:], "")
}

// Write makes the folder for an outcome below dir and returns its path. An
// earlier artifact of the same run is replaced.
func Write(dir, version string, o sweep.Outcome) (string, error) {
	name := Name(o)
	path := filepath.Join(dir, name)
	temporary, err := os.MkdirTemp(dir, unfinished)
	if err != nil {
		return "", fmt.Errorf("writing an artifact: %w", err)
	}
	defer os.RemoveAll(temporary)
	bare := o
	bare.Plan, bare.Trace, bare.Log, bare.Porcupine, bare.Report, bare.Job.Plan = "", nil, nil, nil, nil, ""
	about := Verdict{Version: version, Generator: swarm.Version, Files: digests(o), Outcome: bare}
	verdict, err := about.encoded()
	if err != nil {
		return "", err
	}
	page, err := Page(Words{Version: version, Replay: replayHere}, o)
	if err != nil {
		return "", err
	}
	files := []struct {
		name string
		data []byte
	}{
		{planFile, []byte(o.Plan)}, {verdictFile, verdict}, {traceFile, o.Trace},
		{"controller.log", o.Log}, {"detail.txt", []byte(o.Detail)}, {"porcupine.html", o.Porcupine}, {reportFile, page},
		{readmeFile, readme(&about, false)},
	}
	for _, file := range files {
		if len(file.data) == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(temporary, file.name), file.data, 0o644); err != nil {
			return "", fmt.Errorf("writing an artifact: %w", err)
		}
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return "", fmt.Errorf("writing an artifact: %w", err)
	}
	return path, replace(temporary, path)
}

// encoded is the content of verdict.json.
func (v *Verdict) encoded() ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the verdict of seed %d: %w", v.Outcome.Job.Seed, err)
	}
	return append(text, '\n'), nil
}

// digests of the files that a replay depends on, as far as they are there.
func digests(o sweep.Outcome) map[string]string {
	out := map[string]string{}
	if o.Plan != "" { // a worker may die before it has drawn one
		out[planFile] = digest([]byte(o.Plan))
	}
	if len(o.Trace) > 0 {
		out[traceFile] = digest(o.Trace)
	}
	return out
}

// replace puts a folder in the place of one that may be there. That one is
// moved away first and deleted last, so that it is lost only for the new one.
func replace(temporary, path string) error {
	old := temporary + ".old"
	if err := os.Rename(path, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replacing an artifact: %w", err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("writing an artifact: %w", err)
	}
	if err := os.RemoveAll(old); err != nil {
		return fmt.Errorf("replacing an artifact: %w", err)
	}
	return nil
}
