package modeltest

import (
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/model"
)

// answers are what each property, by name, has said of the histories of the tests.
var (
	answersLock sync.Mutex
	answers     = map[string]map[model.Status]bool{}
)

// Check asks a property about a history, and remembers what it says.
func Check(p model.Property, h *model.History) model.Result {
	result := p.Check(h)
	answersLock.Lock()
	defer answersLock.Unlock()
	if answers[p.Name] == nil {
		answers[p.Name] = map[model.Status]bool{}
	}
	answers[p.Name][result.Status] = true
	return result
}

// Main is for a package's TestMain and returns its exit code: if all tests were run, it fails
// when a property has not been seen to let an ok history pass and to catch a bad
// one. Properties in undecidedAtMost break no law.
func Main(m *testing.M, properties []model.Property, undecidedAtMost ...string) int {
	code := m.Run()
	for _, filter := range []string{"test.run", "test.skip", "test.list", "test.bench", "test.fuzz"} {
		if code != 0 || flag.Lookup(filter).Value.String() != "" {
			return code
		}
	}
	for _, p := range properties {
		for _, status := range []model.Status{model.Held, model.Violated} {
			if status == model.Violated && slices.Contains(undecidedAtMost, p.Name) {
				continue
			}
			if !answers[p.Name][status] {
				fmt.Printf("FAIL: no test has a history of which %s says %v\n", p.Name, status)
				code = 1
			}
		}
	}
	return code
}

// ByName finds a property in a list.
func ByName(t testing.TB, list []model.Property, name string) model.Property {
	t.Helper()
	for _, p := range list {
		if p.Name == name {
			return p
		}
	}
	require.Fail(t, "no such property", name)
	return model.Property{}
}

// AssertLiveness demands that a property of the end state is broken with a message, or
// held if that is empty, and that it decides nothing without a liveness phase.
func AssertLiveness(t testing.TB, property model.Property, h *model.History, message, explanation string) {
	t.Helper()
	result := Check(property, h)
	want := model.Held
	if message != "" {
		want = model.Violated
	}
	assert.Equal(t, want, result.Status, "%s: %s", explanation, result.Message)
	assert.Equal(t, message, result.Message)
	h.Ended = h.Cleared
	assert.Equal(t, model.Undecided, Check(property, h).Status, "without a liveness phase there is nothing to judge")
}
