package detection_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/detection"
	"github.com/seatrial/seatrial/detection/bugs"
	"github.com/seatrial/seatrial/internal/explain"
	"github.com/seatrial/seatrial/scenarios"
	"github.com/seatrial/seatrial/scenarios/search"
)

// Goal: of a loop the strip names what the write that breaks the law answered, be it told
// by a watch or read, and so the other one of two that undo each other's writes. Method:
// two hot loops of the corpus, without faults.
func TestTheStripNamesWhatALoopAnswers(t *testing.T) {
	for bug, says := range map[string][]string{
		"kfp-625":     {"controller wrote apps default/run without a change", "later controller sent update apps/status default/run"},
		"spicedb-405": {"controller", "of secrets default/authority", "later peer, which had read that, sent update secrets default/authority"},
	} {
		t.Run(bug, func(t *testing.T) {
			all := bugs.All()
			i := slices.IndexFunc(all, func(b bugs.Bug) bool { return b.Name == bug })
			require.NotEqual(t, -1, i)
			subject := detection.Subject(all[i], false)
			plan := search.Plans(t, subject, search.Options{Seed: 1})[0]
			r := scenarios.Run(t, plan, subject, 1, scenarios.RunOptions{KeepTrace: true})
			require.Equal(t, "quiet", r.Verdict.Property)
			s := explain.Of(r.Record, r.Verdict)
			t.Log(s.Text())
			for _, words := range says {
				assert.Contains(t, s.Sentence, words)
			}
		})
	}
}
