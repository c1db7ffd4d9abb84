package results

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/seatrial/seatrial/internal/shell"
	"github.com/seatrial/seatrial/model"
)

// Summary is what several folders amount to.
type Summary struct {
	Folders  []Part  `json:"folders"`
	Subjects []Tally `json:"subjects"` // by name
	// Failures in the order of subject, property and seed.
	Failures []Failure `json:"failures"`
	// Known failures are told apart, and are none of Failures.
	Known []Failure `json:"known,omitempty"`
	// Void are the runs of strict sweeps with steps or faults that had no effect.
	Void []Failure `json:"void,omitempty"`
	// Covered is what the runs met, sorted: fault kinds that struck, triples of
	// verb, resource and outcome, states of a service.
	Covered []string `json:"covered,omitempty"`
	// Missing is how many runs were to be made and were not.
	Missing uint64 `json:"missing"`
	// Unfinished counts the aimed sweeps that have not ended. How many runs are
	// missing of them nobody knows.
	Unfinished int `json:"unfinished,omitempty"`
	// Repeated runs are counted once. Diverged are those of them that ended in
	// another way, or were not the same run.
	Repeated int      `json:"repeated"`
	Diverged []string `json:"diverged,omitempty"`
}

// Part is one folder of a summary.
type Part struct {
	Path     string   `json:"path"`
	Manifest Manifest `json:"about"`
	Done     int      `json:"done"`
	Missing  uint64   `json:"missing"`
	// Unfinished: it is an aimed sweep that has not ended.
	Unfinished bool `json:"unfinished,omitempty"`
	// Search is what a search says of itself; nil: it was none, or has not ended.
	Search *Searched `json:"search,omitempty"`
}

// Tally counts the runs of one subject.
type Tally struct {
	Subject    string                    `json:"subject"`
	Runs       int                       `json:"runs"`
	Verdicts   map[model.VerdictKind]int `json:"verdicts"`             // without known failures
	Known      int                       `json:"known,omitempty"`      // failures
	Properties map[string]int            `json:"properties,omitempty"` // that were violated
	Fired      map[string]int            `json:"fired,omitempty"`      // fault kind → times
	Requests   int                       `json:"requests"`
	// VirtualSeconds is how long the runs lasted together.
	VirtualSeconds float64 `json:"virtual_seconds"`
	// Illegal is how many of the runs had faults that Kubernetes does not permit.
	Illegal int `json:"illegal,omitempty"`
}

// Failure is an entry that did not pass, and where its folder is.
type Failure struct {
	Entry
	Folder string `json:"folder"`
}

// Command shows the failure again, for who reads it later: from its folder if it has one.
func (f *Failure) Command() string {
	if f.Artifact == "" || f.Folder == "" {
		return f.Replay
	}
	return "seatrial replay " + shell.Quote(filepath.Join(f.Folder, f.Artifact))
}

// Merge sums up folders. Each may be one that a sweep wrote to or one that
// holds such folders, as those of shards. A run that is in several is counted
// once. Folders made by different versions are summed up all the same; the
// parts tell.
func Merge(paths []string) (*Summary, error) {
	s := &Summary{}
	seen := map[run]*Entry{}
	tallies := map[string]*Tally{}
	for _, path := range paths {
		folders, err := find(path)
		if err != nil {
			return nil, err
		}
		for _, folder := range folders {
			if err := s.add(folder, seen, tallies); err != nil {
				return nil, err
			}
		}
	}
	for _, t := range tallies {
		s.Subjects = append(s.Subjects, *t)
	}
	slices.SortFunc(s.Subjects, func(a, b Tally) int { return cmp.Compare(a.Subject, b.Subject) })
	for _, list := range [][]Failure{s.Failures, s.Known, s.Void} {
		slices.SortFunc(list, func(a, b Failure) int {
			return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Property, b.Property), cmp.Compare(a.Seed, b.Seed), cmp.Compare(a.Scenario, b.Scenario))
		})
	}
	return s, nil
}

