package artifact

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/internal/sweep"
	"github.com/seatrial/seatrial/scenarios"
)

// replayHere is the command for who is in the folder: folders are downloaded, renamed
// and sent, and a path would die with that.
const replayHere = "seatrial replay ."

// Names of what shrinking leaves in a folder: the small plan, and its run as a page.
const (
	SmallPlan   = "min.yaml"
	SmallReport = "min.html"
)

// NoteShrunk rewrites the folder's README, which told how to shrink, once [SmallPlan]
// and [SmallReport] are in it.
func NoteShrunk(path string) error {
	a, err := Read(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(path, readmeFile), readme(&a.Verdict, true), 0o644); err != nil {
		return fmt.Errorf("noting in the artifact %s what it was shrunk to: %w", path, err)
	}
	return nil
}

// readme says what the folder is to somebody who finds it.
func readme(v *Verdict, shrunk bool) []byte {
	var b bytes.Buffer
	o := v.Outcome
	fmt.Fprintf(&b, "# %s: %s\n\n", o.Job.Subject, o.Verdict)
	if o.Property != "" {
		fmt.Fprintf(&b, "Property `%s`: %s\n\n", o.Property, o.Message)
	}
	if o.Culprit != nil {
		fmt.Fprintf(&b, "Culprit: event %d: %s\n\n", o.Culprit.Seq, o.Culprit.Text)
	}
	if o.Why != nil {
		// Indented as code: what objects are called is no markup.
		fmt.Fprintf(&b, "Why, as far as calls and events tell:\n\n    %s\n\n", strings.ReplaceAll(strings.TrimSpace(o.Why.Text()), "\n", "\n    "))
	}
	if len(v.Odds) > 0 && o.Why != nil {
		fmt.Fprintf(&b, "How likely it was, when everything after a moment is drawn anew (%s each):\n\n    %s\n\n", scenarios.Count(v.Odds[0].Runs, "run"), strings.ReplaceAll(strings.TrimRight(o.Why.OddsText(v.Odds), "\n"), "\n", "\n    "))
	}
	if o.Illegal {
		b.WriteString("The plan has faults that Kubernetes does not permit: no controller has to survive it.\n\n")
	}
	b.WriteString("`report.html` shows the run as a picture.\n\n")
	if shrunk {
		fmt.Fprintf(&b, "`%s` is the smallest plan found that fails in the same way, `%s` its run as a picture.\n\n", SmallPlan, SmallReport)
		fmt.Fprintf(&b, "Replay this run, run the small one (in this folder):\n\n    %s\n    seatrial replay %s --seed %d %s\n\n", replayHere, SmallPlan, o.Job.Seed, subjectOf(o))
	} else {
		fmt.Fprintf(&b, "Replay, explain, shrink (in this folder):\n\n    %s\n    seatrial explain .\n    seatrial shrink . -o %s\n\n", replayHere, SmallPlan)
	}
	if e := o.Job.Exact; e != nil {
		fmt.Fprintf(&b, "An exact run, engine %s, schedule %d, of module %s.", cmp.Or(e.Engine, "wasm"), e.Schedule, e.Digest)
		if o.Job.Package == "" {
			b.WriteString(" Where that cannot be built from the sources, add --module FILE.")
		}
		b.WriteString("\n\n")
	}
	hash := ""
	if o.Hash != "" {
		hash = ", hash " + o.Hash
	}
	fmt.Fprintf(&b, "Scenario %s, seed %d%s, reproduced %s.\n\n", o.Scenario, o.Job.Seed, hash, o.HowOften())
	fmt.Fprintf(&b, "Made with seatrial %s, generator %s, %s%s.\n", v.Version, v.Generator, runtime.Version(), libraries())
	return b.Bytes()
}

// subjectOf names the subject on a command line.
func subjectOf(o sweep.Outcome) string {
	if o.Job.Package == "" {
		return "--subject " + o.Job.Subject
	}
	return "--subject " + o.Job.Package + ":" + o.Job.Subject
}

// ofInterest are the libraries whose version changes what a controller sends,
// and with that the hash of a run.
var ofInterest = []string{"k8s.io/client-go", "k8s.io/apimachinery", "sigs.k8s.io/controller-runtime"}

func libraries() string {
	text := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if slices.Contains(ofInterest, module.Path) {
				text += fmt.Sprintf(", %s %s", module.Path, module.Version)
			}
		}
	}
	return text
}
