package explain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/explain"
)

func TestLook(t *testing.T) {
	for _, plan := range scenarios.Library() {
		for name := range plan.Expect {
			subject, ok := scenarios.FindSubject(name)
			require.True(t, ok)
			r := scenarios.Run(t, plan, subject, plan.Seed, scenarios.RunOptions{KeepTrace: true})
			if r.Verdict.Kind == model.VerdictPass {
				continue
			}
			s := explain.Of(r.Record, r.Verdict)
			t.Logf("=== %s %s: %s %s: %s\nculprit %+v\n%s", plan.Name, name, r.Verdict.Kind, r.Verdict.Property, r.Verdict.Message, r.Verdict.Culprit, s.Text())
		}
	}
}
