package results

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim"
)

// Manifest says what a folder holds the results of. Two sweeps of which it says the
// same run the same.
type Manifest struct {
	Subject string `json:"subject"`
	// Package is that of a trial, as the go command takes it; empty: the subject is not
	// of a test. Mutexes: it was built as seatrial test builds it.
	Package string `json:"package,omitempty"`
	Mutexes bool   `json:"mutexes,omitempty"`
	// Site is the scenario file that brings the subject along, and Programs are the
	// digests of the programs that it names, as they were built; empty: none does.
	Site     File     `json:"site,omitzero"`
	Programs []string `json:"programs,omitempty"`
	// Baseline is the subject whose failures are told apart; empty: there is none.
	Baseline string `json:"baseline,omitempty"`
	// Strict: steps and faults without an effect are failures.
	Strict bool `json:"strict,omitempty"`
	// Seeds of the plans, or of those that an aimed sweep derives its plans from.
	// Empty for one that is aimed at scenario files.
	Seeds string `json:"seeds,omitempty"`
	Shard string `json:"shard,omitempty"`
	Aim   Aim    `json:"aim,omitzero"`
	// Illegal: faults that Kubernetes does not permit are drawn, too.
	Illegal bool   `json:"illegal,omitempty"`
	Exact   string `json:"exact,omitempty"` // module and schedule of runs that are exact

	Version   string `json:"version"`
	Generator string `json:"generator"`
}

// Aim says what an aimed sweep derives its plans from, and how. Zero: the plans
// are run as they are.
type Aim struct {
	Mode string `json:"mode"`
	// Files are the scenario files, in the order of their runs; none: the plans
	// are those of the seeds.
	Files      []File `json:"files,omitempty"`
	KeepFaults bool   `json:"keepFaults,omitempty"`
	Limit      int    `json:"limit,omitempty"`
	Only       string `json:"only,omitempty"`
}

// File is a scenario file. Its content counts, not where it is.
type File struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// FileOf describes a file of this content.
func FileOf(path string, content []byte) File {
	sum := sha256.Sum256(content)
	return File{Path: path, SHA256: hex.EncodeToString(sum[:])}
}

// String names the file and its content.
func (f File) String() string { return fmt.Sprintf("%s (%.8s)", filepath.Base(f.Path), f.SHA256) }

// Aimed says whether the plans are derived from others. How many there are is
// then not known before the sweep ends.
func (a Manifest) Aimed() bool { return a.Aim.Mode != "" }

func (a Manifest) same(b Manifest) bool {
	aim, other := a.Aim, b.Aim
	return a.Subject == b.Subject && a.Package == b.Package && a.Mutexes == b.Mutexes && a.Baseline == b.Baseline && a.Strict == b.Strict && a.Seeds == b.Seeds && a.Shard == b.Shard && a.Illegal == b.Illegal && a.Exact == b.Exact &&
		a.Version == b.Version && a.Generator == b.Generator && a.Site.SHA256 == b.Site.SHA256 && slices.Equal(a.Programs, b.Programs) &&
		aim.Mode == other.Mode && aim.KeepFaults == other.KeepFaults && aim.Limit == other.Limit && aim.Only == other.Only &&
		slices.EqualFunc(aim.Files, other.Files, func(f, g File) bool { return f.SHA256 == g.SHA256 })
}

// String describes the sweep in a line, without the version.
func (a Manifest) String() string {
	var parts []string
	for _, f := range a.Aim.Files {
		parts = append(parts, f.String())
	}
	if a.Seeds != "" {
		parts = append(parts, "seeds "+a.Seeds)
	}
	if a.Aimed() {
		parts = append(parts, "aimed: "+a.Aim.String())
	}
	if a.Shard != "" {
		parts = append(parts, "shard "+a.Shard)
	}
	if a.Illegal {
		parts = append(parts, "with faults that Kubernetes does not permit")
	}
	if a.Exact != "" {
		parts = append(parts, "exact: "+a.Exact)
	}
	if a.Baseline != "" {
		parts = append(parts, "beside "+a.Baseline)
	}
	if a.Strict {
		parts = append(parts, "strict")
	}
	subject := "of " + a.Subject
	if a.Package != "" {
		subject += " in " + a.Package
	}
	if a.Site.Path != "" {
		subject += " in " + a.Site.String()
	}
	for _, digest := range a.Programs {
		subject += fmt.Sprintf(", program %.8s", digest)
	}
	if a.Mutexes {
		subject += ", mutexes let time pass"
	}
	return strings.Join(append(parts, subject), ", ")
}

// String describes it in a few words, without the files.
func (a Aim) String() string {
	text := a.Mode
	if a.KeepFaults {
		text += " beside the plan's own faults"
	}
	if a.Limit != 0 {
		text += fmt.Sprintf(", at most %d each", a.Limit)
	}
	if a.Only != "" {
		text += ", only " + a.Only
	}
	return text
}

func (a Manifest) version() string { return "seatrial " + a.Version + ", generator " + a.Generator }

// seeds are those of a sweep that runs generated plans as they are, and its part
// of them; of another one, none.
func (a Manifest) seeds() (sim.SeedRange, sim.Shard, error) {
	if a.Seeds == "" || a.Aimed() {
		return sim.SeedRange{}, sim.WholeRange, nil
	}
	seeds, err := sim.ParseSeeds(a.Seeds)
	if err != nil || a.Shard == "" {
		return seeds, sim.WholeRange, err
	}
	shard, err := sim.ParseShard(a.Shard)
	return seeds, shard, err
}

// expected is how many runs the sweep was to make, if the seeds tell.
func (a Manifest) expected() (n uint64, known bool) {
	seeds, shard, err := a.seeds()
	if a.Seeds == "" || a.Aimed() || err != nil {
		return 0, false
	}
	return shard.Len(seeds), true
}
