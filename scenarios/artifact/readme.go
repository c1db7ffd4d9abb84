package artifact

import (
	"bytes"
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/scenarios/swarm"
	"github.com/seatrial/seatrial/scenarios/sweep"
)

// readme says what the folder is to somebody who finds it.
func readme(path, version string, o sweep.Outcome) []byte {
	var b bytes.Buffer
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
	if o.Illegal {
		b.WriteString("The plan has faults that Kubernetes does not permit: no controller has to survive it.\n\n")
	}
	b.WriteString("`report.html` shows the run as a picture.\n\n")
	fmt.Fprintf(&b, "Replay, shrink:\n\n    seatrial replay %s\n    seatrial shrink %s -o min.yaml\n\n", path, path)
	if e := o.Job.Exact; e != nil {
		fmt.Fprintf(&b, "An exact run, engine %s, schedule %d, of module %s. Where that cannot be built from the sources, add --module FILE.\n\n", cmp.Or(e.Engine, "wasm"), e.Schedule, e.Digest)
	}
	fmt.Fprintf(&b, "Scenario %s, seed %d, hash %s, reproduced %d/%d.\n\n", o.Scenario, o.Job.Seed, o.Hash, o.Reproduced, o.Runs)
	fmt.Fprintf(&b, "Made with seatrial %s, generator %s, %s%s.\n", version, swarm.Version, runtime.Version(), libraries())
	return b.Bytes()
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
