package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/internal/wholefile"
)

// NoteOdds adds to the artifact at path how likely its failure was over time: to its
// verdict, its page and its README. o is its run once more, with
// [sweep.Job.Report]; it must have the hash of the artifact.
func NoteOdds(path string, o sweep.Outcome, odds []explain.Chance) error {
	a, err := Read(path)
	if err != nil {
		return err
	}
	if o.Hash != a.Outcome.Hash {
		return fmt.Errorf("noting odds in the artifact %s: they are of the run %s, and it is of %s", path, o.Hash, a.Outcome.Hash)
	}
	a.Odds, a.Outcome.Why = odds, o.Why
	verdict, err := a.encoded()
	if err != nil {
		return err
	}
	o.Runs, o.Reproduced, o.Plan = a.Outcome.Runs, a.Outcome.Reproduced, a.Plan
	page, err := Page(Words{Version: a.Version, Replay: replayHere, Odds: odds}, o)
	if err != nil {
		return err
	}
	_, err = os.Stat(filepath.Join(path, SmallPlan))
	readme := readme(&a.Verdict, !errors.Is(err, fs.ErrNotExist))
	for _, file := range []struct {
		name string
		data []byte
	}{{verdictFile, verdict}, {reportFile, page}, {readmeFile, readme}} {
		// Whole or not at all: who is stopped here still has an artifact.
		if err := wholefile.Write(filepath.Join(path, file.name), file.data, 0o644); err != nil {
			return fmt.Errorf("noting odds in the artifact %s: %w", path, err)
		}
	}
	return nil
}
