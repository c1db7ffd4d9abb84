package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seatrial/seatrial/internal/wholefile"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/sim"
)

// Names of the files.
const (
	aboutFile   = "sweep.json"
	journalFile = "outcomes.jsonl"
	endedFile   = "ended.json"
	lockFile    = ".lock"
)

// Folder is a results folder that a sweep writes to.
type Folder struct {
	Manifest Manifest
	Entries  []Entry // that were there when it was opened

	path    string
	lock    *os.File
	journal *os.File
}

// ErrInUse says that another sweep writes to the folder.
var ErrInUse = errors.New("another sweep is writing to it")

// Open opens a folder for a sweep: a new one, or one that holds the beginning
// of the same sweep if goOn is true. Nothing that is in the folder is changed
// when the result is an error: that somebody else writes to it ([ErrInUse]),
// that it holds results of another sweep or version, or that it is damaged.
func Open(path string, about Manifest, goOn bool) (*Folder, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("creating the results folder: %w", err)
	}
	f := &Folder{Manifest: about, path: path}
	var err error
	if f.lock, err = lock(filepath.Join(path, lockFile)); err != nil {
		return nil, fmt.Errorf("results folder %s: %w", path, err)
	}
	if err := f.open(goOn); err != nil {
		f.lock.Close()
		return nil, err
	}
	return f, nil
}

func (f *Folder) open(goOn bool) error {
	before, entries, whole, err := read(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := writeJSON(filepath.Join(f.path, aboutFile), f.Manifest); err != nil {
			return fmt.Errorf("results folder %s: %w", f.path, err)
		}
	case err != nil:
		return err
	case !goOn:
		return fmt.Errorf("results folder %s: it holds a sweep of %s, %s done (want --resume to go on with it, or another folder)", f.path, before, scenarios.Count(len(entries), "run"))
	case !before.same(f.Manifest):
		return fmt.Errorf("results folder %s: it holds a sweep of %s, made with %s; this is one of %s, made with %s (want the same, or another folder)",
			f.path, before, before.version(), f.Manifest, f.Manifest.version())
	}
	f.Entries = entries
	f.journal, err = os.OpenFile(filepath.Join(f.path, journalFile), os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("results folder %s: %w", f.path, err)
	}
	// Half a line at the end is what a kill leaves.
	err = f.journal.Truncate(whole)
	if err == nil {
		_, err = f.journal.Seek(whole, 0)
	}
	if err != nil {
		return fmt.Errorf("results folder %s: %w", f.path, err)
	}
	return nil
}

// Path is where the folder is.
func (f *Folder) Path() string { return f.path }

// Add appends a run to the journal.
func (f *Folder) Add(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding the outcome of seed %d: %w", e.Seed, err)
	}
	if _, err := f.journal.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("keeping the outcome of seed %d: %w", e.Seed, err)
	}
	return nil
}

// ended is the content of the file that says that an aimed sweep has ended.
type ended struct {
	Runs   uint64    `json:"runs"`
	Search *Searched `json:"search,omitempty"`
}

// End notes that every run of an aimed sweep was made: no seeds tell how many
// there are. runs counts those of before as well. What a search says of itself is kept with
// it; nil: it was none.
func (f *Folder) End(runs int, search *Searched) error {
	if err := writeJSON(filepath.Join(f.path, endedFile), ended{uint64(runs), search}); err != nil {
		return fmt.Errorf("results folder %s: %w", f.path, err)
	}
	return nil
}

// Close lets others write to the folder.
func (f *Folder) Close() error { return errors.Join(f.journal.Close(), f.lock.Close()) }

// Read reads a folder, also while a sweep writes to it.
func Read(path string) (Manifest, []Entry, error) {
	about, entries, _, err := read(path)
	return about, entries, err
}

// read also returns how many bytes of the journal are whole lines.
func read(path string) (about Manifest, entries []Entry, whole int64, err error) {
	text, err := os.ReadFile(filepath.Join(path, aboutFile))
	if err != nil {
		return about, nil, 0, fmt.Errorf("results folder %s: %w", path, err)
	}
	if err := json.Unmarshal(text, &about); err != nil {
		return about, nil, 0, fmt.Errorf("results folder %s: %s is damaged: %w", path, aboutFile, err)
	}
	if _, _, err := about.seeds(); err != nil {
		return about, nil, 0, fmt.Errorf("results folder %s: %s is damaged: %w", path, aboutFile, err)
	}
	file, err := os.Open(filepath.Join(path, journalFile))
	if errors.Is(err, fs.ErrNotExist) {
		return about, nil, 0, nil
	}
	if err != nil {
		return about, nil, 0, fmt.Errorf("results folder %s: %w", path, err)
	}
	defer file.Close()
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil { // the end, after a whole line or within one
			return about, entries, whole, inOrder(path, about, entries)
		}
		var e Entry
		if err := json.Unmarshal(bytes.TrimSpace(line), &e); err != nil {
			return about, nil, 0, fmt.Errorf("results folder %s: %s:%d: not an outcome: %w", path, journalFile, len(entries)+1, err)
		}
		entries = append(entries, e)
		whole += int64(len(line))
	}
}

// inOrder makes sure that the lines are the first runs of the sweep, each once: a
// sweep that goes on counts them to know where. Those of an aimed sweep are
// looked at when it goes on and derives its plans again.
func inOrder(path string, about Manifest, entries []Entry) error {
	seeds, shard, err := about.seeds()
	if about.Seeds == "" || about.Aimed() || err != nil || len(entries) == 0 {
		return err
	}
	i := 0
	seeds.Each(shard, func(seed sim.Seed) bool {
		if entries[i].Seed != uint64(seed) {
			err = fmt.Errorf("results folder %s: %s:%d: it is about seed %d (want seed %d: lines are missing, or out of their order)", path, journalFile, i+1, entries[i].Seed, seed)
		}
		i++
		return err == nil && i < len(entries)
	})
	if err == nil && i < len(entries) {
		err = fmt.Errorf("results folder %s: %s:%d: a run too many (want %d of seeds %s)", path, journalFile, i+1, i, about.Seeds)
	}
	return err
}

// writeJSON writes a file whole or not at all.
func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return wholefile.Write(path, append(text, '\n'), 0o644)
}
