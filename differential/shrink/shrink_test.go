package shrink

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver/corpus"
)

// A made-up failure needs two steps of thirty, one of which the other refers
// to, and one member of a body: nothing else may be left.
func TestShrink(t *testing.T) {
	c := &corpus.Case{Name: "test"}
	for i := range 30 {
		body := fmt.Sprintf(`{"metadata":{"name":"n%d","labels":{"x":"1","y":"2"}},"spec":{"ports":[{"port":80},{"port":81}]}}`, i)
		if i == 20 {
			body = `{"metadata":{"resourceVersion":"${s7:rv}","name":"a"},"spec":{"ports":[{"port":80},{"bad":true}]}}`
		}
		c.Steps = append(c.Steps, &corpus.Step{ID: fmt.Sprintf("s%d", i), Request: &corpus.Request{
			Method: "PUT", Path: "/x?dryRun=All&limit=1", Body: json.RawMessage(body),
		}})
	}
	fails := func(c *corpus.Case) bool {
		has7, has20 := false, false
		for _, s := range c.Steps {
			has7 = has7 || s.ID == "s7" && strings.Contains(s.Request.Path, "limit=1")
			has20 = has20 || s.ID == "s20" && strings.Contains(string(s.Request.Body), `"bad":true`) && has7
		}
		return has20
	}
	require.True(t, fails(c))
	small := Requests(Steps(c, 25, fails), 1000, fails)
	require.True(t, fails(small))
	require.Len(t, small.Steps, 2)
	assert.Equal(t, "/x?limit=1", small.Steps[0].Request.Path)
	assert.JSONEq(t, `{}`, string(small.Steps[0].Request.Body))
	assert.JSONEq(t, `{"spec":{"ports":[{"bad":true}]}}`, string(small.Steps[1].Request.Body))
	assert.Len(t, c.Steps, 30, "the case given is not changed")
}

// A watch that was never opened cannot be read, and a reference needs its step.
func TestClosedDropsWhatDangles(t *testing.T) {
	c := &corpus.Case{Steps: []*corpus.Step{
		{ID: "s1", Request: &corpus.Request{Path: "/x"}},
		{ID: "s2", Op: corpus.OpWatchStart, Watch: "w", Request: &corpus.Request{Path: "/x?watch=1"}},
		{ID: "s3", Request: &corpus.Request{Path: "/x?resourceVersion=${s1:rv}"}},
		{ID: "s4", Op: corpus.OpWatchRead, Watch: "w"},
	}}
	ids := func(c *corpus.Case) (out []string) {
		for _, s := range c.Steps {
			out = append(out, s.ID)
		}
		return out
	}
	assert.Equal(t, []string{"s2", "s4"}, ids(closed(c, func(i int) bool { return i != 0 })))
	assert.Equal(t, []string{"s1", "s3"}, ids(closed(c, func(i int) bool { return i != 1 })))
}
