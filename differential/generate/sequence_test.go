package generate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver/corpus"
)

// Over a range of numbers: a sequence is a function of seed and number, it only
// refers to steps before, cluster-scoped collections are only touched by label,
// and every kind of request that the package speaks of does occur.
func TestSequence(t *testing.T) {
	seen := map[string]int{}
	for number := range 400 {
		c := Sequence(1, number)
		again, err := corpus.Encode(Sequence(1, number))
		require.NoError(t, err)
		b, err := corpus.Encode(c)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again), "sequence %d", number)
		check(t, c)
		count(seen, c)
	}
	for _, what := range []string{
		"POST", "PUT", "DELETE", "GET", jsonPatchType, mergePatchType, strategicPatchType, applyPatchType,
		"watch=", "sendInitialEvents=true", "continue=", "dryRun=All", "fieldValidation=Strict", "force=true",
		"/status", "/scale", "preconditions", "propagationPolicy", "labelSelector=", "fieldSelector=",
		"/services", "/configmaps", "/leases", "/ipaddresses", "/widgets", "/gadgets", "/globalingressips",
	} {
		assert.Positive(t, seen[what], "%s never occurs", what)
	}
	other, err := corpus.Encode(Sequence(2, 7))
	require.NoError(t, err)
	same, err := corpus.Encode(Sequence(1, 7))
	require.NoError(t, err)
	assert.NotEqual(t, string(same), string(other), "the seed matters")
}

func check(t *testing.T, c *corpus.Case) {
	t.Helper()
	before := map[string]bool{}
	for _, s := range c.Steps {
		for _, id := range s.References() {
			require.True(t, before[id], "%s: step %s refers to %s", c.Name, s.ID, id)
		}
		before[s.ID] = true
		if s.Request == nil || !strings.Contains(s.Request.Path, "/ipaddresses?") {
			continue
		}
		if s.Request.Method != "POST" {
			require.Contains(t, s.Request.Path, "run%3D${ns}", "%s: step %s would reach other sequences' objects", c.Name, s.ID)
		}
	}
}

func count(seen map[string]int, c *corpus.Case) {
	for _, s := range c.Steps {
		if s.Request == nil {
			continue
		}
		text := fmt.Sprint(s.Request.Method, " ", s.Request.Path, " ", s.Request.Headers, " ", string(s.Request.Body))
		for _, what := range []string{
			"POST", "PUT", "DELETE", "GET", jsonPatchType, mergePatchType, strategicPatchType, applyPatchType,
			"watch=", "sendInitialEvents=true", "continue=", "dryRun=All", "fieldValidation=Strict", "force=true",
			"/status", "/scale", "preconditions", "propagationPolicy", "labelSelector=", "fieldSelector=",
			"/services", "/configmaps", "/leases", "/ipaddresses", "/widgets", "/gadgets", "/globalingressips",
		} {
			if strings.Contains(text, what) {
				seen[what]++
			}
		}
	}
}
