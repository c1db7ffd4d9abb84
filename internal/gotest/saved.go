package gotest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/seatrial/seatrial/internal/wholefile"
)

var notInFolders = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// Folder is where a test keeps what failed before: testdata/seatrial/ and its
// name.
func Folder(test string) string {
	return filepath.Join("testdata", "seatrial", notInFolders.ReplaceAllString(test, "-"))
}

// savedPlan is a file of a plan that failed.
type savedPlan struct {
	path, name string
	text       []byte
}

// savedPlans are the files in a folder, in order of their names. What earlier
// versions kept there is refused: it does not say what is to be run.
func savedPlans(folder string) ([]savedPlan, error) {
	entries, err := os.ReadDir(folder)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for saved plans: %w", err)
	}
	var plans []savedPlan
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "seed-") && strings.HasSuffix(e.Name(), ".txt"):
			return nil, fmt.Errorf("%s: a seed saved by an earlier version, which now means something else (want a plan, *.yaml: run the seed again with -seatrial.seeds, and delete this file)", path)
		case e.IsDir() || !strings.HasSuffix(e.Name(), ".yaml"):
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading a saved plan: %w", err)
		}
		plans = append(plans, savedPlan{path, e.Name(), text})
	}
	return plans, nil
}

// save keeps a plan that failed.
func save(folder, name string, text []byte) (path string, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	path = filepath.Join(folder, name)
	return path, wholefile.Write(path, text, 0o644)
}
