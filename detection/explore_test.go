package detection_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/seatrial/seatrial/detection"
	"github.com/seatrial/seatrial/detection/bugs"
)

var only = flag.String("only", "", "")
var kind = flag.String("kind", "both", "")

func TestSearchExplore(t *testing.T) {
	for _, b := range bugs.All() {
		if *only != "" && !strings.Contains(","+*only+",", ","+b.Name+",") {
			continue
		}
		for _, mended := range []bool{false, true} {
			if mended && *kind == "faulty" || !mended && *kind == "mended" {
				continue
			}
			f := detection.Search(t, b, mended, 1, *budget)
			msg := f.Message
			if len(msg) > 180 {
				msg = msg[:180]
			}
			t.Logf("%-22s mended=%-5v found=%v %s runs %d cpu %.1fs %s: %s | %s", b.Name, mended, f.Found, f.Stage, f.Runs, f.CPU.Seconds(), f.Property, msg, f.By)
			if !f.Found && *only != "" {
				t.Logf("       %s", f.Coverage.String())
				for _, m := range f.Coverage.Missed {
					t.Logf("          never fired: %s", m)
				}
			}
		}
	}
}
