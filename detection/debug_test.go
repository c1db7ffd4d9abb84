package detection_test

import (
	"fmt"
	"testing"

	"github.com/seatrial/seatrial/detection"
	"github.com/seatrial/seatrial/detection/bugs"
	"github.com/seatrial/seatrial/scenarios/trial"
	"github.com/seatrial/seatrial/sim"
)

func TestDebug(t *testing.T) {
	for _, b := range bugs.All() {
		if b.Name != *only {
			continue
		}
		r := trial.Run(t, detection.Trial(b, *kind == "mended"), sim.Seed(*seeds), trial.RunOptions{KeepTrace: true})
		fmt.Println(r.Verdict.Kind, r.Verdict.Property, r.Verdict.Message, r.Fair)
		for _, f := range r.Faults {
			fmt.Printf("%+v\n", f)
		}
		h := &r.Record.History
		for i := range h.Calls {
			c := &h.Calls[i]
			if i > 400 {
				break
			}
			fmt.Println(c.String(), c.Query, string(c.Response[:min(len(c.Response), 200)]))
		}
	}
}
