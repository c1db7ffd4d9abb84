package detection_test

import (
	"flag"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/seatrial/seatrial/detection"
	"github.com/seatrial/seatrial/detection/bugs"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios/trial"
	"github.com/seatrial/seatrial/sim"
)

var only = flag.String("only", "", "")
var seeds = flag.Int("n", 100, "")
var kind = flag.String("kind", "both", "")

func cpu() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(0, &u)
	return float64(u.Utime.Sec) + float64(u.Utime.Usec)/1e6
}

func TestExplore(t *testing.T) {
	_ = os.Args
	for _, b := range bugs.All() {
		if *only != "" && !strings.Contains(","+*only+",", ","+b.Name+",") {
			continue
		}
		for _, mended := range []bool{false, true} {
			if mended && *kind == "faulty" || !mended && *kind == "mended" {
				continue
			}
			tr := detection.Trial(b, mended)
			start := cpu()
			found, fair := 0, 0
			first := 0
			msg := ""
			n := 0
			for seed := 1; seed <= *seeds; seed++ {
				n++
				r := trial.Run(t, tr, sim.Seed(seed), trial.RunOptions{})
				if r.Verdict.Kind != model.VerdictPass {
					found++
					if r.Fair {
						fair++
					}
					if first == 0 {
						first = seed
						msg = string(r.Verdict.Kind) + " " + r.Verdict.Property + ": " + r.Verdict.Message
						if len(msg) > 260 {
							msg = msg[:260]
						}
					}
				}
			}
			t.Logf("%-24s mended=%-5v found %3d/%d fair %d first %d  %.1f ms/run  %s", b.Name, mended, found, n, fair, first, (cpu()-start)*1000/float64(n), msg)
		}
	}
}
