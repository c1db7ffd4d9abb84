package search

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"

	"github.com/seatrial/seatrial/internal/wholefile"
	"github.com/seatrial/seatrial/scenarios"
)

// CorpusVersion heads every plan of a corpus that is kept, as generator. What counts as
// new differs from version to version.
const CorpusVersion = "search/1"

// ReadCorpus reads the plans of a folder, in the order of the files' names. A folder that
// is not there is empty. Folders are merged by copying their files into one: names follow
// from content. The error names the file that is damaged or of another version.
func ReadCorpus(folder string, language *scenarios.Language) ([]scenarios.Plan, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("corpus %s: %w", folder, err)
	}
	var plans []scenarios.Plan
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a corpus: %w", err)
		}
		plan, err := scenarios.Parse(file, text, language)
		if err != nil {
			return nil, fmt.Errorf("a plan of the corpus cannot be read; mend it or delete it:\n%w", err)
		}
		if plan.Generator != CorpusVersion {
			return nil, fmt.Errorf("%s: a corpus of version %q (want %s: delete the file, and it is found anew)", file, plan.Generator, CorpusVersion)
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

// WriteCorpus makes a folder hold these plans and no others of a corpus.
func WriteCorpus(folder string, plans []scenarios.Plan) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("writing a corpus: %w", err)
	}
	keep := map[string]bool{}
	for _, plan := range plans {
		plan.Generator, plan.Name, plan.Description = CorpusVersion, "corpus", ""
		text, err := scenarios.Marshal(plan)
		if err != nil {
			return fmt.Errorf("writing a corpus: %w", err)
		}
		h := fnv.New64a()
		h.Write(text)
		name := fmt.Sprintf("%016x.yaml", h.Sum64())
		keep[name] = true
		if err := wholefile.Write(filepath.Join(folder, name), text, 0o644); err != nil {
			return fmt.Errorf("writing a corpus: %w", err)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("writing a corpus: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".yaml") && !keep[e.Name()] {
			if err := os.Remove(filepath.Join(folder, e.Name())); err != nil {
				return fmt.Errorf("taking a plan out of a corpus: %w", err)
			}
		}
	}
	return nil
}
