package globalnet

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// The safety properties are judged on the same stories. Each story says what
// happened and which properties it breaks; all others must hold, so that every
// story is also a test against false alarm.

var testOptions = Options{Pools: Pools{CIDRs: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/29")}}}

const (
	first  = "10.1.0.6"
	second = "10.1.0.5"
)

type safetyCase struct {
	name, explanation string
	exported          []string // services, before the story begins
	tell              func(s *story)
	broken            []string // names of properties
}

var safetyCases = slices.Concat(controllerCases, raceCases, userCases, unknownCases)

func safetyProperties() []model.Property {
	return []model.Property{allocation(testOptions), noDoubleAssignment(), noFreeWhileExported(testOptions)}
}

func TestSafetyProperties(t *testing.T) {
	for _, c := range safetyCases {
		t.Run(c.name, func(t *testing.T) {
			s := exported(c.exported...)
			c.tell(s)
			h := s.Done()
			for _, property := range safetyProperties() {
				result := modeltest.Check(property, h)
				want := model.Held
				for _, broken := range c.broken {
					if broken == property.Name {
						want = model.Violated
					}
				}
				assert.Equal(t, want, result.Status, "%s: %s\n%s", property.Name, c.explanation, result.Message)
				if result.Status == model.Violated {
					assert.NotZero(t, result.Culprit.Seq, property.Name)
					assert.NotZero(t, result.Culprit.CallID, property.Name)
				}
			}
		})
	}
}

// The judge names the very event, whichever property finds it.
func TestSafetyCulprit(t *testing.T) {
	s := exported("ns/a")
	s.controller().serve("ns/a", first)
	guilty := s.controller().report("ns/a", "", "False", "ReserveAllocatedIPsFailed").ID
	s.controller().status("ns/a", second)
	h := s.Done()
	for _, property := range []model.Property{allocation(testOptions), noFreeWhileExported(testOptions)} {
		result := modeltest.Check(property, h)
		require.Equal(t, model.Violated, result.Status)
		assert.Equal(t, guilty, result.Culprit.CallID, property.Name)
	}
	verdict := model.Judge(h, safetyProperties())
	assert.Equal(t, model.VerdictSafety, verdict.Kind)
	assert.Equal(t, "no-free-while-exported", verdict.Property, "the commit comes before its answer")
	assert.Equal(t, "10.1.0.6 was freed: the status of ns/a was cleared while the service exists and is exported", verdict.Message)
}

// Of two addresses that come to harm the first harm is the culprit, not the first address.
func TestTheFirstOfTwoCulpritsIsNamed(t *testing.T) {
	for _, order := range [][2]string{{"ns/a", "ns/b"}, {"ns/b", "ns/a"}} {
		s := exported("ns/a", "ns/b")
		s.controller().serve("ns/a", first)
		s.controller().serve("ns/b", second)
		guilty := s.controller().status(order[0], "").ID
		s.controller().status(order[1], "")
		for _, key := range []string{"ns/a", "ns/b"} { // clients hear of it
			s.controller().status(key, "10.1.0.4")
		}
		h := s.Done()
		for _, property := range []model.Property{allocation(testOptions), noFreeWhileExported(testOptions)} {
			result := modeltest.Check(property, h)
			require.Equal(t, model.Violated, result.Status)
			assert.Equal(t, guilty, result.Culprit.CallID, property.Name)
		}
	}
}
