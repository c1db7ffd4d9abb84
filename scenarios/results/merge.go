package results

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/seatrial/seatrial/model"
)

// Summary is what several folders amount to.
type Summary struct {
	Folders  []Part  `json:"folders"`
	Subjects []Tally `json:"subjects"` // by name
	// Failures in the order of subject, property and seed.
	Failures []Failure `json:"failures"`
	// Covered is what the runs met, sorted: fault kinds that struck, triples of
	// verb, resource and outcome, states of a service.
	Covered []string `json:"covered,omitempty"`
	// Missing is how many runs were to be made and were not.
	Missing uint64 `json:"missing"`
	// Repeated runs are counted once. Diverged are those of them that ended in
	// another way, or were not the same run.
	Repeated int      `json:"repeated"`
	Diverged []string `json:"diverged,omitempty"`
}

// Part is one folder of a summary.
type Part struct {
	Path    string `json:"path"`
	About   About  `json:"about"`
	Done    int    `json:"done"`
	Missing uint64 `json:"missing"`
}

// Tally counts the runs of one subject.
type Tally struct {
	Subject    string                    `json:"subject"`
	Runs       int                       `json:"runs"`
	Verdicts   map[model.VerdictKind]int `json:"verdicts"`
	Properties map[string]int            `json:"properties,omitempty"` // that were violated
	Fired      map[string]int            `json:"fired,omitempty"`      // fault kind → times
	Requests   int                       `json:"requests"`
	// Illegal is how many of the runs had faults that Kubernetes does not permit.
	Illegal int `json:"illegal,omitempty"`
}

// Failure is an entry that did not pass, and where its folder is.
type Failure struct {
	Entry
	Folder string `json:"folder"`
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
	slices.SortFunc(s.Failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Property, b.Property), cmp.Compare(a.Seed, b.Seed), cmp.Compare(a.Scenario, b.Scenario))
	})
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
	part := Part{Path: folder, About: about, Done: len(entries)}
	if expected, known := about.expected(); known && expected > uint64(len(entries)) {
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
		if !e.Passed() {
			s.Failures = append(s.Failures, Failure{*e, folder})
		}
	}
	return nil
}

func (t *Tally) add(e *Entry) {
	t.Runs++
	t.Requests += e.Requests
	t.Verdicts[e.Verdict]++
	if e.Illegal {
		t.Illegal++
	}
	if e.Property != "" {
		t.Properties[e.Property]++
	}
	for kind, times := range e.Fired {
		t.Fired[kind] += times
	}
}

// expected is how many runs the sweep was to make. That of an aimed one is not
// known before it ends.
func (a About) expected() (n uint64, known bool) {
	seeds, shard, err := a.seeds()
	if a.Seeds == "" || err != nil {
		return 0, false
	}
	return shard.Len(seeds), true
}

// Verdict is the gravest of all: what an exit code is made of. Runs that are
// missing make a summary without failures inconclusive.
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
	if s.Missing > 0 || len(s.Diverged) > 0 || counts[model.VerdictPass] == 0 {
		return model.VerdictInconclusive
	}
	return model.VerdictPass
}