// find lists the folders of sweeps at or below a path.
func find(path string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(path, aboutFile)); err == nil {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("reading results: %w", err)
	}
	var out []string
	for _, e := range entries {
		below := filepath.Join(path, e.Name())
		if _, err := os.Stat(filepath.Join(below, aboutFile)); e.IsDir() && err == nil {
			out = append(out, below)
		} else if e.IsDir() && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading results: %w", err)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("reading results: neither %s nor a folder in it holds %s; want what seatrial sweep --out wrote", path, aboutFile)
	}
	return out, nil
}

func (s *Summary) add(folder string, seen map[run]*Entry, tallies map[string]*Tally) error {
	about, entries, err := Read(folder)
	if err != nil {
		return err
	}
	part := Part{Path: folder, Manifest: about, Done: len(entries)}
	expected, known := about.expected()
	if about.Aimed() {
		end, ended, err := endOf(folder)
		if err != nil {
			return err
		}
		expected, known, part.Search = end.Runs, ended, end.Search
		if part.Unfinished = !known; part.Unfinished {
			s.Unfinished++
		}
	}
	if known && expected > uint64(len(entries)) {
		part.Missing = expected - uint64(len(entries))
	}
	s.Folders = append(s.Folders, part)
	s.Missing += part.Missing
	for i := range entries {
		e := &entries[i]
		if before := seen[e.run()]; before != nil {
			s.Repeated++
			if !e.same(before) {
				s.Diverged = append(s.Diverged, fmt.Sprintf("%s %s, seed %d", e.Subject, e.Scenario, e.Seed))
			}
			continue
		}
		seen[e.run()] = e
		for _, what := range e.New {
			if i, known := slices.BinarySearch(s.Covered, what); !known {
				s.Covered = slices.Insert(s.Covered, i, what)
			}
		}
		if tallies[e.Subject] == nil {
			tallies[e.Subject] = &Tally{Subject: e.Subject, Verdicts: map[model.VerdictKind]int{}, Properties: map[string]int{}, Fired: map[string]int{}}
		}
		tallies[e.Subject].add(e)
		one := Failure{*e, folder}
		switch {
		case e.Known != "":
			s.Known = append(s.Known, one)
		case !e.Passed():
			s.Failures = append(s.Failures, one)
		}
		if e.Void() {
			s.Void = append(s.Void, one)
		}
	}
	return nil
}

func (t *Tally) add(e *Entry) {
	t.Runs++
	t.Requests += e.Requests
	t.VirtualSeconds += e.VirtualSeconds
	if e.Known != "" {
		t.Known++
	} else {
		t.Verdicts[e.Verdict]++
	}
	if e.Illegal {
		t.Illegal++
	}
	if e.Property != "" && e.Known == "" {
		t.Properties[e.Property]++
	}
	for kind, times := range e.Fired {
		t.Fired[kind] += times
	}
}

// endOf is what an aimed sweep noted at its end, if it has ended.
func endOf(folder string) (e ended, known bool, err error) {
	text, err := os.ReadFile(filepath.Join(folder, endedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return e, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &e)
	}
	if err != nil {
		return e, false, fmt.Errorf("results folder %s: %s: %w", folder, endedFile, err)
	}
	return e, true, nil
}

func (s *Summary) incomplete() bool { return s.Missing > 0 || s.Unfinished > 0 }

// Verdict is the gravest of all: what an exit code is made of. Runs that are
// missing make a summary without failures inconclusive, and known failures count
// for nothing: where there is nothing else, nothing passed.
func (s *Summary) Verdict() model.VerdictKind {
	counts := map[model.VerdictKind]int{}
	for _, t := range s.Subjects {
		for kind, n := range t.Verdicts {
			counts[kind] += n
		}
	}
	for _, kind := range []model.VerdictKind{model.VerdictSafety, model.VerdictLiveness, model.VerdictCrash, model.VerdictInconclusive} {
		if counts[kind] > 0 {
			return kind
		}
	}
	if s.incomplete() || len(s.Diverged) > 0 || counts[model.VerdictPass] == 0 {
		return model.VerdictInconclusive
	}
	return model.VerdictPass
}
